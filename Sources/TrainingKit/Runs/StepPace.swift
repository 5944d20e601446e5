/// How long a training's steps take, for the time that is left.
///
/// The last steps count most, so that it follows what else the machine does; a process that was
/// suspended for a while does not make the remaining steps longer.
package struct StepPace {
  /// Smoothed seconds a step; `nil` before the first.
  package private(set) var seconds: Double?
  private var steps = 0

  /// Least share of a new step: about the last fifty count.
  private static let share = 0.02
  /// Times the pace beyond which a step was interrupted rather than slow.
  private static let longest = 10.0

  package init() {}

  /// Notes a step. The first, which prepares things, counts only until there is another.
  package mutating func note(_ duration: Double) {
    steps += 1
    guard let seconds else {
      self.seconds = duration
      return
    }
    let duration = min(duration, Self.longest * seconds)
    let share = steps == 2 ? 1 : max(1 / Double(steps - 1), Self.share)
    self.seconds = seconds + share * (duration - seconds)
  }
}
