import HandwrittenText
import RunKit
import StudioKit
import StudioLink
import TerminalUI

/// How far a job is and what ends it, or how it ended and what can be done about it.
package struct JobPanel: Sendable {
  /// A line below the bar.
  package struct Line: Sendable, Hashable {
    package var text: String
    package var role: Role

    package init(_ text: String, _ role: Role = .text) {
      self.text = text
      self.role = role
    }
  }

  private let job: Job
  private let progress: JobProgress?
  private let keys: KeyChoices

  /// The state of a job in a state.
  package init(_ job: Job, _ app: AppState) {
    self.job = job
    progress = app.progress(of: job)
    keys = app.keys
  }

  /// What the frame around it says: `Job 7`.
  package var title: String { "Job \(job.id.rawValue)" }

  /// What stands below the bar, or alone where nothing runs; the most important first.
  package var lines: [Line] {
    switch job.state {
    case .running: runningLines
    case .waiting: [Line("Waits for its turn", .secondary)]
    case .paused:
      [
        Line("Paused\(afterClips); what was done of it is kept", .warning),
        Line("\(keys[.pause]) lets it go on, \(keys[.stop]) ends it", .secondary),
      ]
    case .interrupted:
      [
        Line("Interrupted\(afterClips): the program ended while it ran", .warning),
        Line("\(keys[.pause]) lets it go on, \(keys[.stop]) ends it", .secondary),
      ]
    case .finished: finishedLines
    case .cancelled: [Line("Cancelled\(afterClips)", .secondary)]
    case .failed(let sentence, let remedy):
      [Line("Failed\(afterClips): \(sentence)", .error)]
        + (remedy.isEmpty ? [] : [Line(remedy)]) + [Line("\(keys[.pause]) tries again", .secondary)]
    }
  }

  private var afterClips: String {
    job.generation == nil || job.finishedClips == 0
      ? "" : " after \(counted(job.finishedClips, "complete clip"))"
  }

  private var runningLines: [Line] {
    guard let progress else { return [Line("Starting", .secondary)] }
    var facts: [String] = []
    if job.generation != nil { facts.append(ProgressNotes.clip(progress)) }
    if let stage = progress.phase.counted {
      facts.append("\(stage) \(progress.step)/\(progress.stepCount)")
    } else if progress.stepCount > 0 {
      facts.append("step \(progress.step)/\(progress.stepCount)")
    }
    if progress.previewShare > 0 {
      facts.append("previews \(Int((progress.previewShare * 100).rounded()))%")
    }
    if progress.residentBytes > 0 { facts.append(Wording.bytes(progress.residentBytes)) }
    var lines = facts.isEmpty ? [] : [Line(facts.joined(separator: "  "))]
    if job.evaluation != nil {
      let text =
        progress.isStopping
        ? "Stopping; what was computed is kept" : "\(keys[.stop]) stops it, to go on later"
      lines.append(Line(text, progress.isStopping ? .warning : .secondary))
    } else if job.training != nil {
      let text =
        progress.isStopping ? "Stopping after this step" : "\(keys[.stop]) stops and saves it"
      lines.append(Line(text, progress.isStopping ? .warning : .secondary))
    } else if job.generation == nil {
      lines.append(Line("\(keys[.stop]) stops it", .secondary))
    } else if progress.isStopping {
      lines.append(Line("Stopping after this clip; \(keys[.stop]) again: at once", .warning))
    } else {
      lines.append(Line("\(keys[.stop]) stops after this clip and keeps it", .secondary))
    }
    return lines
  }

  private var finishedLines: [Line] {
    let time = job.secondsTaken.map { " in \(PaceText.time($0))" } ?? ""
    guard job.evaluation == nil else {
      return [Line("Measured\(time); \(ScreenID.evaluate.keyName) shows the score", .success)]
    }
    guard job.training == nil else {
      return [Line("Trained\(time); \(ScreenID.train.keyName) shows the run", .success)]
    }
    guard job.generation != nil else { return [Line("Written\(time)", .success)] }
    guard let wanted = job.clipCount, job.finishedClips < wanted else {
      return [Line("Finished: \(counted(job.finishedClips, "clip"))\(time)", .success)]
    }
    return [Line("Stopped: \(job.finishedClips) of \(wanted) clips are kept", .success)]
  }

  /// The bar of a running job: of the clip, or of what comes before and after its steps.
  package var bar: ProgressBar? {
    guard job.state == .running, let progress else { return nil }
    var notes = [ProgressNotes.short(progress)]
    if case .loading(let share) = progress.phase { notes = ["loading \(Int(share * 100))%"] }
    if let seconds = progress.secondsPerStep { notes.append(PaceText.speed(seconds)) }
    if let left = progress.secondsLeft { notes.append("\(PaceText.time(left)) left") }
    return ProgressBar(fraction: ProgressNotes.fraction(progress), notes: notes)
  }

  /// The bar of all clips, where there are several and their number is known.
  package var clipsBar: ProgressBar? {
    guard job.state == .running, let progress, let count = progress.clipCount, count > 1 else {
      return nil
    }
    let isMakingClip = progress.phase == .sampling || progress.phase == .decoding
    let begun = isMakingClip ? ProgressNotes.fraction(progress) ?? 0 : 0
    let fraction = min((Double(progress.finishedClips) + begun) / Double(count), 1)
    return ProgressBar(
      fraction: fraction, notes: ["\(progress.finishedClips)/\(counted(count, "clip"))"])
  }

  /// Rows for everything but the bar of all clips.
  package func rows(width: Int) -> Int {
    lines.reduce(bar == nil ? 0 : 1) { $0 + TextWrap.lines($1.text, width: width).count }
  }

  /// Draws the bars and lines from the top of an area on; the bar of all clips where there is room.
  package func draw(in buffer: inout CellBuffer, area: Rectangle) {
    var rest = area
    if let bar {
      bar.draw(in: &buffer, area: rest)
      rest = rest.inset(top: 1)
    }
    if let clipsBar, rest.height > lines.count {
      clipsBar.draw(in: &buffer, area: rest)
      rest = rest.inset(top: 1)
    }
    for (index, line) in lines.enumerated() where !rest.isEmpty {
      // Each of the lines below keeps a row.
      let room = max(rest.height - (lines.count - index - 1), 1)
      var place = rest
      place.height = min(room, rest.height)
      let rows = TextWrap.draw(line.text, in: &buffer, area: place, style: Style(line.role))
      rest = rest.inset(top: rows)
    }
  }
}

extension JobProgress.Phase {
  /// What `step` and `stepCount` count, where that is not the steps of a clip.
  fileprivate var counted: String? {
    switch self {
    case .evaluating(let stage), .training(let stage): stage
    default: nil
    }
  }
}
