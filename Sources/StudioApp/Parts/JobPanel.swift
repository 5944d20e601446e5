import StudioKit
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

  /// The state of a job in a world.
  package init(_ job: Job, _ world: World) {
    self.job = job
    progress = world.progress(of: job)
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
        Line("P goes on   x ends it", .secondary),
      ]
    case .interrupted:
      [
        Line("Interrupted\(afterClips): the program ended while it ran", .warning),
        Line("P goes on from its last saved step   x ends it", .secondary),
      ]
    case .finished: finishedLines
    case .cancelled: [Line("Cancelled\(afterClips)", .secondary)]
    case .failed(let sentence, let remedy):
      [Line("Failed\(afterClips): \(sentence)", .error)]
        + (remedy.isEmpty ? [] : [Line(remedy)]) + [Line("P tries again", .secondary)]
    }
  }

  private var afterClips: String {
    job.generation == nil || job.finishedClips == 0
      ? "" : " after \(Wording.count(job.finishedClips, "complete clip"))"
  }

  private var runningLines: [Line] {
    guard let progress else { return [Line("Starting", .secondary)] }
    var facts: [String] = []
    if job.generation != nil { facts.append(ProgressNotes.clip(progress)) }
    if progress.previewShare > 0 {
      facts.append("previews cost \(Int((progress.previewShare * 100).rounded()))%")
    }
    if progress.residentBytes > 0 { facts.append(Wording.bytes(progress.residentBytes)) }
    var lines = facts.isEmpty ? [] : [Line(facts.joined(separator: "   "))]
    if job.generation == nil {
      lines.append(Line("x stops it", .secondary))
    } else if progress.isStopping {
      lines.append(Line("Finishing this clip; x again stops after the step", .warning))
    } else {
      lines.append(Line("x stops after this clip and keeps it", .secondary))
    }
    return lines
  }

  private var finishedLines: [Line] {
    let time = job.secondsTaken.map { " in \(ProgressNotes.time($0))" } ?? ""
    guard job.generation != nil else { return [Line("Written\(time)", .success)] }
    let clips = Wording.count(job.finishedClips, "clip")
    guard let wanted = job.clipCount, job.finishedClips < wanted else {
      return [
        Line("Finished: \(clips)\(time)", .success), Line("w exports the video", .secondary),
      ]
    }
    return [
      Line("Stopped: \(job.finishedClips) of \(wanted) clips are kept", .success),
      Line("w exports the video", .secondary),
    ]
  }

  /// The bar of a running job: of the clip, or of what comes before and after its steps.
  package var bar: ProgressBar? {
    guard job.state == .running, let progress else { return nil }
    return ProgressBar(
      fraction: ProgressNotes.fraction(progress), notes: ProgressNotes.notes(progress))
  }

  /// The bar of all clips, where there are several and their number is known.
  package var clipsBar: ProgressBar? {
    guard job.state == .running, let progress, let count = progress.clipCount, count > 1 else {
      return nil
    }
    let begun = progress.phase == .sampling ? ProgressNotes.fraction(progress) ?? 0 : 0
    let fraction = min((Double(progress.finishedClips) + begun) / Double(count), 1)
    return ProgressBar(
      fraction: fraction, notes: ["\(progress.finishedClips)/\(Wording.count(count, "clip"))"])
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
