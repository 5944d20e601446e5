import Foundation
import RunKit
import VideoDiffusion

/// Collects what steps give into the lines of a log.
struct TrainingMeter {
  private let settings: StageSettings
  private let schedule: (Int) -> Double
  private let names: [String]
  /// What was gathered since the last line. It is saved with the run, so that a line which a stop falls
  /// into is the same as without it.
  private(set) var window: Window
  /// Since the run began or went on.
  private var pace = StepPace()

  /// Sums over the steps since a line.
  struct Window: Sendable, Hashable, Codable {
    /// Of a loss, over the steps that gave one.
    struct Sum: Sendable, Hashable, Codable {
      var sum = 0.0
      var count = 0
    }

    var losses: [String: Sum] = [:]
    var norms = 0.0
    var seconds = 0.0
    var steps = 0
  }

  /// - Parameters:
  ///   - names: The losses in the order in which they are shown.
  ///   - window: What was gathered when the run was saved.
  init(_ settings: StageSettings, names: [String], window: Window = Window()) {
    self.settings = settings
    self.names = names
    self.window = window
    let schedule = settings.optimizer.schedule
    self.schedule = { schedule.rate(at: $0) }
  }

  /// Notes a step that took some seconds.
  mutating func note(_ result: TrainingStepResult, seconds: Double) {
    for loss in result.losses {
      window.losses[loss.name, default: Window.Sum()].sum += loss.value
      window.losses[loss.name, default: Window.Sum()].count += 1
    }
    window.norms += result.gradientNorm
    window.seconds += seconds
    window.steps += 1
    pace.note(seconds)
  }

  /// The line since the last one, which begins the next.
  mutating func progress(at step: Int, skippedClips: Int) -> TrainingProgress {
    let count = Double(max(1, window.steps))
    let each = window.seconds / count
    let clips = Double(settings.batch * settings.accumulation)
    let progress = TrainingProgress(
      step: step, steps: settings.steps,
      losses: names.compactMap { name in
        window.losses[name].map { NamedNumber(name, $0.sum / Double($0.count)) }
      }, learningRate: schedule(step), gradientNorm: window.norms / count,
      secondsPerStep: each, clipsPerSecond: each > 0 ? clips / each : 0,
      secondsLeft: (pace.seconds ?? 0) * Double(settings.steps - step),
      residentBytes: MemoryUse.residentByteCount, skippedClips: skippedClips)
    window = Window()
    return progress
  }
}

/// Notices a loss that has left for good, long before it overflows.
package struct DivergenceWatch: Sendable, Hashable, Codable {
  package init() {}

  /// Whether the last loss itself was out of the ordinary: one that a checkpoint should not follow.
  package private(set) var isSuspicious = false
  private var smoothed: Double?
  private var lowest: Double?
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
    let lowest = min(lowest ?? value, value)
    self.lowest = lowest
    isSuspicious = steps > Self.patience && loss > Self.limit * lowest
    return steps > Self.patience && value > Self.limit * lowest ? lowest : nil
  }
}
