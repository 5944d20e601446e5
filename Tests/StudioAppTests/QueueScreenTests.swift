import RunKit
import StudioApp
import TerminalUI
import Testing

/// The queue: order, settings of waiting jobs, and what can be done about each state.
@Suite struct QueueScreenTests {
  private var world: World {
    var world = Fixtures.world
    var quick = Fixtures.settings
    quick.method = .uniPC
    quick.clipCount = nil
    world.jobs = [
      Fixtures.job(7, .running, finishedClips: 1), Fixtures.job(8, .waiting),
      Fixtures.job(9, .waiting, settings: quick), Fixtures.job(5, .paused, finishedClips: 2),
      Fixtures.job(
        4,
        .failed(
          "/models/skies-64/denoiser.safetensors ends after 41 of 126 MB",
          remedy: "Download or copy the file again")),
      Fixtures.job(3, .finished, finishedClips: 4), Fixtures.job(2, .cancelled),
    ]
    world.progress = Fixtures.progress(7)
    world.videos = [Fixtures.summary()]
    return world
  }

  private func screen(_ world: World, selecting row: Int = 0) -> QueueScreen {
    var screen = QueueScreen()
    _ = screen.refresh(world)
    for _ in 0..<row { _ = screen.handle(.down, world) }
    return screen
  }

  private func id(_ number: Int64) -> JobID { JobID(rawValue: number) }

  @Test func waitingJobsMoveAndStaySelected() {
    var world = world
    var screen = screen(world, selecting: 1)
    #expect(screen.handle(.character("K"), world).isEmpty, "nothing waits before it")
    #expect(screen.handle(.character("J"), world) == [.job(.move(id(8), by: 1))])
    world.jobs.swapAt(1, 2)
    _ = screen.refresh(world)
    #expect(screen.selectedID == id(8))
    #expect(screen.handle(.character("K"), world) == [.job(.move(id(8), by: -1))])
    #expect(screen.handle(.character("J"), world).isEmpty, "nothing waits after it")
  }

  @Test func onlyWaitingJobsMove() {
    var screen = screen(world)
    #expect(
      screen.handle(.character("J"), world) == [
        .notify(Notice(.information, "only a waiting job has a place to move from"))
      ])
  }

  @Test func aWaitingJobIsEditedInPlace() {
    var screen = screen(world, selecting: 1)
    #expect(screen.handle(.enter, world).isEmpty)
    _ = screen.handle(.down, world)
    var expected = Fixtures.settings
    expected.steps = 105
    #expect(screen.handle(.character("l"), world) == [.job(.edit(id(8), expected))])
    #expect(screen.undo(world) == [.job(.edit(id(8), Fixtures.settings))])
    #expect(screen.redo(world) == [.job(.edit(id(8), expected))])
    #expect(screen.goBack() && !screen.goBack())
    #expect(screen.undo(world).isEmpty)
  }

  @Test func typingInAFieldIsLeftBeforeTheForm() {
    var screen = screen(world, selecting: 1)
    for key in [Key.enter, .down, .enter, .character("9")] { _ = screen.handle(key, world) }
    #expect(screen.isTyping)
    #expect(screen.goBack() && !screen.isTyping)
    #expect(screen.goBack() && !screen.goBack())
  }

  @Test func editingEndsWhenTheJobBegins() {
    var world = world
    var screen = screen(world, selecting: 1)
    _ = screen.handle(.character("e"), world)
    #expect(screen.refresh(world).isEmpty)
    world.jobs[1].state = .running
    #expect(
      screen.refresh(world) == [
        .notify(Notice(.warning, "job 8 no longer waits; its settings stay as they are"))
      ])
    #expect(screen.goBack() == false)
  }

  @Test func aJobThatHasBegunKeepsItsSettings() {
    var screen = screen(world)
    let notice = screen.handle(.character("e"), world).onlyNotice
    #expect(notice?.level == .warning && notice?.remedy == "x ends it")
    #expect(screen.goBack() == false)
  }

  @Test func jobsArePausedAndGoOn() {
    var screen = screen(world)
    #expect(screen.handle(.character("P"), world) == [.job(.pause(id(7)))])
    _ = screen.handle(.down, world)
    #expect(screen.handle(.character("P"), world) == [.job(.pause(id(8)))])
    for _ in 0..<2 { _ = screen.handle(.down, world) }
    #expect(screen.handle(.character("P"), world) == [.job(.resume(id(5)))])
  }

  @Test func failedJobsAreTriedAgain() {
    var screen = screen(world, selecting: 4)
    #expect(screen.handle(.character("r"), world) == [.job(.resume(id(4)))])
    _ = screen.handle(.down, world)
    #expect(
      screen.handle(.character("r"), world) == [
        .notify(Notice(.information, "job 3 has not failed"))
      ])
  }

  @Test func jobsAreEnded() {
    var screen = screen(world)
    #expect(screen.handle(.character("x"), world) == [.job(.finish(id(7), atOnce: false))])
    _ = screen.handle(.down, world)
    #expect(screen.handle(.character("x"), world) == [.job(.cancel(id(8)))])
    #expect(
      screen.handle(.character("X"), world) == [
        .confirm(
          title: "End all jobs but 8?", lines: ["3 jobs end; complete clips are kept."],
          confirmed: [.job(.cancelAll(except: id(8)))])
      ])
  }

  @Test func whatIsOverIsCleared() {
    var world = world
    var screen = screen(world)
    #expect(screen.handle(.character("c"), world) == [.job(.clearFinished)])
    world.jobs = Array(world.jobs.prefix(2))
    #expect(
      screen.handle(.character("c"), world) == [
        .notify(Notice(.information, "no job is over yet"))
      ])
  }

  @Test func aVideoOpensOnExtend() {
    var screen = screen(world)
    #expect(
      screen.handle(.character("o"), world) == [.video(.open(Fixtures.video)), .show(.extend)])
  }

  @Test func aJobIsFoundByItsText() {
    var screen = screen(world)
    for key in [Key.character("/"), .character("f"), .character("a"), .character("i")] {
      #expect(screen.handle(key, world).isEmpty)
    }
    #expect(screen.isTyping)
    _ = screen.handle(.enter, world)
    #expect(!screen.isTyping)
    #expect(screen.selectedID == id(4))
  }

  @Test func anEmptyQueueAsksForNothing() {
    var screen = screen(Fixtures.world)
    for key in "eKJPrxX" {
      #expect(
        screen.handle(.character(key), Fixtures.world) == [
          .notify(Notice(.information, "the queue is empty"))
        ])
    }
    #expect(screen.information(Fixtures.world).isEmpty)
  }

  // MARK: Pictures

  @Test func theQueueIsDrawn() throws {
    try expectSnapshots(screen(Fixtures.world), Fixtures.world, named: "queue-empty")
    try expectSnapshots(screen(world), world, named: "queue-running")
    try expectSnapshots(screen(world, selecting: 4), world, named: "queue-failed")
    var editing = screen(world, selecting: 2)
    _ = editing.handle(.enter, world)
    try expectSnapshots(editing, world, named: "queue-editing")
  }

  @Test func aSmallWindowShowsOnePane() throws {
    var screen = screen(world)
    try expectSnapshot(window(screen, world, columns: 48, rows: 14), named: "queue-small")
    _ = screen.handle(.tab, world)
    try expectSnapshot(window(screen, world, columns: 48, rows: 14), named: "queue-small-details")
  }
}
