import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

extension StudioEffect {
  fileprivate var isNotice: Bool {
    if case .notify = self { true } else { false }
  }
}

/// The gallery: what is listed, what is loaded, what keys ask for.
@Suite struct GalleryScreenTests {
  private func screen(_ app: AppState) -> GalleryScreen {
    var screen = GalleryScreen()
    _ = screen.refresh(app)
    return screen
  }

  private func video(_ number: Int64) -> VideoID { VideoID(rawValue: number) }

  private func titles(_ screen: GalleryScreen, _ app: AppState) -> [String] {
    screen.videos(app).map(\.title)
  }

  // MARK: What is listed

  @Test func videosAreListedWithoutTheTrashAndComparisons() {
    let app = Fixtures.galleryState
    #expect(titles(screen(app), app) == Array(Fixtures.titles.prefix(6)))
  }

  @Test func theOrderGoesRound() {
    let app = Fixtures.galleryState
    var screen = screen(app)
    let firsts = GalleryOrder.allCases.map { _ in
      press(keys("Z"), on: &screen, app)
      return titles(screen, app)[0]
    }
    #expect(firsts == ["noon", "a very long title that does not fit", "noon", "noon", "sunset"])
    _ = screen.run("sort", argument: "title", app)
    #expect(screen.order == .title)
    let wrong = screen.run("sort", argument: "colour", app)
    #expect(wrong.onlyNotice?.level == .warning)
  }

  @Test func searchingNarrowsTheListWhileTyping() {
    let app = Fixtures.galleryState
    var screen = screen(app)
    press(keys("/"), on: &screen, app)
    #expect(screen.isTyping)
    press(keys("no"), on: &screen, app)
    #expect(titles(screen, app) == ["a very long title that does not fit", "noon"])
    #expect(screen.focus == video(4))
    press([.enter], on: &screen, app)
    #expect(!screen.isTyping && screen.query == "no")
    let left = screen.goBack()
    #expect(left && screen.query.isEmpty)
  }

  @Test(
    "words, fields, days, stars and marks narrow the list, alone and together",
    arguments: [
      ("", 6), ("no", 2), ("NO", 0), ("title:noon", 1), ("model:skies", 6), ("model:other", 0),
      ("seed:42", 1), ("seed:4", 1), ("star", 2), ("*", 2), ("marked", 2), ("-marked", 4),
      ("star -marked", 1), ("date:20", 6), ("date:19", 0), ("date:<2999-02", 6), ("date:>2999", 0),
      ("date:> model:", 6), ("-date:20", 0),
    ])
  func filters(query: String, count: Int) {
    var app = Fixtures.galleryState
    app.videos[1].isStarred = true
    app.videos[2].starredClipCount = 1
    app.videos[3].seed = 42
    app.videos[4].seed = 4
    var screen = screen(app)
    press(keys("/" + query), on: &screen, app)
    #expect(titles(screen, app).count == count)
  }

  @Test("Tab completes the word of a search from what is there, and goes through it")
  func completesSearches() {
    var app = Fixtures.galleryState
    app.videos[2].modelName = "clouds"
    var screen = screen(app)
    press(keys("/-marked m") + [.tab], on: &screen, app)
    #expect(screen.query == "-marked model:")
    press([.tab, .tab], on: &screen, app)
    #expect(screen.query == "-marked model:", "model:, marked, and around")
    press(keys("c") + [.tab], on: &screen, app)
    #expect(screen.query == "-marked model:clouds")
    #expect(titles(screen, app).count == 1)
  }

  @Test("a star is given and taken, and % marks all that are listed")
  func starsAndMarks() {
    var app = Fixtures.galleryState
    var screen = screen(app)
    #expect(press(keys("*"), on: &screen, app) == [.video(.star(video(1), true))])
    app.videos[0].isStarred = true
    #expect(press(keys("*"), on: &screen, app) == [.video(.star(video(1), false))])
    #expect(drawn(screen, app).contains("✓ ★ sunset"))
    press(keys("/star") + [.enter], on: &screen, app)
    app = Fixtures.withoutMarks(app)
    #expect(press(keys("%"), on: &screen, app).first == .video(.mark(video(1), true)))
    app.videos[0].isMarked = true
    #expect(press(keys("%"), on: &screen, app).first == .video(.mark(video(1), false)))
  }

