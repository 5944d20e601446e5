import RunKit
import StudioApp
import TerminalUI
import Testing

/// The queue: order, settings of waiting jobs, and what can be done about each state.
@Suite struct QueueScreenTests {
  private var app: AppState {
    var app = Fixtures.app
    var quick = Fixtures.settings
    quick.method = .uniPC
    quick.clipCount = nil
    app.jobs = [
      Fixtures.job(7, .running, finishedClips: 1), Fixtures.job(8, .waiting),
      Fixtures.job(9, .waiting, settings: quick), Fixtures.job(5, .paused, finishedClips: 2),
      Fixtures.job(
        4,
        .failed(
          "/models/skies-64/denoiser.safetensors ends after 41 of 126 MB",
          remedy: "Download or copy the file again")),
      Fixtures.job(3, .finished, finishedClips: 4), Fixtures.job(2, .cancelled),
    ]
    app.progress = Fixtures.progress(7)
    app.videos = [Fixtures.summary()]
    return app
  }

  private func screen(_ app: AppState, selecting row: Int = 0) -> QueueScreen {
    var screen = QueueScreen()
    _ = screen.refresh(app)
    for _ in 0..<row { _ = screen.handle(.down, app) }
    return screen
  }

  private func id(_ number: Int64) -> JobID { JobID(rawValue: number) }

  @Test func waitingJobsMoveAndStaySelected() {
    var app = app
    var screen = screen(app, selecting: 1)
    #expect(screen.handle(.character("K"), app).isEmpty, "nothing waits before it")
    #expect(screen.handle(.character("J"), app) == [.job(.move(id(8), by: 1))])
    app.jobs.swapAt(1, 2)
    _ = screen.refresh(app)
    #expect(screen.selectedID == id(8))
    #expect(screen.handle(.character("K"), app) == [.job(.move(id(8), by: -1))])
    #expect(screen.handle(.character("J"), app).isEmpty, "nothing waits after it")
  }

  @Test("the selected job shows what it makes: an estimate while it runs, else a clip of its video")
  func pictures() throws {
    var app = app
    let poster = Fixtures.id(1)
    app.videos[0].poster = poster
    var screen = QueueScreen()
    #expect(screen.refresh(app) == [.query(.loadFrames([poster]))])
    func colors() -> Int {
      var buffer = CellBuffer(columns: 100, rows: 26)
      screen.draw(
        in: &buffer, area: buffer.bounds, app,
        ViewContext(
          capabilities: TerminalCapabilities(
            colorMode: .trueColor, isUTF8: true, isTerminal: true, size: .standard)))
      return buffer.cells.count { $0.style.role == .image }
    }
    #expect(colors() == 0)
    app.frames.put(Fixtures.frames(1))
    #expect(colors() > 50)
  }

