import HandwrittenText
import StudioLink
import TerminalUI

/// What is happening to a video: how far its job is and how to stop it, or what failed and what to
/// do about it.
package struct JobPane: Sendable, Hashable {
  private var title: String
  private var role: Role
  private var bar: ProgressBar?
  private var text: String
  private var hint: String

  /// Something that went wrong.
  package init(title: String, text: String, hint: String) {
    self.title = title
    self.text = Self.sentence(text)
    self.hint = Self.sentence(hint)
    role = .error
  }

  /// What is happening to a video; `nil` if nothing is.
  package init?(_ activity: VideoActivity, _ app: AppState) {
    role = .text
    switch activity {
    case .none, .cancelled: return nil
    case .running(let job):
      let progress = app.progress(of: job)
      let clip = progress.map(ProgressNotes.clip) ?? "starting"
      title = "Making \(clip)"
      bar = ProgressBar(
        fraction: progress.flatMap(ProgressNotes.fraction),
        notes: progress.map(ProgressNotes.notes) ?? [])
      text = ""
      hint =
        progress?.isStopping == true
        ? "Stopping after this clip; \(app.keys[.stop]) again stops after this step."
        : "\(app.keys[.stop]) stops after this clip, \(app.keys[.pause]) pauses."
      if let share = progress?.previewShare, share >= 0.005 {
        hint += " Previews cost \(Int((share * 100).rounded())) %."
      }
    case .waiting:
      title = "Waiting"
      text = "Another run comes first."
      hint = "\(ScreenID.queue.keyName) shows the queue, \(app.keys[.stop]) cancels."
    case .held(let job):
      title = job.state == .paused ? "Paused" : "Interrupted"
      role = .warning
      let clips = job.finishedClips
      text = "\(counted(clips, "clip")) of this run kept."
      hint = "\(app.keys[.pause]) lets it go on, \(app.keys[.stop]) ends it."
    case .failed(let job, let sentence, let remedy):
      title = "Failed"
      role = .error
      let kept = job.finishedClips
      let clips = "\(counted(kept, "finished clip")) \(kept == 1 ? "is" : "are") kept."
      text = [Self.sentence(sentence), kept > 0 ? clips : "", Self.sentence(remedy)]
        .filter { !$0.isEmpty }.joined(separator: " ")
      hint = "\(app.keys[.pause]) tries again."
    }
  }

  /// A sentence of a notice as one that stands by itself.
  private static func sentence(_ text: String) -> String {
    guard let first = text.first, let last = text.last else { return "" }
    return first.uppercased() + text.dropFirst() + (last.isPunctuation ? "" : ".")
  }

  /// Rows that it takes without its frame.
  package func rows(width: Int) -> Int {
    (bar == nil ? 0 : 1) + (text.isEmpty ? 0 : TextWrap.lines(text, width: width).count)
      + TextWrap.lines(hint, width: width).count
  }

  /// Draws it in a frame.
  package func draw(in buffer: inout CellBuffer, area: Rectangle) {
    var inner = Border(title: title).draw(in: &buffer, area: area).inset(left: 1, right: 1)
    if let bar {
      bar.draw(in: &buffer, area: inner)
      inner = inner.inset(top: 1)
    }
    if !text.isEmpty {
      let rows = TextWrap.draw(text, in: &buffer, area: inner, style: Style(role))
      inner = inner.inset(top: rows)
    }
    TextWrap.draw(hint, in: &buffer, area: inner, style: Style(.secondary))
  }
}