  private func drawn(_ screen: GalleryScreen, _ app: AppState) -> String {
    var buffer = CellBuffer(columns: 80, rows: 20)
    screen.draw(
      in: &buffer, area: buffer.bounds, app,
      ViewContext(
        capabilities: TerminalCapabilities(
          colorMode: .trueColor, isUTF8: true, isTerminal: true, size: .standard)))
    return (0..<20).map { row in (0..<80).map { buffer[$0, row].text }.joined() }
      .joined(separator: "\n")
  }

  @Test func theFocusMovesInTheGrid() {
    var app = Fixtures.galleryState
    app.windowSize = TerminalSize(columns: 80, rows: 24)
    var screen = screen(app)
    func after(_ typed: String) -> VideoID? {
      press(keys(typed), on: &screen, app)
      return screen.focus
    }
    // Three pictures in a row at 80 columns.
    let path = ["l", "j", "j", "G", "h", "k", "k", "g", "h"].map(after)
    #expect(path.map { $0?.rawValue } == [2, 5, 5, 6, 5, 2, 2, 1, 1])
  }

  @Test func downFromAFullRowGoesToTheEndOfAShorterOne() {
    var app = Fixtures.galleryState
    app.videos.removeAll { $0.id == video(6) }
    var screen = screen(app)
    press(keys("llj"), on: &screen, app)
    #expect(screen.focus == video(5))
  }

  // MARK: Loading

  @Test func onlyWhatIsSeenAndTheNextPageIsLoaded() {
    var app = Fixtures.app
    app.videos = (1...40).map { Fixtures.galleryVideo($0, "video \($0)") }
    var screen = GalleryScreen()
    let effects = screen.refresh(app)
    // Two pages of three by two pictures.
    let loads = stride(from: 1, through: 11, by: 2).map {
      StudioEffect.query(.loadFrames([Fixtures.id(Int64($0)), Fixtures.id(Int64($0 + 1))]))
    }
    #expect(effects == loads + [.video(.loadTree(video(1)))])
    let again = screen.refresh(app)
    #expect(again.isEmpty)
  }

  @Test func theFocusedVideoPlays() {
    let app = Fixtures.galleryState
    var screen = screen(app)
    #expect(screen.player.strips == [app.frames[Fixtures.id(1)]])
    #expect(screen.frameInterval(app) == .milliseconds(125))
    press(keys("l"), on: &screen, app)
    #expect(screen.player.strips == [app.frames[Fixtures.id(2)]])
  }

  // MARK: Keys

