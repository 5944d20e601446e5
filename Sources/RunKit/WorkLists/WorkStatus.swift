import Foundation

/// How far a ``WorkList`` is, over all its workers.
public struct WorkStatus: Sendable, Hashable, Codable {
  /// Items in all.
  public var items: Int
  /// Items whose outputs are there.
  public var done = 0
  /// Items that cannot be done.
  public var failed = 0
  /// Items that a worker does now.
  public var running = 0
  /// Items whose worker was lost or stopped; the next one goes on with them.
  public var left = 0
  /// Items that nobody began.
  public var waiting = 0
  /// Workers that gave a sign within a lease.
  public var workers = 0
  /// Mean seconds that an item took; `nil` before the first.
  public var secondsPerItem: Double?
  /// Seconds until all is done with as many workers; `nil` while there are none, or nothing was measured.
  public var secondsLeft: Double?
  /// What was wrong with the items that failed, in the order of the list.
  public var faults: [Fault] = []

  /// An item that cannot be done.
  public struct Fault: Sendable, Hashable, Codable {
    /// Its name.
    public var item: String
    /// Why, in a sentence.
    public var fault: String
    /// The file with all that the command said.
    public var log: String
  }

  /// Looks at a list.
  ///
  /// - Parameter lease: Seconds after which a worker that gives no sign counts as lost.
  /// - Throws: ``StudioError`` if the folder cannot be written: ages are told by a file in it.
  public init(of list: WorkList, lease: Double = WorkerRun.usualLease) throws {
    items = list.items.count
    let observer = try WorkClaims(
      list, worker: "observer-\(UInt64.random(in: 0 ... .max))", lease: lease)
    defer { observer.leave() }
    var seconds = 0.0
    for item in list.items {
      if let record = WorkRecord(contentsOf: list.doneRecord(of: item)) {
        done += 1
        seconds += record.seconds
      } else if let record = WorkRecord(contentsOf: list.failedRecord(of: item)) {
        failed += 1
        faults.append(
          Fault(item: item.name, fault: record.fault ?? "it failed", log: list.log(of: item)))
      } else {
        switch try observer.holding(of: item) {
        case .free: waiting += 1
        case .held: running += 1
        case .abandoned: left += 1
        }
      }
    }
    workers = observer.activeWorkers
    guard done > 0 else { return }
    let mean = seconds / Double(done)
    secondsPerItem = mean
    if workers > 0 { secondsLeft = mean * Double(running + left + waiting) / Double(workers) }
  }
}
