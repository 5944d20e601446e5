import Foundation
import RunKit
import Synchronization
import TestSupport
import Testing
import VideoDiffusion

/// Lists of work: every item once, whatever becomes of the workers.
@Suite struct WorkListTests {
  private let fixture: WorkListFixture

  init() throws { fixture = try WorkListFixture() }

  @Test("eight workers at once do each of 200 items once")
  func together() async throws {
    let list = try fixture.list(200)
    let done = Counts()
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<8 {
        group.addTask {
          let worker = try WorkerRun(list, name: "worker-\(index)")
          let summary = try await worker.run { item, place in
            done.add(item.name)
            await Task.yield()
            return try WorkListFixture.write(item, place)
          }
          return summary.done
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts.reduce(0, +) == 200)
    #expect(done.all.count == 200 && done.all.values.allSatisfy { $0 == 1 })
    try fixture.expectComplete(list)
  }

  @Test("what a lost worker held goes on where it was left, and no sooner")
  func lostWorker() async throws {
    let list = try fixture.list(3)
    // It leaves the item at work as a process that was killed does: nothing is told to anybody.
    let lost = try WorkerRun(list, name: "lost")
    do {
      _ = try await lost.run { _, place in
        try Data("half".utf8).write(to: URL(filePath: place.output + ".resume.safetensors"))
        throw CancellationError()
      }
      Issue.record("the worker ended well")
    } catch is CancellationError {}
    // What ended in an error lets go of its claims; what was killed would not have.
    try fixture.lose("lost", of: list)
    let path = list.folder + "/workers/lost"
    try FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
    var second = try WorkerRun(list, name: "second")
    second.waits = false
    let early = try await second.run { try WorkListFixture.write($0, $1) }
    #expect(early.done == 2)
    #expect(try WorkStatus(of: list).running == 1)

    try fixture.forget("lost", of: list)
    #expect(try WorkStatus(of: list).left == 1)
    let third = try WorkerRun(list, name: "third")
    var resumed = 0
    var lostWorkers: [Int] = []
    let summary = try await third.run { item, place in
      if place.canResume { resumed += 1 }
      return try WorkListFixture.write(item, place)
    } report: { event in
      if case .began(_, lostWorkers: let lost) = event { lostWorkers.append(lost) }
    }
    #expect(summary.done == 1 && resumed == 1 && lostWorkers == [1])
    try fixture.expectComplete(list)
  }

  @Test("a worker that comes back after another took over changes nothing, and is told to stop")
  func latecomer() async throws {
    let list = try fixture.list(1)
    let late = try WorkerRun(list, name: "late", lease: 1)
    let summary = try await late.run { item, place in
      // Its sign of life may come between the two.
      var others = 0
      while others == 0 {
        try fixture.forget("late", of: list)
        var other = try WorkerRun(list, lease: 1)
        other.waits = false
        others = try await other.run { try WorkListFixture.write($0, $1) }.done
      }
      // The own item is asked to stop once the worker looks again.
      while place.stop.moment == .never { try await Task.sleep(for: .milliseconds(1)) }
      // What it had is the other's by now, so that nothing of it can get in.
      #expect(throws: (any Error).self) { try WorkListFixture.write(item, place) }
      return .stopped
    }
    #expect(summary.done == 0 && summary.failed == 0)
    try fixture.expectComplete(list)
  }

  @Test("a worker that is stopped leaves its item to the next at once")
  func stopped() async throws {
    let list = try fixture.list(2)
    let stop = StopSignal()
    let first = try await WorkerRun(list, name: "first").run(stop: stop) { _, place in
      stop.requestStop(.afterStep)
      while place.stop.moment == .never { try await Task.sleep(for: .milliseconds(1)) }
      return .stopped
    }
    #expect(first.isStopped && first.done == 0)
    #expect(try WorkStatus(of: list).left == 1)
    #expect(try await WorkListFixture.finish(list, "second") == 2)
    try fixture.expectComplete(list)
  }

  @Test("an item that cannot be done keeps no other from being done, and is tried again on request")
  func failure() async throws {
    let list = try fixture.list(4)
    let summary = try await WorkerRun(list, name: "first").run { item, place in
      item.name == "seed-2" ? .failed("no such model") : try WorkListFixture.write(item, place)
    }
    #expect(summary.done == 3 && summary.failed == 1)
    let status = try WorkStatus(of: list)
    #expect(status.failed == 1 && status.faults.map(\.fault) == ["no such model"])
    #expect(try await WorkListFixture.finish(list, "second") == 0)
    try list.forgetFailures()
    #expect(try await WorkListFixture.finish(list, "third") == 1)
    try fixture.expectComplete(list)
  }

  @Test("an item that takes every worker with it fails in the end, and what it saved is kept")
  func poison() async throws {
    let list = try fixture.list(1)
    for index in 0..<5 {
      let worker = try WorkerRun(list, name: "w\(index)")
      _ = try? await worker.run { _, place in
        try WorkListFixture.save(place)
        throw CancellationError()
      }
      try fixture.lose("w\(index)", of: list)
    }
    let summary = try await WorkerRun(list, name: "last").run { try WorkListFixture.write($0, $1) }
    #expect(summary.failed == 1)
    #expect(
      try WorkStatus(of: list).faults.map(\.fault) == ["5 workers disappeared while they did it"])

    try list.forgetFailures()
    var resumed = 0
    let again = try await WorkerRun(list, name: "again").run { item, place in
      if place.canResume { resumed += 1 }
      return try WorkListFixture.write(item, place)
    }
    #expect(again.done == 1 && resumed == 1)
    try fixture.expectComplete(list)
  }

