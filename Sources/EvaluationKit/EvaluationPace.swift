import RunKit

/// How fast a stage of an evaluation goes, told by what was done since it began.
public struct EvaluationPace: Sendable, Hashable {
  private var stage = ""
  private var start = ContinuousClock.now
  private var now = ContinuousClock.now
  private var progress = ItemProgress("", done: 0, total: 0)

  /// Less time than this tells nothing.
  private static let leastSeconds = 0.5

  /// The pace before anything was done.
  public init() {}

  /// Notes how far a stage is at a moment; another stage begins anew.
  public mutating func note(_ progress: ItemProgress, at moment: ContinuousClock.Instant) {
    if stage != progress.stage { (stage, start) = (progress.stage, moment) }
    now = moment
    self.progress = progress
  }

  /// Seconds an item; `nil` until some were done. Items of an earlier run do not count.
  public var secondsEach: Double? {
    let made = progress.done - progress.resumed
    let seconds = (now - start) / .seconds(1)
    return made > 0 && seconds > Self.leastSeconds ? seconds / Double(made) : nil
  }

  /// Seconds until the stage is done.
  public var secondsLeft: Double? {
    secondsEach.map { $0 * Double(progress.total - progress.done) }
  }
}
