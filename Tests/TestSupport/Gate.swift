import Foundation

/// Holds the threads that come to it until it is opened.
public final class Gate: @unchecked Sendable {
  private let condition = NSCondition()
  private var isOpen = false
  private var arrived = 0
  private var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

  /// A gate that is shut.
  public init() {}

  /// Holds the calling thread until the gate is open.
  public func wait() {
    condition.lock()
    arrived += 1
    let reached = watchers.filter { $0.count <= arrived }
    watchers.removeAll { $0.count <= arrived }
    for watcher in reached { watcher.continuation.resume() }
    while !isOpen { condition.wait() }
    condition.unlock()
  }

  /// Lets everybody through.
  public func open() {
    condition.lock()
    isOpen = true
    condition.broadcast()
    condition.unlock()
  }

  /// Waits, without a thread, until so many have come.
  public func arrivals(_ count: Int) async {
    await withCheckedContinuation { continuation in
      condition.lock()
      if arrived >= count {
        continuation.resume()
      } else {
        watchers.append((count, continuation))
      }
      condition.unlock()
    }
  }
}