  @Test func aVideoIsOpenedMarkedRenamedExportedAndTrashed() {
    let app = Fixtures.withoutMarks(Fixtures.galleryState)
    var screen = screen(app)
    #expect(press([.enter], on: &screen, app) == [.video(.open(video(1))), .show(.extend)])
    #expect(press(keys("m"), on: &screen, app) == [.video(.mark(video(1), true))])
    #expect(
      press(keys("t"), on: &screen, app) == [
        .ask(prompt: "Name of this video", text: "sunset", command: "rename")
      ])
    let renamed = screen.run("rename", argument: "dusk", app)
    #expect(renamed == [.video(.rename(video(1), "dusk"))])
    let exported = screen.run("overwrite", argument: "a.gif", app)
    #expect(
      exported == [
        .order(
          .export(
            ExportTask(
              video: video(1), through: Fixtures.id(1), paths: ["a.gif"], overwrites: true)))
      ])
    #expect(press(keys("d"), on: &screen, app).first == .video(.trash(video(1))))
  }

  @Test("u brings back what d put into the trash, the latest first, and redo does it again")
  func trashIsUndone() {
    var app = Fixtures.withoutMarks(Fixtures.galleryState)
    app.jobs = []
    var screen = screen(app)
    func trash(_ number: Int64, _ isTrashed: Bool) {
      let index = app.videos.firstIndex { $0.id == video(number) }
      if let index { app.videos[index].isTrashed = isTrashed }
      _ = screen.refresh(app)
    }
    #expect(screen.undo(app).first?.isNotice == true)
    for number in [1, 2] as [Int64] {
      #expect(press(keys("d"), on: &screen, app).first == .video(.trash(video(number))))
      trash(number, true)
    }
    for number in [2, 1] as [Int64] {
      #expect(screen.undo(app).first == .video(.restore(video(number))))
      trash(number, false)
    }
    for number in [1, 2] as [Int64] {
      #expect(screen.redo(app).first == .video(.trash(video(number))))
      trash(number, true)
    }
    // One that was deleted for good meanwhile is passed over.
    app.videos.removeAll { $0.id == video(2) }
    #expect(screen.undo(app).first == .video(.restore(video(1))))
  }

  @Test(
    "a video whose job would end is not put into the trash unasked",
    arguments: [JobState.paused, .interrupted, .waiting, .running])
  func trashAsks(state: JobState) {
    var app = Fixtures.galleryState
    app.jobs = [Fixtures.job(7, state, video: video(1))]
    var screen = screen(app)
    guard
      case .confirm(_, let lines, let confirmed)? = press(keys("d"), on: &screen, app).first
    else {
      Issue.record("it does not ask")
      return
    }
    #expect(lines[0].contains("Job 7") && confirmed.first == .video(.trash(video(1))))
    // Nothing is brought back that was not put there.
    #expect(screen.undo(app).first?.isNotice == true)
  }

  @Test func settingsAreReusedWithTheSeedOrWithout() {
    let app = Fixtures.galleryState
    var screen = screen(app)
    for (key, keepsSeed) in [("U", true), ("R", false)] {
      let effects = press(keys(key), on: &screen, app)
      guard case .useRecipe(let recipe, "sunset", keepsSeed)? = effects.last else {
        Issue.record("no recipe is taken")
        continue
      }
      #expect(effects.first == .show(.make))
      #expect(recipe.settings?.clipCount == 1)
      #expect((recipe.settings?.seed == 101) == keepsSeed)
    }
    press(keys("l"), on: &screen, app)
    #expect(press(keys("U"), on: &screen, app).onlyNotice?.level == .warning)
  }

  @Test func twoToFourMarkedVideosAreCompared() {
    var app = Fixtures.galleryState
    var screen = screen(app)
    #expect(press(keys("C"), on: &screen, app) == [.command(.compare, "marked", argument: "")])
    app.videos[1].isMarked = false
    #expect(press(keys("C"), on: &screen, app).onlyNotice?.remedy == "m marks a video")
  }

  @Test func theTrashRestoresAndIsEmptiedAfterAQuestion() {
    let app = Fixtures.galleryState
    var screen = screen(app)
    press(keys("T"), on: &screen, app)
    #expect(titles(screen, app) == ["drift"])
    #expect(press([.enter], on: &screen, app) == [.video(.restore(video(7)))])
    #expect(
      press(keys("D"), on: &screen, app) == [
        .confirm(
          title: "Empty the trash?",
          lines: ["One video is deleted for good.", "Files that were exported stay."],
          confirmed: [.video(.emptyTrash)])
      ])
    // Keys of the videos do nothing here.
    #expect(press(keys("d"), on: &screen, app).isEmpty)
    let left = screen.goBack()
    #expect(left && screen.shelf == .videos)
  }

  @Test func exportsAreListedWithTheirVideos() {
    let app = Fixtures.galleryState
    var screen = screen(app)
    press(keys("W"), on: &screen, app)
    #expect(
      screen.exports(app).map(\.path) == ["/home/ada/sunset.mp4", "/home/ada/sunset.gif"])
    press(keys("j"), on: &screen, app)
    #expect(press([.enter], on: &screen, app) == [.video(.open(video(1))), .show(.extend)])
  }

  // MARK: What is shown

  @Test func snapshots() throws {
    try expectSnapshots(screen(Fixtures.app), Fixtures.app, named: "gallery-empty")
    let app = Fixtures.galleryState
    try expectSnapshots(screen(app), app, named: "gallery-videos")
    var busy = app
    busy.jobs = [
      Fixtures.job(7, .running),
      Fixtures.job(8, .failed("no room", remedy: "make some"), video: video(2)),
    ]
    busy.progress = Fixtures.progress(7)
    var focused = screen(busy)
    press(keys("l"), on: &focused, busy)
    try expectSnapshots(focused, busy, named: "gallery-busy")
    var trash = screen(app)
    press(keys("T"), on: &trash, app)
    try expectSnapshots(trash, app, named: "gallery-trash")
    var exports = screen(app)
    press(keys("W"), on: &exports, app)
    try expectSnapshots(exports, app, named: "gallery-exports")
    var searching = screen(app)
    press(keys("/zebra"), on: &searching, app)
    try expectSnapshots(searching, app, named: "gallery-search")
  }
}
