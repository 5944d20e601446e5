import Foundation
import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// What screens show of the workspace's state: the job that runs, the clip that plays, what is remembered.
@Suite struct ShownStateTests {
  // MARK: Videos

  @Test("what was put into the trash comes back at once, before the workspace has answered")
  func trashAndUndo() {
    var model = studio(Fixtures.withoutMarks(Fixtures.galleryState))
    _ = model.update(.follow([.show(.gallery)]))
    #expect(model.update(.key(.character("d"))).contains(.video(.trash(VideoID(rawValue: 1)))))
    #expect(model.update(.key(.character("u"))).contains(.video(.restore(VideoID(rawValue: 1)))))
    #expect(model.status?.sentence == "sunset is back")
  }

  @Test("trashing asks while anything is to be done for the video, also writing it")
  func trashAsksOverExports() {
    var app = Fixtures.galleryState
    app.jobs = [
      Job(
        id: JobID(rawValue: 9),
        task: .export(
          ExportTask(video: VideoID(rawValue: 1), through: Fixtures.id(1), paths: ["/a.mp4"])),
        state: .waiting, created: Fixtures.start)
    ]
    var screen = GalleryScreen()
    _ = screen.refresh(app)
    guard case .confirm(_, let lines, _)? = screen.handle(.character("d"), app).first else {
      Issue.record("it does not ask")
      return
    }
    #expect(lines.first == "Job 9, which waits for its turn, ends.")
  }

  @Test("labels keep what differs, waiting videos are counted, clips are of branch and tree")
  func gallery() {
    var app = Fixtures.galleryState
    app.videos[0].title = "skies-64, seed 48213"
    app.videos[1].title = "skies-64, seed 48214"
    app.videos[2].clipCount = 0
    app.videos[2].poster = nil
    app.jobs = [Fixtures.job(7, .waiting, video: app.videos[2].id)]
    var model = studio(app)
    _ = model.update(.follow([.show(.gallery)]))
    let shown = lines(model).joined(separator: "\n")
    #expect(shown.contains("…48213") && shown.contains("…48214"))
    #expect(!shown.contains("no clip yet") && shown.contains("1 waiting"))
    #expect(shown.contains("1 of 2 clips"))
  }

  // MARK: The log

  @Test("the log has times and calls videos by their titles")
  func log() {
    var model = studio(Fixtures.galleryState, clock: "14:03:09")
    _ = model.update(.workspace(.clipFinished(Fixtures.clip(11), Fixtures.frames(11))))
    #expect(model.log.lines.last?.text == "clip 1 of storm is complete")
    _ = model.update(.key(.character("@")))
    #expect(lines(model).joined().contains("14:03:09  clip 1 of storm is complete"))
  }

  // MARK: Queue, Make, Extend

  @Test("the queue opens on the job that runs")
  func queue() {
    var app = Fixtures.app
    app.jobs = [Fixtures.job(8, .waiting)]
    var model = studio(app)
    _ = model.update(.key(.character("6")))
    app.jobs = [Fixtures.job(7, .running), Fixtures.job(8, .waiting)]
    _ = model.update(.workspace(.jobs(app.jobs)))
    _ = model.update(.key(.character("2")))
    _ = model.update(.key(.character("6")))
    #expect((model.screens[.queue] as? QueueScreen)?.selectedID == JobID(rawValue: 7))
  }

  @Test("what fits in 100 columns is not cut in 160")
  func wideQueue() {
    var app = Fixtures.app
    app.jobs = [Fixtures.job(7, .running), Fixtures.job(8, .waiting)]
    app.videos = [Fixtures.summary("skies-64, recipe of 12 runs, seed 48213")]
    for columns in [100, 160] {
      let shown = text(window(screen(app), app, columns: columns, rows: 30))
      #expect(shown.contains("make skies-64, recipe of 12 runs, seed 48213"), "\(columns)")
    }
  }

  private func screen(_ app: AppState) -> QueueScreen {
    var screen = QueueScreen()
    _ = screen.refresh(app)
    return screen
  }

  @Test("Make shows the latest video where the queue has forgotten who made it")
  func makeAfterReopening() {
    var app = Fixtures.galleryState
    app.jobs = []
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    let shown = text(window(screen, app))
    #expect(!shown.contains("Nothing made yet") && shown.contains("01/16"))
  }

  @Test("the estimate is that of the preset under the cursor")
  func presetEstimate() {
    var app = Fixtures.app
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    let effects = screen.handle(.character("p"), app)
    guard case .workspace(.query(.estimate(let model, let settings, let start)))? = effects.first
    else {
      Issue.record("nothing is asked")
      return
    }
    #expect(settings.steps == 15 && settings.laterSteps == 10)
    app.estimates[AppState.EstimateKey(model: model, settings: settings, from: start)] =
      RunEstimate(seconds: 7, bytes: 1_000_000_000, isMeasured: true)
    #expect(text(window(screen, app)).contains("0:07  1.0 GB"))
  }

