import Foundation
import VideoDiffusion

/// Collects what steps give into the lines of a log.
struct TrainingMeter {
  private let settings: StageSettings
  private let schedule: (Int) -> Double
  private let names: [String]
  /// Sums since the last line.
  private var sums: [String: (sum: Double, count: Int)] = [:]
  private var norms = 0.0
  private var seconds = 0.0
  private var steps = 0
  /// Since the run began or went on.
  private var pace = StepPace()

  /// - Parameter names: The losses in the order in which they are shown.
  init(_ settings: StageSettings, names: [String]) {
    self.settings = settings
    self.names = names
    let schedule = settings.optimizer.schedule
    self.schedule = { schedule.rate(at: $0) }
  }

  /// Notes a step that took some seconds.
  mutating func note(_ result: TrainingStepResult, seconds: Double) {
    for loss in result.losses {
      let known = sums[loss.name] ?? (0, 0)
      sums[loss.name] = (known.sum + loss.value, known.count + 1)
    }
    norms += result.gradientNorm
    self.seconds += seconds
    steps += 1
    pace.note(seconds)
  }

  /// The line since the last one, which begins the next.
  mutating func progress(at step: Int, skippedClips: Int) -> TrainingProgress {
    let each = seconds / Double(max(1, steps))
    let clips = Double(settings.batch * settings.accumulation)
    let progress = TrainingProgress(
      step: step, steps: settings.steps,
      losses: names.compactMap { name in
        sums[name].map { NamedNumber(name, $0.sum / Double($0.count)) }
      }, learningRate: schedule(step), gradientNorm: norms / Double(max(1, steps)),
      secondsPerStep: each, clipsPerSecond: each > 0 ? clips / each : 0,
      secondsLeft: (pace.seconds ?? 0) * Double(settings.steps - step),
      residentBytes: ProcessMemory.residentBytes, skippedClips: skippedClips)
    sums = [:]
    norms = 0
    seconds = 0
    steps = 0
    return progress
  }
}

/// Notices a loss that has left for good, long before it overflows.
package struct DivergenceWatch {
  package init() {}

  /// Whether the last loss itself was out of the ordinary: one that a checkpoint should not follow.
  package private(set) var isSuspicious = false
  private var smoothed: Double?
  private var lowest = Double.infinity
  private var steps = 0

  /// Share of a new loss in the smoothed one.
  private static let share = 0.02
  /// Steps in which a training finds its way.
  private static let patience = 200
  /// Times the lowest smoothed loss that is out of the ordinary.
  private static let limit = 10.0

  /// Notes a step's loss.
  ///
  /// - Returns: The lowest smoothed loss so far, if the training has diverged.
  package mutating func diverged(_ loss: Double) -> Double? {
    steps += 1
    let value = (smoothed ?? loss) + Self.share * (loss - (smoothed ?? loss))
    smoothed = value
    lowest = min(lowest, value)
    isSuspicious = steps > Self.patience && loss > Self.limit * lowest
    return steps > Self.patience && value > Self.limit * lowest ? lowest : nil
  }
}
