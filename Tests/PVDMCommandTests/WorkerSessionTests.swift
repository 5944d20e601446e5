import Foundation
import TestSupport
import Testing

/// Whole sessions whose work outlives the screen: what a person does on terminals that come and go.
@Suite(.serialized) struct WorkerSessionTests {
  private let folder: TemporaryFolder
  private let studioHome: StudioHome
  private var home: String { studioHome.path }

  init() throws {
    folder = try TemporaryFolder()
    studioHome = StudioHome(in: folder)
  }

  /// How the worker stands; `nil` if there is none.
  private func status() throws -> [String: Any]? {
    let run = try CommandRun(["status", "--json"], home: home)
    return run.status == 0 ? run.json : nil
  }

  private func process() throws -> Int32 {
    try #require(try status()?["process"] as? Int).asInt32
  }

  /// Seconds since the worker began; asking takes a process, so that who waits for it computes little.
  private func age() throws -> Double {
    Date().timeIntervalSinceReferenceDate - (try #require(try status()?["since"] as? Double))
  }

  /// Begins a run that takes a while and is seen to go on.
  private func begin(_ studio: StudioSession, steps: Int) {
    #expect(studio.sees("skies-64"))
    studio.chooseFewSteps(steps)
    studio.type("r")
    #expect(studio.sees("step 1"), "\(studio.terminal.screen)")
  }

  @Test("leaving is no end: the run goes on, is shown again and becomes whole")
  func detaching() throws {
    let studio = try StudioSession(home: home)
    begin(studio, steps: 400)
    studio.type("q")
    #expect(studio.end() == 0)
    #expect(studio.errorText.contains("job 1 goes on"), "\(studio.errorText)")

    let text = try CommandRun(["status"], home: home)
    #expect(text.status == 0 && text.output.contains("0 screens open"), "\(text.output)")
    #expect(text.output.contains("runs: job 1: clips of video 1 with skies-64"), "\(text.output)")

    let again = try StudioSession(home: home, ["attach"])
    #expect(again.sees("Make"), "\(again.terminal.screen)")
    again.type("6")
    #expect((0..<12).contains { _ in again.sees("finished") }, "\(again.terminal.screen)")
    again.type("q")
    #expect(again.end() == 0)
    #expect(!again.errorText.contains("goes on"))
  }

  @Test("a lost connection and a killed screen are no end either", arguments: [true, false])
  func lostScreen(isKilled: Bool) throws {
    let studio = try StudioSession(home: home)
    begin(studio, steps: 12)
    if isKilled { studio.kill(.kill) } else { studio.terminal.hangUp() }
    studio.process.waitUntilExit()

    let again = try StudioSession(home: home)
    again.type("6")
    #expect((0..<12).contains { _ in again.sees("finished") }, "\(again.terminal.screen)")
    again.type("q")
    #expect(again.end() == 0)
  }

  @Test("a killed worker is replaced, its screen goes on, and the run from its last step")
  func lostWorker() throws {
    let studio = try StudioSession(home: home)
    begin(studio, steps: 400)
    // A worker that ends within a second of its greeting is not started again.
    while try age() < 3 {}
    kill(try process(), SIGKILL)
    studio.type("6")
    #expect(studio.sees("interrupted"), "\(studio.terminal.screen)")
    studio.type("@")
    #expect(studio.sees("another was started"), "\(studio.terminal.screen)")
    studio.type("@P")
    #expect((0..<12).contains { _ in studio.sees("finished") }, "\(studio.terminal.screen)")
    studio.type("q")
    #expect(studio.end() == 0)
  }

  @Test("two screens that open at once have one worker, and show the same")
  func twoScreens() throws {
    let (first, second) = (try StudioSession(home: home), try StudioSession(home: home))
    #expect(first.sees("skies-64"), "\(first.terminal.screen) \(first.errorText)")
    #expect(second.sees("skies-64"), "\(second.terminal.screen) \(second.errorText)")
    #expect(try status()?["screens"] as? Int == 2)
    first.chooseFewSteps()
    first.type("r")
    second.type("5")
    #expect(second.sees("1 clip"), "\(second.terminal.screen)")
    first.type("q")
    #expect(first.end() == 0)
    second.type("6")
    #expect(second.sees("finished"), "\(second.terminal.screen)")
    // The other is told when somebody ends the worker.
    let stop = try CommandRun(["stop"], home: home)
    #expect(stop.status == 0 && stop.output.contains("has ended"), "\(stop.errors)")
    #expect(second.end() == 130)
    #expect(second.errorText.contains("the studio's worker was stopped"), "\(second.errorText)")
  }

  @Test("commands queue work, say how it stands and end it, and it goes on when it is asked to")
  func commands() throws {
    for command in ["status", "stop", "attach"] {
      let run =
        command == "attach"
        ? try StudioSession(home: home, ["attach"]).ended
        : try CommandRun([command], home: home).outcome
      #expect(run.status == 2, "\(command)")
      #expect(run.errors.contains("no worker of the studio runs"), "\(run.errors)")
    }
    let refused = try CommandRun(["sample", "--queue", "-o", "a.mp4"], home: home)
    #expect(refused.status == 64 && refused.errors.contains("--output is of no use with --queue"))

    let queued = try CommandRun(
      ["sample", "skies-64", "--queue", "--steps", "1000", "--seed", "3"], home: home)
    #expect(queued.status == 0, "\(queued.errors)")
    #expect(queued.output.contains("video 1 is in the studio's queue"), "\(queued.output)")
    #expect(try status()?["screens"] as? Int == 0)
    #expect((try status()?["running"] as? [String])?.count == 1)
    let stop = try CommandRun(["stop"], home: home)
    #expect(stop.status == 0 && stop.output.contains("stopped job 1"), "\(stop.output)")
    #expect(try status() == nil)

    let studio = try StudioSession(home: home)
    studio.type("6")
    #expect(studio.sees("interrupted"), "\(studio.terminal.screen)")
    studio.type("q")
    #expect(studio.end() == 0)
    let log = try String(
      contentsOfFile: home + "/.local/share/pvdm/studio/worker.log", encoding: .utf8)
    #expect(log.contains("begins, process") && log.contains(" ends"))
  }
}

extension Int {
  fileprivate var asInt32: Int32 { Int32(self) }
}

extension CommandRun {
  fileprivate var outcome: (status: Int32, errors: String) { (status, errors) }
}

extension StudioSession {
  fileprivate var ended: (status: Int32, errors: String) { (end(), errorText) }
}
