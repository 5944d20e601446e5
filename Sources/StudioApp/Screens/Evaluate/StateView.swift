import EvaluationKit
import HandwrittenText
import StudioKit
import TerminalUI

/// What goes on beside an evaluation's form: how far the job is, else what is missing before it can
/// begin, else what it does.
struct StateView {
  private let job: Job?
  private let ahead: Job?
  private let task: EvaluateTask
  private let unmet: [EvaluationRequirement]?
  private let app: AppState

  init(_ screen: EvaluateScreen, _ app: AppState) {
    job = screen.shownJob(app)
    ahead = job?.state == .waiting ? app.runningJob : nil
    task = screen.form.task
    unmet = screen.unmetRequirements(app)
    self.app = app
  }

  /// The lines where no job is shown.
  private var lines: [JobPanel.Line] {
    guard let unmet else { return [] }
    guard !unmet.isEmpty else {
      return [
        .init(
          "\(app.keys[.run]) \(task.readyText). \(app.keys[.stop]) stops it and keeps what was computed."
        )
      ]
    }
    return unmet.flatMap { requirement in
      [JobPanel.Line(requirement.sentence, .warning)]
        + (requirement.remedy.isEmpty ? [] : [.init(requirement.remedy, .secondary)])
    }
  }

  /// Rows that it needs.
  func rows(width: Int) -> Int {
    if let job { return JobPanel(job, app).rows(width: width) + (ahead == nil ? 0 : 1) }
    return lines.reduce(0) { $0 + TextWrap.lines($1.text, width: max(width, 1)).count }
  }

  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    if let job {
      drawJob(job, in: &buffer, area: area)
      return
    }
    let count = unmet?.count ?? 0
    let inner = Border(
      title: unmet == nil ? "Checking" : count == 0 ? "Ready" : "Missing",
      subtitle: count > 1 ? "\(count) things" : ""
    ).draw(in: &buffer, area: area)
    var rest = inner
    for line in lines where !rest.isEmpty {
      rest = rest.inset(
        top: TextWrap.draw(line.text, in: &buffer, area: rest, style: Style(line.role)))
    }
  }

  private func drawJob(_ job: Job, in buffer: inout CellBuffer, area: Rectangle) {
    let panel = JobPanel(job, app)
    let inner = Border(title: panel.title, subtitle: job.title(app))
      .draw(in: &buffer, area: area)
    let rows = Layout.split(inner, .vertical, [.fixed(ahead == nil ? 0 : 1), .fill()])
    if let ahead {
      buffer.write(
        CharacterWidth.truncate(
          "job \(ahead.id.rawValue) comes first: \(ahead.title(app))", to: rows[0].width),
        column: rows[0].column, row: rows[0].row, style: Style(.secondary), clip: rows[0])
    }
    panel.draw(in: &buffer, area: rows[1])
  }
}

extension EvaluateTask {
  /// What the evaluation does, after its key.
  var readyText: String {
    metric.work(counted(clips, metric.noun), self)
  }
}
