import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// What Make plays and writes to files.
extension MakeScreenTests {
  @Test func theEstimateOfTheClipInProgressIsPlayed() {
    let app = Fixtures.busyState
    var screen = screen(app)
    #expect(screen.frameInterval(app) == .seconds(0.125))
    #expect(screen.handle(.character("."), app).isEmpty)
    #expect(screen.frameInterval(app) == nil, "stepping pauses")
    _ = screen.handle(.space, app)
    #expect(screen.frameInterval(app) != nil, "space plays although the settings have the keys")
  }

  @Test func framesOfTheFinishedVideoAreAskedForOnce() {
    var app = Fixtures.stateAfter(.finished)
    app.frames = FrameShelf()
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    let wanted = StudioEffect.query(.loadFrames([ClipID(rawValue: 11), ClipID(rawValue: 12)]))
    #expect(screen.refresh(app).contains(wanted))
    #expect(!screen.refresh(app).contains(wanted))
  }

  @Test func aVideoLongerThanWhatIsKeptIsNotReadOverAndOver() throws {
    var app = Fixtures.stateAfter(.finished)
    var tree = try #require(app.trees[Fixtures.video])
    for number in 13..<200 as Range<Int64> {
      let tip = Fixtures.tip(number, after: number - 1, index: Int(number) - 11, seed: 1)
      tree.add(tip, following: true)
      // All passed by while they were made.
      app.frames.put(Fixtures.frames(number))
    }
    app.trees[Fixtures.video] = tree
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    var (loads, all) = (loaded(screen.refresh(app)), 0)
    while !loads.isEmpty, all <= 96 {
      all += loads.count
      for clip in loads { app.frames.put(Fixtures.frames(clip.rawValue)) }
      loads = loaded(screen.refresh(app))
    }
    #expect(all <= 96)
  }

  private func loaded(_ effects: [StudioEffect]) -> [ClipID] {
    effects.flatMap { effect -> [ClipID] in
      if case .workspace(.query(.loadFrames(let clips))) = effect { return clips }
      return []
    }
  }

  @Test func aVideoThatIsNotKnownYetIsAskedForOnce() {
    var app = Fixtures.stateAfter(.finished)
    app.trees = [:]
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    #expect(screen.refresh(app).contains(.video(.loadTree(Fixtures.video))))
    #expect(!screen.refresh(app).contains(.video(.loadTree(Fixtures.video))))
    #expect(screen.frameInterval(app) != nil, "its poster is played meanwhile")
  }

  @Test func settingsAreNotTakenBeforeTheWorkspaceIsOpen() {
    var app = AppState()
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    #expect(screen.refresh(app).isEmpty)
    app.isReady = true
    app.settings = Fixtures.settings
    _ = screen.refresh(app)
    #expect(screen.form.settings.clipCount == 4)
    #expect(screen.form.settings.seed != Fixtures.settings.seed, "that one was run last time")
    #expect(screen.undo(app).onlyNotice != nil, "it is no change of the user's")
  }

  @Test func theFinishedVideoIsExportedThroughItsLastClip() {
    let app = Fixtures.stateAfter(.finished)
    var screen = screen(app)
    #expect(
      screen.handle(.character("w"), app) == [
        .ask(
          prompt: "Export the video (mp4, gif, webm, mkv, png, folder/, safetensors)",
          text: "skies-64-48213.mp4", command: "export", isPath: true)
      ])
    #expect(
      screen.run("export", argument: "a.mp4, b.gif x4", app) == [
        .order(
          .export(
            ExportTask(
              video: Fixtures.video, through: ClipID(rawValue: 12), paths: ["a.mp4", "b.gif"],
              scale: 4)))
      ])
    #expect(
      screen.run("overwrite", argument: "a.mp4", app) == [
        .order(
          .export(
            ExportTask(
              video: Fixtures.video, through: ClipID(rawValue: 12), paths: ["a.mp4"],
              overwrites: true)))
      ])
  }

  @Test func anExportIsOfTheVideoThatWasAskedAbout() {
    let app = Fixtures.stateAfter(.finished)
    var screen = screen(app)
    _ = screen.handle(.character("w"), app)
    let another = Fixtures.busyState
    _ = screen.refresh(another)
    let expected = StudioEffect.order(
      .export(
        ExportTask(video: Fixtures.video, through: ClipID(rawValue: 12), paths: ["a.mp4"])))
    #expect(screen.run("export", argument: "a.mp4", another) == [expected])
    // A key after the question was left makes the next answer one about what is shown.
    _ = screen.handle(.character("w"), app)
    _ = screen.handle(.character("~"), another)
    #expect(screen.run("export", argument: "a.mp4", another) != [expected])
  }

  @Test func aStillIsOfTheFrameThatWasShownWhenItWasAskedFor() {
    let app = Fixtures.stateAfter(.finished)
    var screen = screen(app)
    for _ in 0..<20 { screen.advance(app) }
    #expect(
      screen.handle(.character("s"), app) == [
        .ask(
          prompt: "Frame 21 to", text: "skies-64-48213-21.png", command: "still", isPath: true)
      ])
    screen.advance(app)
    #expect(
      screen.run("still", argument: "x.png", app) == [
        .video(.saveStill(ClipID(rawValue: 12), frame: 4, path: "x.png"))
      ])
  }

  @Test func anEstimateIsNoStill() {
    let app = Fixtures.busyState
    var screen = screen(app)
    #expect(
      screen.handle(.character("s"), app) == [
        .notify(Notice(.warning, "no clip of this run is complete yet"))
      ])
  }

  @Test func zoomFillsTheScreenAndGoesBack() {
    let app = Fixtures.busyState
    var screen = screen(app)
    _ = screen.handle(.character("z"), app)
    #expect(!text(window(screen, app)).contains("sampler"))
    #expect(screen.goBack() == true)
    #expect(text(window(screen, app)).contains("sampler"))
    #expect(screen.goBack() == false)
  }
}
