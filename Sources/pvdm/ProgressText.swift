import Foundation
import StudioKit
import VideoDiffusion

/// One line that says how far a job is: clip, step, seconds a step, time left.
struct ProgressText {
  private let clipCount: Int?
  private let laterSteps: Int
  /// How much longer a step of a clip that continues another takes: guidance asks twice.
  private let laterCost: Double
  private var isContinuation = false
  private var clip = 0
  private var step = 0
  private var stepCount = 0
  private var loading = ""
  /// Mean of the recent steps' seconds, newer ones weighing more.
  private var secondsPerStep: Double?
  /// The same of decoding a clip.
  private var secondsPerDecode = 0.0
  private var previewSeconds = 0.0
  private var stepSeconds = 0.0

  init(_ request: GenerationRequest) {
    clipCount = request.clipCount
    laterSteps = request.laterSampler.steps
    laterCost = request.guidanceScale == 0 ? 1 : 2
  }

  mutating func note(_ event: JobEvent) {
    switch event {
    case .notes: break
    case .loading(let kind, let loaded, let total):
      loading =
        loaded < total ? "loading the \(kind.rawValue) \(loaded * 100 / max(total, 1)) %" : ""
    case .generation(.clipStarted(let start)):
      loading = ""
      clip = start.clip
      if start.isContinuation && !isContinuation { secondsPerStep = nil }
      isContinuation = start.isContinuation
      step = start.finishedSteps
      stepCount = start.stepCount
    case .generation(.step(let done)):
      step = done.finishedSteps
      stepCount = done.stepCount
      stepSeconds += done.seconds
      secondsPerStep = secondsPerStep.map { 0.9 * $0 + 0.1 * done.seconds } ?? done.seconds
    case .generation(.clipFinished): break
    case .preview(_, _, let seconds): previewSeconds += seconds
    case .decoded(_, _, _, let seconds): secondsPerDecode = seconds
    case .writing: loading = "writing"
    }
  }

  /// The line, without an end.
  var line: String {
    guard loading.isEmpty, stepCount > 0 else { return loading }
    let clips = clipCount.map { "\(clip + 1)/\($0)" } ?? "\(clip + 1)"
    var parts = ["clip \(clips)", "step \(step)/\(stepCount)"]
    if let secondsPerStep {
      parts.append(Self.speed(secondsPerStep))
      if let clipCount {
        let clipsLeft = clipCount - clip
        let cost = isContinuation ? 1 : laterCost
        let left =
          Double(stepCount - step) * secondsPerStep
          + Double((clipsLeft - 1) * laterSteps) * secondsPerStep * cost
        parts.append("\(Self.time(left + Double(clipsLeft) * secondsPerDecode)) left")
      }
    }
    if previewSeconds > 0, stepSeconds > 0 {
      let share = Int((100 * previewSeconds / (stepSeconds + previewSeconds)).rounded())
      parts.append("preview costs \(share) %")
    }
    return parts.joined(separator: "  ")
  }

  private static func speed(_ seconds: Double) -> String {
    seconds >= 0.1
      ? String(format: "%.2f s/it", seconds) : String(format: "%.1f it/s", 1 / max(seconds, 1e-6))
  }

  /// Hours, minutes and seconds.
  static func time(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }
}
