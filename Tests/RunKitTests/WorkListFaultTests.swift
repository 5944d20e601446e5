import Foundation
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Lists of work whose workers are stopped and whose items end in odd ways.
@Suite struct WorkListFaultTests {
  private let fixture: WorkListFixture

  init() throws { fixture = try WorkListFixture() }

  /// Does what is open with a worker that does not wait for others.
  private static func finish(
    _ list: WorkList, _ name: String
  ) async throws -> (summary: WorkerRun.Summary, resumed: Int, lostWorkers: [Int]) {
    var worker = try WorkerRun(list, name: name)
    worker.waits = false
    var resumed = 0
    var lostWorkers: [Int] = []
    let summary = try await worker.run { item, place in
      if place.canResume { resumed += 1 }
      return try WorkListFixture.write(item, place)
    } report: { event in
      if case .began(_, lostWorkers: let lost) = event { lostWorkers.append(lost) }
    }
    return (summary, resumed, lostWorkers)
  }

  @Test("a worker that is stopped is not lost: its item is gone on with, however often")
  func stoppedOften() async throws {
    let list = try fixture.list(1)
    for number in 0..<7 {
      let stop = StopSignal()
      let summary = try await WorkerRun(list, name: "w\(number)").run(stop: stop) { _, place in
        #expect(place.canResume == (number > 0))
        try WorkListFixture.save(place)
        stop.requestStop(.afterStep)
        return .stopped
      }
      #expect(summary.isStopped && summary.failed == 0)
    }
    let last = try await Self.finish(list, "last")
    #expect(last.summary.done == 1 && last.resumed == 1 && last.lostWorkers == [0])
    try fixture.expectComplete(list)
  }

  @Test("a worker that ends in an error lets go of its item at once, and is not lost")
  func endsInError() async throws {
    let list = try fixture.list(1)
    for number in 0..<6 {
      await #expect(throws: CancellationError.self) {
        try await WorkerRun(list, name: "w\(number)").run { _, _ in throw CancellationError() }
      }
    }
    let last = try await Self.finish(list, "last")
    #expect(last.summary.done == 1 && last.lostWorkers == [0])
  }

  @Test("an item whose process alone was stopped is free at once, though its worker goes on")
  func itemStoppedAlone() async throws {
    let list = try fixture.list(2)
    var worker = try WorkerRun(list, name: "first")
    worker.waits = false
    var isFirst = true
    var others = 0
    let summary = try await worker.run { item, place in
      if isFirst {
        isFirst = false
        return .stopped
      }
      others = try await Self.finish(list, "second").summary.done
      return try WorkListFixture.write(item, place)
    }
    #expect(summary.done == 1 && others == 1)
    try fixture.expectComplete(list)
  }

  @Test("a worker does not wait for itself", .timeLimit(.minutes(20)))
  func ownItem() async throws {
    let list = try fixture.list(1)
    var tries = 0
    let summary = try await WorkerRun(list, name: "one").run { item, place in
      tries += 1
      guard tries > 1 else { return .stopped }
      return try WorkListFixture.write(item, place)
    }
    #expect(summary.done == 1 && tries == 2)
    try fixture.expectComplete(list)
  }

  @Test("a command that ends well without an output is not done, and fails in words")
  func noOutput() async throws {
    let list = try fixture.list(1)
    let summary = try await WorkerRun(list, name: "one").run { _, _ in .done }
    #expect(summary.done == 0 && summary.failed == 1)
    let status = try WorkStatus(of: list)
    #expect(status.done == 0)
    #expect(status.faults.map(\.fault) == ["its command ended well and left no output"])
  }

  @Test("outputs that cannot be listed end the worker, and are not taken for none")
  func unlistable() async throws {
    let list = try fixture.list(1)
    await #expect(throws: StudioError.self) {
      try await WorkerRun(list, name: "one").run { _, place in
        let parts = URL(filePath: place.output).deletingLastPathComponent().path
        try FileManager.default.removeItem(atPath: parts)
        try Data().write(to: URL(filePath: parts))
        return .done
      }
    }
    let status = try WorkStatus(of: list)
    #expect(status.done == 0 && status.failed == 0 && status.left == 1)
  }

  @Test("a worker whose item was taken over tells of no outputs, although its command ended well")
  func takenOver() async throws {
    let list = try fixture.list(1)
    var late = try WorkerRun(list, name: "late", lease: 1)
    late.waits = false
    let summary = try await late.run { _, _ in
      var isTaken = false
      // Its sign of life may come between the two.
      while !isTaken {
        try fixture.forget("late", of: list)
        var other = try WorkerRun(list, lease: 1)
        other.waits = false
        _ = try await other.run { _, _ in
          isTaken = true
          return .stopped
        }
      }
      return .done
    }
    #expect(summary.done == 0 && summary.failed == 0)
    #expect(try WorkStatus(of: list).done == 0)
    #expect(try await Self.finish(list, "third").summary.done == 1)
    try fixture.expectComplete(list)
  }

  @Test("what an item saved before it failed is gone on with when it is tried again, once")
  func failedWithSavedRun() async throws {
    let list = try fixture.list(1)
    func fail(_ name: String) async throws -> Bool {
      var resumed = false
      let summary = try await WorkerRun(list, name: name).run { _, place in
        resumed = place.canResume
        try WorkListFixture.save(place)
        return .failed("no space is left")
      }
      #expect(summary.failed == 1)
      try list.forgetFailures()
      return resumed
    }
    #expect(try await !fail("first"))
    #expect(try await fail("second"))
    // What fails while it goes on may do so for what was saved.
    let last = try await Self.finish(list, "last")
    #expect(last.summary.done == 1 && last.resumed == 0 && last.lostWorkers == [0])
    try fixture.expectComplete(list)
  }

  @Test("an item whose record names no output is missing when outputs are gathered")
  func recordWithoutOutputs() async throws {
    let list = try fixture.list(2)
    var worker = try WorkerRun(list, name: "one")
    worker.limit = 1
    #expect(try await worker.run { try WorkListFixture.write($0, $1) }.done == 1)
    func record(_ item: WorkItem) -> String { "\(list.folder)/done/\(item.name).json" }
    let open = try #require(
      list.items.first(where: { !FileManager.default.fileExists(atPath: record($0)) }))
    try Data(#"{"worker":"w","seconds":1,"lost_workers":0,"outputs":[]}"#.utf8)
      .write(to: URL(filePath: record(open)))
    let target = fixture.folder.path("all")
    #expect(throws: StudioError.self) { try list.gather(into: target, isPartial: false) }
    #expect(try list.gather(into: target, isPartial: true) == 1)
  }
}
