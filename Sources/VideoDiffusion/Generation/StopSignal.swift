import Synchronization

/// A wish, from any thread, that a run end after the clip it is making. (To end it at once, cancel the
/// task that reads its events.)
public final class StopSignal: Sendable {
  private let requested = Atomic(false)

  /// No wish yet.
  public init() {}

  /// Asks the run to end after the current clip.
  public func requestStop() { requested.store(true, ordering: .relaxed) }

  /// Whether the run was asked to end.
  public var isRequested: Bool { requested.load(ordering: .relaxed) }
}
