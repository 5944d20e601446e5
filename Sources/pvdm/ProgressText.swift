import Foundation
import RunKit
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
    if let seconds = pace.secondsPerStep { parts.append(PaceText.speed(seconds)) }
    if let left = pace.secondsLeft { parts.append("\(PaceText.time(left)) left") }
    if pace.previewShare > 0 {
      parts.append(String(format: "previews cost %.1f %%", 100 * pace.previewShare))
    }
    return parts.joined(separator: "  ")
  }
}
