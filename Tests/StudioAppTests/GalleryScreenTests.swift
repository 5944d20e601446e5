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
  private func screen(_ world: World) -> GalleryScreen {
    var screen = GalleryScreen()
    _ = screen.refresh(world)
    return screen
  }

  private func video(_ number: Int64) -> VideoID { VideoID(rawValue: number) }

  private func titles(_ screen: GalleryScreen, _ world: World) -> [String] {
    screen.videos(world).map(\.title)
  }

  // MARK: What is listed

  @Test func videosAreListedWithoutTheTrashAndComparisons() {
    let world = Fixtures.galleryWorld
    #expect(titles(screen(world), world) == Array(Fixtures.titles.prefix(6)))
  }

  @Test func theOrderGoesRound() {
    let world = Fixtures.galleryWorld
    var screen = screen(world)
    let firsts = GalleryOrder.allCases.map { _ in
      press(keys("S"), on: &screen, world)
      return titles(screen, world)[0]
    }
    #expect(firsts == ["noon", "a very long title that does not fit", "noon", "noon", "sunset"])
    _ = screen.run("sort", argument: "title", world)
    #expect(screen.order == .title)
    let wrong = screen.run("sort", argument: "colour", world)
    #expect(wrong.onlyNotice?.level == .warning)
  }

  @Test func searchingNarrowsTheListWhileTyping() {
    let world = Fixtures.galleryWorld
    var screen = screen(world)
    press(keys("/"), on: &screen, world)
    #expect(screen.isTyping)
    press(keys("no"), on: &screen, world)
    #expect(titles(screen, world) == ["a very long title that does not fit", "noon"])
    #expect(screen.focus == video(4))
    press([.enter], on: &screen, world)
    #expect(!screen.isTyping && screen.query == "no")
    let left = screen.goBack()
    #expect(left && screen.query.isEmpty)
  }

  @Test func theFocusMovesInTheGrid() {
    var world = Fixtures.galleryWorld
    world.windowSize = TerminalSize(columns: 80, rows: 24)
    var screen = screen(world)
    func after(_ typed: String) -> VideoID? {
      press(keys(typed), on: &screen, world)
      return screen.focus
    }
    // Three pictures in a row at 80 columns.
    let path = ["l", "j", "j", "G", "h", "k", "k", "g", "h"].map(after)
    #expect(path.map { $0?.rawValue } == [2, 5, 5, 6, 5, 2, 2, 1, 1])
  }

  @Test func downFromAFullRowGoesToTheEndOfAShorterOne() {
    var world = Fixtures.galleryWorld
    world.videos.removeAll { $0.id == video(6) }
    var screen = screen(world)
    press(keys("llj"), on: &screen, world)
    #expect(screen.focus == video(5))
  }

  // MARK: Loading

  @Test func onlyWhatIsSeenAndTheNextPageIsLoaded() {
    var world = Fixtures.world
    world.videos = (1...40).map { Fixtures.galleryVideo($0, "video \($0)") }
    var screen = GalleryScreen()
    let effects = screen.refresh(world)
    // Two pages of three by two pictures.
    #expect(
      effects == [.query(.loadFrames((1...12).map(Fixtures.id))), .video(.loadTree(video(1)))])
    let again = screen.refresh(world)
    #expect(again.isEmpty)
  }

  @Test func theFocusedVideoPlays() {
    let world = Fixtures.galleryWorld
    var screen = screen(world)
    #expect(screen.player.strips == [world.frames[Fixtures.id(1)]])
    #expect(screen.frameInterval(world) == .milliseconds(125))
    press(keys("l"), on: &screen, world)
    #expect(screen.player.strips == [world.frames[Fixtures.id(2)]])
  }

  // MARK: Keys

  @Test func aVideoIsOpenedMarkedRenamedExportedAndTrashed() {
    let world = Fixtures.galleryWorld
    var screen = screen(world)
    #expect(press([.enter], on: &screen, world) == [.video(.open(video(1))), .show(.extend)])
    #expect(press(keys("m"), on: &screen, world) == [.video(.mark(video(1), false))])
    #expect(
      press(keys("r"), on: &screen, world) == [
        .ask(prompt: "Name of this video", text: "sunset", command: "rename")
      ])
    let renamed = screen.run("rename", argument: "dusk", world)
    #expect(renamed == [.video(.rename(video(1), "dusk"))])
    let exported = screen.run("overwrite", argument: "a.gif", world)
    #expect(
      exported == [
        .order(
          .export(
            ExportTask(
              video: video(1), through: Fixtures.id(1), paths: ["a.gif"], overwrites: true)))
      ])
    #expect(press(keys("d"), on: &screen, world).first == .video(.trash(video(1))))
  }

  @Test("u brings back what d put into the trash, the latest first, and redo does it again")
  func trashIsUndone() {
    var world = Fixtures.galleryWorld
    world.jobs = []
    var screen = screen(world)
    func trash(_ number: Int64, _ isTrashed: Bool) {
      let index = world.videos.firstIndex { $0.id == video(number) }
      if let index { world.videos[index].isTrashed = isTrashed }
      _ = screen.refresh(world)
    }
    #expect(screen.undo(world).first?.isNotice == true)
    for number in [1, 2] as [Int64] {
      #expect(press(keys("d"), on: &screen, world).first == .video(.trash(video(number))))
      trash(number, true)
    }
    for number in [2, 1] as [Int64] {
      #expect(screen.undo(world).first == .video(.restore(video(number))))
      trash(number, false)
    }
    for number in [1, 2] as [Int64] {
      #expect(screen.redo(world).first == .video(.trash(video(number))))
      trash(number, true)
    }
    // One that was deleted for good meanwhile is passed over.
    world.videos.removeAll { $0.id == video(2) }
    #expect(screen.undo(world).first == .video(.restore(video(1))))
  }

  @Test(
    "a video whose job would end is not put into the trash unasked",
    arguments: [JobState.paused, .interrupted, .waiting, .running])
  func trashAsks(state: JobState) {
    var world = Fixtures.galleryWorld
    world.jobs = [Fixtures.job(7, state, video: video(1))]
    var screen = screen(world)
    guard
      case .confirm(_, let lines, let confirmed)? = press(keys("d"), on: &screen, world).first
    else {
      Issue.record("it does not ask")
      return
    }
    #expect(lines[0].contains("Job 7") && confirmed.first == .video(.trash(video(1))))
    // Nothing is brought back that was not put there.
    #expect(screen.undo(world).first?.isNotice == true)
  }

  @Test func settingsAreReusedWithTheSeedOrWithout() {
    let world = Fixtures.galleryWorld
    var screen = screen(world)
    var settings = Fixtures.settings
    settings.seed = 101
    settings.clipCount = 1
    for (key, keepsSeed) in [("U", true), ("y", false)] {
      settings.isSeedLocked = keepsSeed
      #expect(
        press(keys(key), on: &screen, world) == [
          .useSettings(settings, Fixtures.skies.reference), .show(.make),
        ])
    }
    press(keys("l"), on: &screen, world)
    #expect(press(keys("U"), on: &screen, world).onlyNotice?.level == .warning)
  }

  @Test func twoToFourMarkedVideosAreCompared() {
    var world = Fixtures.galleryWorld
    var screen = screen(world)
    #expect(press(keys("c"), on: &screen, world) == [.command(.compare, "marked", argument: "")])
    world.videos[1].isMarked = false
    #expect(press(keys("c"), on: &screen, world).onlyNotice?.remedy == "m marks a video")
  }

  @Test func theTrashRestoresAndIsEmptiedAfterAQuestion() {
    let world = Fixtures.galleryWorld
    var screen = screen(world)
    press(keys("T"), on: &screen, world)
    #expect(titles(screen, world) == ["drift"])
    #expect(press(keys("r"), on: &screen, world) == [.video(.restore(video(7)))])
    #expect(
      press(keys("D"), on: &screen, world) == [
        .confirm(
          title: "Empty the trash?",
          lines: ["One video is deleted for good.", "Files that were exported stay."],
          confirmed: [.video(.emptyTrash)])
      ])
    // Keys of the videos do nothing here.
    #expect(press(keys("d"), on: &screen, world).isEmpty)
    let left = screen.goBack()
    #expect(left && screen.shelf == .videos)
  }

  @Test func exportsAreListedWithTheirVideos() {
    let world = Fixtures.galleryWorld
    var screen = screen(world)
    press(keys("X"), on: &screen, world)
    #expect(
      screen.exports(world).map(\.path) == ["/home/ada/sunset.mp4", "/home/ada/sunset.gif"])
    press(keys("j"), on: &screen, world)
    #expect(press([.enter], on: &screen, world) == [.video(.open(video(1))), .show(.extend)])
  }

  // MARK: What is shown

  @Test func snapshots() throws {
    try expectSnapshots(screen(Fixtures.world), Fixtures.world, named: "gallery-empty")
    let world = Fixtures.galleryWorld
    try expectSnapshots(screen(world), world, named: "gallery-videos")
    var busy = world
    busy.jobs = [
      Fixtures.job(7, .running),
      Fixtures.job(8, .failed("no room", remedy: "make some"), video: video(2)),
    ]
    busy.progress = Fixtures.progress(7)
    var focused = screen(busy)
    press(keys("l"), on: &focused, busy)
    try expectSnapshots(focused, busy, named: "gallery-busy")
    var trash = screen(world)
    press(keys("T"), on: &trash, world)
    try expectSnapshots(trash, world, named: "gallery-trash")
    var exports = screen(world)
    press(keys("X"), on: &exports, world)
    try expectSnapshots(exports, world, named: "gallery-exports")
    var searching = screen(world)
    press(keys("/zebra"), on: &searching, world)
    try expectSnapshots(searching, world, named: "gallery-search")
  }
}
