import Foundation
import Synchronization
import TensorCore
import VideoDiffusion

/// One worker at work on a ``WorkList``: claims items until none is left, and does them one after the other.
public struct WorkerRun: Sendable {
  /// What has to be known to do an item.
  public struct Place: Sendable {
    /// Where its output goes for now; nobody else writes there.
    public let output: String
    /// Where the command's messages go.
    public let log: String
    /// A worker before was lost or stopped, and left a run to go on with.
    public let canResume: Bool
    /// Asks for an end: the worker is to stop, or the item was taken over.
    public let stop: StopSignal
  }

  /// What became of an item.
  public enum Outcome: Sendable, Hashable {
    /// Its outputs are there.
    case done
    /// It cannot be done; why, in a sentence.
    case failed(String)
    /// It was stopped, and what is there of it can be gone on with.
    case stopped
  }

  /// What happens.
  public enum Event: Sendable, Hashable {
    /// An item was claimed; `lostWorkers` held it before and disappeared.
    case began(WorkItem, lostWorkers: Int)
    /// An item is done; `isOwn` tells whether this worker was the first.
    case done(WorkItem, seconds: Double, isOwn: Bool)
    /// An item cannot be done.
    case failed(WorkItem, fault: String)
    /// An item was left, to be gone on with.
    case left(WorkItem)
    /// All that is left is held by others.
    case waiting(held: Int)
  }

  /// What a worker did.
  public struct Summary: Sendable, Hashable {
    /// Items that it did.
    public var done = 0
    /// Items that cannot be done.
    public var failed = 0
    /// Whether it was stopped.
    public var isStopped = false
  }

  private let list: WorkList
  private let claims: WorkClaims
  private let name: String
  /// The most items to do; `nil` for all.
  public var limit: Int?
  /// Whether the worker stays while others hold items, to take over those of workers that are lost.
  public var waits = true

  /// Seconds after which a worker that gives no sign counts as lost.
  public static let usualLease = 60.0

  /// Enters a worker.
  ///
  /// - Parameters:
  ///   - name: What tells it from all others; `nil` makes one of host, process and chance.
  ///   - lease: Seconds after which others take over from a worker that gives no sign. All workers of a list
  ///     should have the same.
  /// - Throws: ``StudioError`` or `CheckpointError` if the folder cannot be written.
  public init(_ list: WorkList, name: String? = nil, lease: Double = usualLease) throws {
    self.list = list
    let holder = LockHolder(since: Date())
    self.name =
      name
      ?? WorkItem.name(
        of: "\(holder.host)-\(holder.process)-\(String(UInt32.random(in: 0 ... .max), radix: 36))")
    claims = try WorkClaims(list, worker: self.name, lease: lease)
  }

  /// Does items until none is left, or until it is stopped.
  ///
  /// - Parameters:
  ///   - stop: Ends it: the item at work is asked to stop, and what the worker holds is free for others.
  ///   - perform: Does one item.
  /// - Throws: ``StudioError`` or `CheckpointError` if the folder cannot be written any more, and what
  ///   `perform` throws.
  public func run(
    stop: StopSignal = StopSignal(),
    perform: (WorkItem, Place) async throws -> Outcome,
    report: (Event) -> Void = { _ in }
  ) async throws -> Summary {
    let heart = Heart(claims, stop)
    defer {
      heart.stop()
      claims.abandon()
    }
    var summary = Summary()
    // Workers begin at different places, so that they rarely want the same item.
    var open = Array(list.items)
    let start = Int(FNV1a.hash(name.utf8) % UInt64(open.count))
    open = Array(open[start...] + open[..<start])
    var pause: Double?
    while true {
      var held: [WorkItem] = []
      for item in open {
        if stop.moment != .never {
          summary.isStopped = true
          return summary
        }
        if let limit, summary.done + summary.failed >= limit { return summary }
        if list.isSettled(item) { continue }
        guard let claim = try claims.claim(item) else {
          held.append(item)
          continue
        }
        // The last worker may have finished it between the look and the claim.
        if list.isSettled(item) {
          try claims.letGo(claim)
          continue
        }
        pause = nil
        let isSettled = try await work(on: claim, heart, &summary, perform, report)
        if !isSettled { held.append(item) }
      }
      open = held
      if let problem = heart.problem { throw problem }
      guard !open.isEmpty, waits else { return summary }
      if pause == nil { report(.waiting(held: open.count)) }
      // Others are often done soon; later they are asked less often.
      let seconds = min(pause ?? 0.02, claims.lease / 4, 2)
      pause = 2 * seconds
      try? await Task.sleep(for: .seconds(seconds))
    }
  }

