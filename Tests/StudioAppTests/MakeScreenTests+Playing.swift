import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// What Make plays and writes to files.
extension MakeScreenTests {
  @Test func theEstimateOfTheClipInProgressIsPlayed() {
    let world = Fixtures.busyWorld
    var screen = screen(world)
    #expect(screen.frameInterval(world) == .seconds(0.125))
    #expect(screen.handle(.character("."), world).isEmpty)
    #expect(screen.frameInterval(world) == nil, "stepping pauses")
    _ = screen.handle(.space, world)
    #expect(screen.frameInterval(world) != nil, "space plays although the settings have the keys")
  }

  @Test func framesOfTheFinishedVideoAreAskedForOnce() {
    var world = Fixtures.worldAfter(.finished)
    world.frames = FrameShelf()
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    let wanted = StudioEffect.query(.loadFrames([ClipID(rawValue: 11), ClipID(rawValue: 12)]))
    #expect(screen.refresh(world).contains(wanted))
    #expect(!screen.refresh(world).contains(wanted))
  }

  @Test func aVideoLongerThanWhatIsKeptIsNotReadOverAndOver() throws {
    var world = Fixtures.worldAfter(.finished)
    var tree = try #require(world.trees[Fixtures.video])
    for number in 13..<200 as Range<Int64> {
      let tip = Fixtures.tip(number, after: number - 1, index: Int(number) - 11, seed: 1)
      tree.add(tip, following: true)
      // All passed by while they were made.
      world.frames.put(Fixtures.frames(number))
    }
    world.trees[Fixtures.video] = tree
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    for round in 0..<4 {
      var loads: [ClipID] = []
      for case .workspace(.query(.loadFrames(let clips))) in screen.refresh(world) {
        loads += clips
      }
      #expect(loads.count <= 96 && (round < 2 || loads.isEmpty))
      for clip in loads { world.frames.put(Fixtures.frames(clip.rawValue)) }
    }
  }

  @Test func aVideoThatIsNotKnownYetIsAskedForOnce() {
    var world = Fixtures.worldAfter(.finished)
    world.trees = [:]
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    #expect(screen.refresh(world).contains(.video(.loadTree(Fixtures.video))))
    #expect(!screen.refresh(world).contains(.video(.loadTree(Fixtures.video))))
    #expect(screen.frameInterval(world) != nil, "its poster is played meanwhile")
  }

  @Test func settingsAreNotTakenBeforeTheWorkspaceIsOpen() {
    var world = World()
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    #expect(screen.refresh(world).isEmpty)
    world.isReady = true
    world.settings = Fixtures.settings
    _ = screen.refresh(world)
    #expect(screen.form.settings.clipCount == 4)
    #expect(screen.form.settings.seed != Fixtures.settings.seed, "that one was run last time")
    #expect(screen.undo(world).onlyNotice != nil, "it is no change of the user's")
  }

  @Test func theFinishedVideoIsExportedThroughItsLastClip() {
    let world = Fixtures.worldAfter(.finished)
    var screen = screen(world)
    #expect(
      screen.handle(.character("w"), world) == [
        .ask(
          prompt: "Export the video (mp4, gif, webm, mkv, png, folder/, safetensors)",
          text: "skies-64-48213.mp4", command: "export")
      ])
    #expect(
      screen.run("export", argument: "a.mp4, b.gif x4", world) == [
        .order(
          .export(
            ExportTask(
              video: Fixtures.video, through: ClipID(rawValue: 12), paths: ["a.mp4", "b.gif"],
              scale: 4)))
      ])
    #expect(
      screen.run("overwrite", argument: "a.mp4", world) == [
        .order(
          .export(
            ExportTask(
              video: Fixtures.video, through: ClipID(rawValue: 12), paths: ["a.mp4"],
              overwrites: true)))
      ])
  }

  @Test func anExportIsOfTheVideoThatWasAskedAbout() {
    let world = Fixtures.worldAfter(.finished)
    var screen = screen(world)
    _ = screen.handle(.character("w"), world)
    let another = Fixtures.busyWorld
    _ = screen.refresh(another)
    let expected = StudioEffect.order(
      .export(
        ExportTask(video: Fixtures.video, through: ClipID(rawValue: 12), paths: ["a.mp4"])))
    #expect(screen.run("export", argument: "a.mp4", another) == [expected])
    // A key after the question was left makes the next answer one about what is shown.
    _ = screen.handle(.character("w"), world)
    _ = screen.handle(.character("*"), another)
    #expect(screen.run("export", argument: "a.mp4", another) != [expected])
  }

  @Test func aStillIsOfTheFrameThatWasShownWhenItWasAskedFor() {
    let world = Fixtures.worldAfter(.finished)
    var screen = screen(world)
    for _ in 0..<20 { screen.advance(world) }
    #expect(
      screen.handle(.character("s"), world) == [
        .ask(prompt: "Frame 21 to", text: "skies-64-48213-21.png", command: "still")
      ])
    screen.advance(world)
    #expect(
      screen.run("still", argument: "x.png", world) == [
        .video(.saveStill(ClipID(rawValue: 12), frame: 4, path: "x.png"))
      ])
  }

  @Test func anEstimateIsNoStill() {
    let world = Fixtures.busyWorld
    var screen = screen(world)
    #expect(
      screen.handle(.character("s"), world) == [
        .notify(Notice(.warning, "no clip of this run is complete yet"))
      ])
  }

  @Test func zoomFillsTheScreenAndGoesBack() {
    let world = Fixtures.busyWorld
    var screen = screen(world)
    _ = screen.handle(.character("z"), world)
    #expect(!text(window(screen, world)).contains("sampler"))
    #expect(screen.goBack() == true)
    #expect(text(window(screen, world)).contains("sampler"))
    #expect(screen.goBack() == false)
  }
}
