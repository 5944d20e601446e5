import Foundation
import VideoDiffusion

/// How fast a run goes and how long it still takes, from its own last steps.
public struct RunPace: Sendable {
  private let clipCount: Int?
  private let laterSteps: Int
  private let isGuided: Bool
  /// Seconds of the last steps: of clips from nothing, and of those that continue another.
  private var firstSteps = RecentTimes()
  private var laterStepTimes = RecentTimes()
  private var decodings = RecentTimes()
  private var stepSeconds = 0.0
  private var previewSeconds = 0.0

  /// The clip in progress, from 0.
  public private(set) var clip = 0
  /// Steps done of it, and their number; 0 before the first clip begins.
  public private(set) var step = 0
  public private(set) var stepCount = 0
  private var isContinuation = false

  /// A run that is about to begin.
  public init(_ request: GenerationRequest) {
    clipCount = request.clipCount
    laterSteps = request.laterSampler.steps
    isGuided = request.guidanceScale > 0
  }

  /// Notes what the engine reports.
  public mutating func note(_ event: GenerationEvent) {
    switch event {
    case .clipStarted(let start):
      clip = start.clip
      step = start.finishedSteps
      stepCount = start.stepCount
      isContinuation = start.isContinuation
    case .step(let done):
      noteStep(done.finishedSteps, of: done.stepCount, seconds: done.seconds)
    case .clipFinished: break
    }
  }

  /// Notes a step of the clip in progress; previews are left out of its seconds.
  package mutating func noteStep(_ finished: Int, of count: Int, seconds: Double) {
    step = finished
    stepCount = count
    stepSeconds += seconds
    if isContinuation { laterStepTimes.add(seconds) } else { firstSteps.add(seconds) }
  }

  /// Notes the beginning of a clip.
  package mutating func noteClip(_ number: Int, stepCount: Int, isContinuation: Bool) {
    clip = number
    step = 0
    self.stepCount = stepCount
    self.isContinuation = isContinuation
  }

  /// Notes that a finished clip was decoded.
  public mutating func noteDecoding(seconds: Double) { decodings.add(seconds) }

  /// Notes what a preview took.
  public mutating func notePreview(seconds: Double) { previewSeconds += seconds }

  /// Seconds of a step of the clip in progress, averaged over the last ones.
  public var secondsPerStep: Double? {
    isContinuation ? secondsPerLaterStep : firstSteps.average
  }

  /// Until a clip continues another, guidance is known only to ask twice.
  private var secondsPerLaterStep: Double? {
    laterStepTimes.average ?? firstSteps.average.map { isGuided ? 2 * $0 : $0 }
  }

  /// Time spent on previews, of that spent on them and on steps: 0 to 1.
  public var previewShare: Double {
    previewSeconds > 0 ? previewSeconds / (previewSeconds + stepSeconds) : 0
  }

  /// Seconds of clips that other runs make afterwards, each continuing one; 0 before the first step.
  package func seconds(ofStepsAfterRun rest: (steps: Int, clips: Int)) -> Double {
    Double(rest.steps) * (secondsPerLaterStep ?? 0) + Double(rest.clips) * (decodings.average ?? 0)
  }

  /// Seconds until the run is done; `nil` before its first step, and of a run without end.
  public var secondsLeft: Double? {
    guard let clipCount, let now = secondsPerStep, let later = secondsPerLaterStep else {
      return nil
    }
    let clipsLeft = max(clipCount - clip, 0)
    guard clipsLeft > 0 else { return 0 }
    return Double(stepCount - step) * now + Double((clipsLeft - 1) * laterSteps) * later
      + Double(clipsLeft) * (decodings.average ?? 0)
  }
}

/// The last times of something.
private struct RecentTimes: Sendable {
  private var times: [Double] = []
  private static let limit = 20

  mutating func add(_ seconds: Double) {
    times.append(seconds)
    if times.count > Self.limit { times.removeFirst() }
  }

  /// Their average without the shortest and longest tenth, which are seldom the work's own.
  var average: Double? {
    guard !times.isEmpty else { return nil }
    let dropped = times.count / 10
    let kept = times.sorted().dropFirst(dropped).dropLast(dropped)
    return kept.reduce(0, +) / Double(kept.count)
  }
}

/// Times and speeds as progress shows them.
public enum PaceText {
  /// `1:02`, or `2:03:04` from an hour on; `unknown` for what is no time.
  public static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "unknown" }
    let whole = Int(max(seconds, 0).rounded(.up))
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }

  /// Seconds a step (`1.25 s/it`), or steps a second where those are many.
  public static func speed(_ secondsPerStep: Double) -> String {
    secondsPerStep >= 0.1
      ? String(format: "%.2f s/it", secondsPerStep)
      : String(format: "%.1f it/s", 1 / max(secondsPerStep, 1e-6))
  }
}
