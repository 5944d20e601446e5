import Foundation
import StudioKit
import VideoDiffusion

/// One line that says how far a job is: clip, step, seconds a step, time left.
struct ProgressText {
  private let clipCount: Int?
  private var pace: RunPace
  private var loading = ""

  init(_ request: GenerationRequest) {
    clipCount = request.clipCount
    pace = RunPace(request)
  }

  mutating func note(_ event: JobEvent) {
    switch event {
    case .notes: break
    case .loading(let kind, let loaded, let total):
      loading =
        loaded < total ? "loading the \(kind.rawValue) \(loaded * 100 / max(total, 1)) %" : ""
    case .generation(let event):
      if case .clipStarted = event { loading = "" }
      pace.note(event)
    case .preview(let preview): pace.notePreview(seconds: preview.seconds)
    case .decoded(_, _, _, let seconds): pace.noteDecoding(seconds: seconds)
    case .writing: loading = "writing"
    }
  }

  /// The line, without an end.
  var line: String {
    guard loading.isEmpty, pace.stepCount > 0 else { return loading }
    let clips = clipCount.map { "\(pace.clip + 1)/\($0)" } ?? "\(pace.clip + 1)"
    var parts = ["clip \(clips)", "step \(pace.step)/\(pace.stepCount)"]
    if let seconds = pace.secondsPerStep { parts.append(Self.speed(seconds)) }
    if let left = pace.secondsLeft { parts.append("\(Self.time(left)) left") }
    if pace.previewShare > 0 {
      parts.append(String(format: "previews cost %.1f %%", 100 * pace.previewShare))
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