  @Test func onlyWaitingJobsMove() {
    var screen = screen(app)
    #expect(
      screen.handle(.character("J"), app) == [
        .notify(Notice(.information, "only a waiting job has a place to move from"))
      ])
  }

  @Test func aWaitingJobIsEditedInPlace() {
    var screen = screen(app, selecting: 1)
    #expect(screen.handle(.enter, app).isEmpty)
    _ = screen.handle(.down, app)
    var expected = Fixtures.settings
    (expected.steps, expected.laterSteps) = (105, 105)
    #expect(screen.handle(.character("l"), app) == [.job(.edit(id(8), expected))])
    #expect(screen.undo(app) == [.job(.edit(id(8), Fixtures.settings))])
    #expect(screen.redo(app) == [.job(.edit(id(8), expected))])
    #expect(screen.goBack() && !screen.goBack())
    #expect(screen.undo(app).onlyNotice?.sentence == "there is nothing to undo")
  }

  @Test func typingInAFieldIsLeftBeforeTheForm() {
    var screen = screen(app, selecting: 1)
    for key in [Key.enter, .down, .enter, .character("9")] { _ = screen.handle(key, app) }
    #expect(screen.isTyping)
    #expect(screen.goBack() && !screen.isTyping)
    #expect(screen.goBack() && !screen.goBack())
  }

  @Test func editingEndsWhenTheJobBegins() {
    var app = app
    var screen = screen(app, selecting: 1)
    _ = screen.handle(.character("c"), app)
    #expect(screen.refresh(app).isEmpty)
    app.jobs[1].state = .running
    #expect(
      screen.refresh(app) == [
        .notify(Notice(.warning, "job 8 no longer waits; its settings stay as they are"))
      ])
    #expect(screen.goBack() == false)
  }

  @Test func aJobThatHasBegunKeepsItsSettings() {
    var screen = screen(app)
    let notice = screen.handle(.character("c"), app).onlyNotice
    #expect(notice?.level == .warning && notice?.remedy == "x ends it")
    #expect(screen.goBack() == false)
  }

  @Test func jobsArePausedAndGoOn() {
    var screen = screen(app)
    #expect(screen.handle(.character("P"), app) == [.job(.pause(id(7)))])
    _ = screen.handle(.down, app)
    #expect(screen.handle(.character("P"), app) == [.job(.pause(id(8)))])
    for _ in 0..<2 { _ = screen.handle(.down, app) }
    #expect(screen.handle(.character("P"), app) == [.job(.resume(id(5)))])
  }

  @Test func failedJobsAreTriedAgain() {
    var screen = screen(app, selecting: 4)
    #expect(screen.handle(.character("P"), app) == [.job(.resume(id(4)))])
    _ = screen.handle(.down, app)
    #expect(
      screen.handle(.character("P"), app) == [.notify(Notice(.information, "job 3 is over"))])
  }

  @Test func jobsAreEnded() {
    var screen = screen(app)
    #expect(screen.handle(.character("x"), app) == [.job(.finish(id(7), atOnce: false))])
    _ = screen.handle(.down, app)
    #expect(screen.handle(.character("x"), app) == [.job(.cancel(id(8)))])
    #expect(
      screen.handle(.character("X"), app) == [
        .confirm(
          title: "End all jobs but 8?", lines: ["3 jobs end; complete clips are kept."],
          confirmed: [.job(.cancelAll(except: id(8)))])
      ])
  }

  @Test func whatIsOverIsCleared() {
    var app = app
    var screen = screen(app)
    #expect(screen.handle(.character("D"), app) == [.job(.clearFinished)])
    app.jobs = Array(app.jobs.prefix(2))
    #expect(
      screen.handle(.character("D"), app) == [
        .notify(Notice(.information, "no job is over yet"))
      ])
  }

  @Test func aVideoOpensOnExtend() {
    var screen = screen(app)
    #expect(
      screen.handle(.character("e"), app) == [.video(.open(Fixtures.video)), .show(.extend)])
  }

  @Test func aJobIsFoundByItsText() {
    var screen = screen(app)
    for key in [Key.character("/"), .character("f"), .character("a"), .character("i")] {
      #expect(screen.handle(key, app).isEmpty)
    }
    #expect(screen.isTyping)
    _ = screen.handle(.enter, app)
    #expect(!screen.isTyping)
    #expect(screen.selectedID == id(4))
  }

  @Test func anEmptyQueueAsksForNothing() {
    var screen = screen(Fixtures.app)
    for key in "eKJPxX" {
      #expect(
        screen.handle(.character(key), Fixtures.app) == [
          .notify(Notice(.information, "the queue is empty"))
        ])
    }
    #expect(screen.information(Fixtures.app).isEmpty)
  }

  // MARK: Pictures

  @Test func theQueueIsDrawn() throws {
    try expectSnapshots(screen(Fixtures.app), Fixtures.app, named: "queue-empty")
    try expectSnapshots(screen(app), app, named: "queue-running")
    try expectSnapshots(screen(app, selecting: 4), app, named: "queue-failed")
    var editing = screen(app, selecting: 2)
    _ = editing.handle(.enter, app)
    try expectSnapshots(editing, app, named: "queue-editing")
  }

  @Test func aSmallWindowShowsOnePane() throws {
    var app = app
    app.windowSize = TerminalSize(columns: 48, rows: 14)
    var screen = screen(app)
    try expectSnapshot(window(screen, app, columns: 48, rows: 14), named: "queue-small")
    _ = screen.handle(.tab, app)
    try expectSnapshot(window(screen, app, columns: 48, rows: 14), named: "queue-small-details")
  }
}