  @Test("outputs are gathered when all are there, or with what there is on request")
  func gathering() async throws {
    let list = try fixture.list(3)
    var worker = try WorkerRun(list, name: "one")
    worker.limit = 2
    #expect(try await worker.run { try WorkListFixture.write($0, $1) }.done == 2)
    let target = fixture.folder.path("all")
    #expect(throws: StudioError.self) { try list.gather(into: target, isPartial: false) }
    #expect(!fixture.folder.contents.contains("all"))
    #expect(try list.gather(into: target, isPartial: true) == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: target).count == 2)
    #expect(throws: StudioError.self) { try list.gather(into: target, isPartial: true) }
    #expect(try await WorkListFixture.finish(list, "two") == 1)
    #expect(try list.gather(into: fixture.folder.path("whole") + "/", isPartial: false) == 3)
  }

  @Test(
    "a list that others wrote leads nowhere outside its folder",
    arguments: [
      #"[{"name":"../a","arguments":["sample"],"output":"a.mp4"}]"#,
      #"[{"name":"a","arguments":["sample"],"output":"../a.mp4"}]"#,
      #"[{"name":"a","arguments":["sample"],"output":"/etc/a"}]"#,
      #"[{"name":".a","arguments":["sample"],"output":"a.mp4"}]"#,
      #"[{"name":"a","arguments":[],"output":"a.mp4"}]"#,
      #"[{"name":"a","arguments":["sample"],"output":"a"},{"name":"a","arguments":["sample"],"output":"b"}]"#,
      "[]",
    ])
  func hostile(items: String) throws {
    let path = fixture.folder.path("hostile")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let text = #"{"version":1,"program":"x","directory":"/","items":\#(items)}"#
    try Data(text.utf8).write(to: URL(filePath: path + "/list.json"))
    #expect(throws: StudioError.self) { try WorkList(opening: path) }
  }

  @Test("a folder that holds something, or no list, is refused with what to do")
  func folders() throws {
    _ = try fixture.list(1)
    #expect(throws: StudioError.self) { try fixture.list(1) }
    let error = #expect(throws: StudioError.self) { try WorkList(opening: fixture.folder.url.path) }
    #expect(error.map { Explanation($0).sentence.contains("pvdm work create") } == true)
  }
}

/// How often names were told.
private final class Counts: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  var all: [String: Int] { counts.withLock { $0 } }

  func add(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }
}