  @Test("V changes the preview of the run that is at work, too")
  func previewOfTheRun() {
    let app = Fixtures.busyState
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    #expect(
      screen.handle(.character("V"), app).contains(.job(.preview(JobID(rawValue: 7), .decoded))))
  }

  @Test("settings of the next clips are remembered for their video")
  func nextSettings() throws {
    var app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    let effects = press(keys("cl"), on: &screen, app)
    guard case .workspace(.remember(.next(let next)))? = effects.first else {
      Issue.record("nothing is remembered")
      return
    }
    app.next = next
    var again = ExtendScreen(seeds: SeedSource(state: 1))
    _ = again.refresh(app)
    #expect(again.nextSettings == screen.nextSettings && again.nextSettings != nil)
    // It is that video's alone.
    app.next?.video = VideoID(rawValue: 99)
    var other = ExtendScreen(seeds: SeedSource(state: 1))
    _ = other.refresh(app)
    #expect(other.nextSettings == nil)
  }

  @Test("the tree marks the clip that plays")
  func playingClip() {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 7)
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    func playing(_ name: String) -> Bool { playhead(window(screen, app)) == name }
    #expect(playing("B4"))
    // The branch, from its second clip on.
    press([.tab, .tab], on: &screen, app)
    _ = screen.refresh(app)
    for _ in 0..<16 { screen.advance(app) }
    #expect(playing("A2"))
  }

  /// The name below the picture over which the playhead stands.
  private func playhead(_ buffer: CellBuffer) -> String? {
    for row in 0..<buffer.rows {
      for column in 0..<buffer.columns where buffer[column, row].text == "┃" {
        // The pictures are four columns wide, and two rows high with their names below.
        let below = (0..<buffer.columns).map { buffer[$0, row + 2].text }.joined()
        let start = below.index(below.startIndex, offsetBy: column)
        return below[..<below.index(start, offsetBy: 4)].split(separator: " ").last.map {
          String($0.prefix(2))
        }
      }
    }
    return nil
  }

  @Test("any frame of a long video can be gone to, and what is cut off is said")
  func framePicker() {
    var app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    _ = screen.run("footage", argument: "/home/ada/clouds.mp4", app)
    func part(_ first: Int) -> AppState.FootageView {
      AppState.FootageView(
        Footage(
          path: "/home/ada/clouds.mp4", frameCount: 9000, framesPerSecond: 24, firstFrame: first,
          images: Array(Fixtures.images().prefix(1)).flatMap { Array(repeating: $0, count: 600) },
          width: 1280, height: 720))
    }
    app.footage = part(0)
    _ = screen.refresh(app)
    #expect(text(window(screen, app, columns: 100)).contains("1-16 of 9000"))
    #expect(text(window(screen, app, columns: 100)).contains("middle 720x720 of 1280x720"))
    #expect(
      press(keys("7"), on: &screen, app) == [
        .ask(prompt: "Frame to go to", text: "7", command: "frame")
      ])
    #expect(
      screen.run("frame", argument: "7001", app) == [
        .query(
          .readFootage(
            path: "/home/ada/clouds.mp4", model: Fixtures.skies.reference, firstFrame: 6700))
      ])
    #expect(press([.enter], on: &screen, app).isEmpty, "what is not seen is not taken")
    app.footage = part(6700)
    _ = screen.refresh(app)
    #expect(text(window(screen, app, columns: 100)).contains("7001-7016 of 9000"))
    let taken = press([.enter], on: &screen, app)
    guard case .workspace(.order(.makeFromFootage(_, let first, _, _)))? = taken.first else {
      Issue.record("nothing is taken")
      return
    }
    #expect(first == 7000)
  }

  // MARK: Sweeps and measures

  @Test("a sweep begins with settings that the sampler heeds, keeps typed values, and is estimated")
  func sweeps() {
    var app = Fixtures.app
    app.settings.method = .dpmSolverPlusPlus2M
    var screen = CompareScreen()
    _ = screen.refresh(app)
    let asked = screen.handle(.character("#"), app)
    guard case .sweep(let form) = screen.page,
      case .sweep(_, let columns, let rows) = form.outcome
    else {
      Issue.record("no sweep is set up")
      return
    }
    #expect(columns.setting == .steps && rows?.setting != .eta && rows != nil)
    #expect(asked.count == columns.values.count * (rows?.values.count ?? 1))
    // Other values for the columns, to another setting and back, and out and in again.
    press([.down, .down, .enter] + [.control("u")] + keys("7, 9") + [.enter], on: &screen, app)
    press([.up] + keys("lh"), on: &screen, app)
    #expect(values(screen) == ["7", "9"])
    _ = screen.goBack()
    _ = screen.handle(.character("#"), app)
    #expect(values(screen) == ["7", "9"])
  }

  private func values(_ screen: CompareScreen) -> [String]? {
    guard case .sweep(let form) = screen.page, case .sweep(_, let columns, _) = form.outcome
    else { return nil }
    return columns.values
  }

  @Test("Evaluate opens on what can be measured at once, and says what the others need")
  func evaluate() {
    let app = Fixtures.app
    var screen = EvaluateScreen()
    _ = screen.refresh(app)
    #expect(screen.form.task.metric == .drift)
    let shown = text(window(screen, app, columns: 160, rows: 48))
    #expect(shown.contains("Drift and efficiency need a model alone."))
    #expect(shown.contains("Reconstruction needs real videos, but no weights."))
    #expect(shown.contains("FVD and IS need weights of another network."))
  }
}
