import EvaluationKit
import Foundation
import KitTestSupport
import StudioKit
import Synchronization
import TestSupport
import Testing

/// Jobs keep away from the threads that all of Swift's tasks share.
@Suite(.timeLimit(.minutes(5)))
struct WorkspaceThreadTests {
  /// A clock that counts seconds and holds who asks at a gate, from some question on.
  private final class GatedClock: Sendable {
    private let state = Mutex((asked: 0, free: Int.max))
    private let gate: Gate

    init(_ gate: Gate) { self.gate = gate }

    /// Lets so many more questions pass.
    func hold(after questions: Int) { state.withLock { $0.free = $0.asked + questions } }

    func now() -> Date {
      let (asked, isHeld) = state.withLock { state in
        state.asked += 1
        return (state.asked, state.asked > state.free)
      }
      if isHeld { gate.wait() }
      return Date(timeIntervalSinceReferenceDate: Double(asked))
    }
  }

  @Test("with more jobs held up than Swift has threads, a task with little to do still gets one")
  func jobsThatBlock() async throws {
    let fixtures = try EvaluationFixtures()
    var task = EvaluateTask(.drift, of: nil)
    task.videos = try fixtures.videos("videos", frames: [32])
    task.clips = 1
    task.frames = 32
    let gate = Gate()
    let count = ProcessInfo.processInfo.activeProcessorCount + 1
    // One lane does one job at a time, so that each job has a studio of its own.
    var workspaces: [Workspace] = []
    for number in 0..<count {
      let clock = GatedClock(gate)
      let workspace = try await WorkspaceFixture.open(
        WorkspaceFixture.folders(in: fixtures.folder.path("\(number)")), now: clock.now)
      // When it was asked for and when it began; the third question is the evaluation's own.
      clock.hold(after: 2)
      try await workspace.evaluate(task)
      workspaces.append(workspace)
    }
    await gate.arrivals(count)
    let first = workspaces[0]
    let states = await Task { await first.toldJobs.map(\.state) }.value
    #expect(states == [.running])
    gate.open()
    for workspace in workspaces {
      #expect(await workspace.settle().map(\.state) == [.finished])
      await workspace.close()
    }
  }
}
