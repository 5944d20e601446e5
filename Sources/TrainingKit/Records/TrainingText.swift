import Foundation
import RunKit

/// A training's progress as lines of text, for logs and terminals.
public enum TrainingText {
  /// How far the run is: step, losses, pace, time left, and more as far as there is room.
  ///
  /// - Parameter width: Columns that the line may take; `nil` for all of it.
  public static func line(_ progress: TrainingProgress, width: Int? = nil) -> String {
    var parts = ["step \(progress.step)/\(progress.steps)"]
    parts += progress.losses.map { "\(label($0.name)) \(number($0.value))" }
    parts.append(pace(progress.secondsPerStep))
    parts.append("\(PaceText.time(progress.secondsLeft)) left")
    if progress.skippedClips > 0 { parts.append("\(progress.skippedClips) clips skipped") }
    parts.append("\(number(Double(progress.residentBytes) / 1e9)) GB")
    parts.append("\(number(progress.clipsPerSecond)) clips/s")
    parts.append("rate \(number(progress.learningRate))")
    parts.append("gradient \(number(progress.gradientNorm))")
    var line = parts.joined(separator: "  ")
    if let width {
      while line.count > width, parts.count > 1 {
        parts.removeLast()
        line = parts.joined(separator: "  ")
      }
      line = String(line.prefix(width))
    }
    return line
  }

  /// What the run can do by now.
  public static func line(_ samples: TrainingSamples) -> String {
    let scores = samples.scores.map { score in
      "\(label(score.name)) \(number(score.value))" + (score.name == "psnr" ? " dB" : "")
    }
    return (["held-out clips after step \(samples.step):"] + scores + [samples.videoPath])
      .joined(separator: "  ")
  }

  /// A name of a column for people: `feature_matching` is `feature matching`.
  public static func label(_ name: String) -> String {
    name == "psnr" ? "PSNR" : name.replacing("_", with: " ")
  }

  /// Four significant digits; very small and very large numbers with an exponent.
  public static func number(_ value: Double) -> String { String(format: "%.4g", value) }

  /// Seconds a step, or steps a second where that is more.
  public static func pace(_ seconds: Double) -> String {
    seconds > 0 ? PaceText.speed(seconds) : "0.00 s/it"
  }
}