  /// Does an item that was claimed. Whatever ends it before it is settled lets go of it.
  ///
  /// - Returns: Whether nothing is left to do for the item.
  private func work(
    on claim: WorkClaims.Claim, _ heart: Heart, _ summary: inout Summary,
    _ perform: (WorkItem, Place) async throws -> Outcome, _ report: (Event) -> Void
  ) async throws -> Bool {
    report(.began(claim.item, lostWorkers: claim.lostWorkers))
    do {
      let start = ContinuousClock.now
      let parts = try WorkParts(list, claim)
      let resumes = try parts.holdSavedRun
      let outcome = try await outcome(of: claim, parts, resumes: resumes, heart, perform)
      let record = WorkRecord(
        worker: name, seconds: (ContinuousClock.now - start).inSeconds,
        lostWorkers: claim.lostWorkers, outputs: [])
      if try settle(claim, parts, outcome, record, resumed: resumes, &summary, report) {
        return true
      }
      try claims.letGo(claim)
      report(.left(claim.item))
      return false
    } catch {
      try? claims.letGo(claim)
      throw error
    }
  }

  /// Does an item, unless it took too many workers with it.
  private func outcome(
    of claim: WorkClaims.Claim, _ parts: WorkParts, resumes: Bool, _ heart: Heart,
    _ perform: (WorkItem, Place) async throws -> Outcome
  ) async throws -> Outcome {
    guard claim.lostWorkers < WorkClaims.mostLosses else {
      return .failed("\(claim.lostWorkers) workers disappeared while they did it")
    }
    let place = Place(
      output: parts.folder + "/" + claim.item.output, log: list.log(of: claim.item),
      canResume: resumes, stop: heart.begin(claim))
    defer { heart.end() }
    return try await perform(claim.item, place)
  }

  /// Records what became of an item.
  ///
  /// - Parameter resumed: Whether it went on with a run that was saved.
  /// - Returns: Whether it is settled; else it is left to others, or is another's by now.
  private func settle(
    _ claim: WorkClaims.Claim, _ parts: WorkParts, _ outcome: Outcome, _ record: WorkRecord,
    resumed: Bool, _ summary: inout Summary, _ report: (Event) -> Void
  ) throws -> Bool {
    // Whoever took it over has what was made, and tells of it.
    guard claims.stillHolds(claim) else { return false }
    let item = claim.item
    var record = record
    switch outcome {
    case .stopped: return false
    case .done:
      do { record.outputs = try parts.publish() } catch {
        // It may have been taken over since.
        guard claims.stillHolds(claim) else { return false }
        throw error
      }
      guard !record.outputs.isEmpty else {
        let fault = Outcome.failed("its command ended well and left no output")
        return try settle(claim, parts, fault, record, resumed: resumed, &summary, report)
      }
      let isOwn = try record.write(to: list.doneRecord(of: item))
      if isOwn { summary.done += 1 }
      report(.done(item, seconds: record.seconds, isOwn: isOwn))
    case .failed(let fault):
      record.fault = fault
      guard !list.isDone(item) else { return true }
      _ = try record.write(to: list.failedRecord(of: item))
      // What was saved is gone on with when the item is tried again, unless that is what failed.
      let isTried = claim.lostWorkers < WorkClaims.mostLosses
      if (try? parts.holdSavedRun) == false || isTried && resumed { parts.remove() }
      try claims.letGo(claim)
      summary.failed += 1
      report(.failed(item, fault: fault))
    }
    return true
  }
}

/// The sign of life of a worker: renews its claims from a thread of its own, whatever the work does, and
/// looks whether the item at work was taken over.
private final class Heart: Sendable {
  private struct State {
    var claim: WorkClaims.Claim?
    var itemStop: StopSignal?
    var problem: (any Error)?
    var isOver = false
  }

  private let state = Mutex(State())

  init(_ claims: WorkClaims, _ stop: StopSignal) {
    let interval = claims.lease / 4
    let thread = Thread { [self] in
      var next = ContinuousClock.now
      while true {
        let (isOver, claim, itemStop) = state.withLock { ($0.isOver, $0.claim, $0.itemStop) }
        if isOver { return }
        if stop.moment != .never { itemStop?.requestStop(.afterStep) }
        if ContinuousClock.now >= next {
          next = ContinuousClock.now + .seconds(interval)
          do { try claims.renew() } catch { state.withLock { $0.problem = error } }
          if let claim, !claims.stillHolds(claim) { itemStop?.requestStop(.afterStep) }
        }
        Thread.sleep(forTimeInterval: min(interval, 0.1))
      }
    }
    thread.start()
  }

  /// Why the worker cannot say that it lives.
  var problem: (any Error)? { state.withLock(\.problem) }

  /// - Returns: What asks the item to stop.
  func begin(_ claim: WorkClaims.Claim) -> StopSignal {
    let signal = StopSignal()
    state.withLock {
      $0.claim = claim
      $0.itemStop = signal
    }
    return signal
  }

  func end() {
    state.withLock {
      $0.claim = nil
      $0.itemStop = nil
    }
  }

  func stop() { state.withLock { $0.isOver = true } }
}
