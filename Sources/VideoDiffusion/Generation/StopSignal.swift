import Synchronization

/// A wish, from any thread, that a run end. Unlike cancelling the task that reads its events, it lets
/// every event that was reported still be read.
public final class StopSignal: Sendable {
  /// When to end.
  public enum Moment: Int, Sendable, Comparable {
    /// Not at all.
    case never
    /// After the clip in progress.
    case afterClip
    /// After the step in progress.
    case afterStep

    public static func < (a: Moment, b: Moment) -> Bool { a.rawValue < b.rawValue }
  }

  private let requested = Atomic(Moment.never.rawValue)

  /// No wish yet.
  public init() {}

  /// Asks the run to end; an earlier moment that was asked for before stays.
  public func requestStop(_ moment: Moment) {
    requested.max(moment.rawValue, ordering: .relaxed)
  }

  /// When the run was asked to end.
  public var moment: Moment {
    Moment(rawValue: requested.load(ordering: .relaxed)) ?? .never
  }
}
