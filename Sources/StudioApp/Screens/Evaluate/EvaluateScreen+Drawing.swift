import EvaluationKit
import RunKit
import TerminalUI

extension EvaluateScreen {
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    switch page {
    case .report: drawReport(in: &buffer, area: area, app)
    case .comparison:
      comparison(app)?.draw(in: &buffer, area: area, state: rowOfComparison)
    case .main:
      guard !area.showsOnePane else {
        return drawOnePane(in: &buffer, area: area, app)
      }
      drawMain(in: &buffer, area: area, app)
    }
  }

  private func drawMain(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let columns = Layout.split(area, .horizontal, [.fraction(0.42).limited(34, 52), .fill()])
    drawSetup(in: &buffer, area: columns[0], app)
    // A tall window has room for what goes on and for the selected score.
    let isTall = area.height >= 36
    let hasScores = !app.evaluations.isEmpty
    let stateRows = StateView(self, app).rows(width: columns[1].width - 2) + 2
    let rows = Layout.split(
      columns[1], .vertical,
      [
        .fill(), .fixed(isTall && hasScores ? area.height * 4 / 9 : 0),
        .fixed(min(max(stateRows, 10), area.height - 7)),
      ])
    drawScores(in: &buffer, area: rows[0], app)
    if isTall, hasScores { drawSelected(in: &buffer, area: rows[1], app) }
    if pane == .scores, !isTall, hasScores {
      drawSelected(in: &buffer, area: rows[2], app)
    } else {
      StateView(self, app).draw(in: &buffer, area: rows[2])
    }
  }

  /// In a small window: the pane with the keys, and what goes on below it where there is room.
  private func drawOnePane(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let stateRows = area.height >= 12 ? min(area.height - 8, 6) : 0
    let rows = Layout.split(area, .vertical, [.fill(), .fixed(stateRows)])
    if pane == .setup {
      drawSetup(in: &buffer, area: rows[0], app)
    } else {
      drawScores(in: &buffer, area: rows[0], app)
    }
    if !rows[1].isEmpty { StateView(self, app).draw(in: &buffer, area: rows[1]) }
  }

  // MARK: What is set up

  private func drawSetup(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let hasKeys = pane == .setup
    let inner = Border(title: "Evaluation", isFocused: hasKeys).draw(in: &buffer, area: area)
    let rows = Layout.split(
      inner, .vertical, [.fixed(min(inner.height - 1, form.rows)), .fixed(1)])
    form.draw(in: &buffer, area: rows[0], isFocused: hasKeys)
    guard let text = estimateText(app) else { return }
    let place = rows[1].inset(left: form.labelWidth(in: inner.width) + 1)
    buffer.write(
      "takes", column: inner.column, row: rows[1].row, style: Style(.secondary), clip: rows[1])
    buffer.write(
      CharacterWidth.truncate(text, to: place.width), column: place.column, row: place.row,
      style: Style(.accent), clip: place)
  }

  /// What generating the videos takes: `3:24:00 to make them`; `nil` where none are made.
  private func estimateText(_ app: AppState) -> String? {
    guard let key = estimateKey(app) else { return nil }
    guard let estimate = app.estimates[key] else { return "..." }
    return "~\(PaceText.time(estimate.seconds * Double(form.task.clips))) to make them"
  }

  // MARK: Scores

  /// The rows of the table.
  func rows(_ app: AppState, _ columns: [ScoreColumn]) -> [Table.Row] {
    app.evaluations.map { stored in
      Table.Row(
        columns.map { $0.text(stored, marked: markedID) },
        role: stored.id == markedID
          ? .accent : stored.report.differences.isEmpty ? .success : .text)
    }
  }

  private func drawScores(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let hasKeys = pane == .scores
    let count = app.evaluations.count
    let inner = Border(
      title: "Scores", subtitle: count == 0 ? "" : "\(count)", isFocused: hasKeys
    ).draw(in: &buffer, area: area)
    guard count > 0 else {
      EmptyState(
        "Nothing has been measured yet",
        lines: Self.needs,
        keys: [
          HelpEntry(keys: [.character("h"), .character("l")], name: "", help: "choose the metric"),
          app.keys.line(.run, "does the evaluation"),
        ]
      ).draw(in: &buffer, area: inner)
      return
    }
    let columns = inner.width >= 90 ? ScoreColumn.wide : ScoreColumn.narrow
    Table(columns: columns.map(\.tableColumn), rows: rows(app, columns))
      .draw(in: &buffer, area: inner, state: table, isFocused: hasKeys)
  }

  /// Which metrics need what, as their rows say: nothing but a model, real videos as well, or weights
  /// of other networks.
  static let needs: [String] = {
    func sentence(_ metrics: [Metric], _ need: String) -> String? {
      guard let first = metrics.first?.name else { return nil }
      let names = metrics.map(\.name).joined(separator: " and ")
      return first.prefix(1).uppercased() + names.dropFirst()
        + " need\(metrics.count == 1 ? "s" : "") \(need)."
    }
    let (alone, others) = (
      Metric.allCases.filter(\.needsModelAlone), Metric.allCases.filter { !$0.needsModelAlone }
    )
    return [
      sentence(alone, "a model alone"),
      sentence(others.filter { !$0.needsWeights }, "real videos, but no weights"),
      sentence(others.filter(\.needsWeights), "weights of another network"),
    ].compactMap { $0 }
  }()

  private func drawSelected(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    guard let stored = selected(app) else { return }
    let inner = Border(
      title: stored.report.metric.title, subtitle: stored.report.protocol.source,
      footer: "Enter shows all"
    ).draw(in: &buffer, area: area)
    let view = ReportView(stored)
    guard inner.width >= 90, view.hasCurves else {
      return view.draw(inner.height >= 14 ? view.lines : view.summary, in: &buffer, area: inner)
    }
    let parts = Layout.split(inner, .horizontal, gap: 2, [.fixed(48), .fill()])
    view.draw(view.lines, in: &buffer, area: parts[0])
    view.drawCurves(in: &buffer, area: parts[1])
  }

  private func drawReport(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    guard let stored = selected(app) else { return }
    let view = ReportView(stored)
    let inner = Border(
      title: stored.report.metric.title, subtitle: stored.report.protocol.source,
      footer:
        "\(table.selected + 1) of \(app.evaluations.count), h and l go to others, Esc leaves",
      isFocused: true
    ).draw(in: &buffer, area: area)
    let parts = Layout.split(
      inner, .horizontal, gap: 2, [.fixed(view.textWidth(in: area.width)), .fill()])
    view.draw(view.lines, from: scroll, in: &buffer, area: parts[0])
    view.drawCurves(in: &buffer, area: parts[1])
  }

  // MARK: Hints and details

  package func hints(_ app: AppState) -> [HelpEntry] {
    let leave = HelpEntry(keys: [.escape], name: "leave", help: "")
    switch page {
    case .comparison: return [HelpEntry(keys: [.character("j")], name: "down", help: ""), leave]
    case .report:
      return [
        HelpEntry(keys: [.character("j")], name: "scroll", help: ""),
        HelpEntry(keys: [.character("l")], name: "next", help: ""),
      ] + Self.section.rows([.mark, .compare, .reuse, .remove]) + [leave]
    case .main: break
    }
    let running: [ActionName] =
      switch shownJob(app)?.state {
      case .running: [.stop, .pause]
      case .waiting, .paused, .interrupted: [.run, .stop]
      default: [.run]
      }
    guard pane == .scores, !app.evaluations.isEmpty else {
      return Self.section.rows(running + [.pane])
        + [
          HelpEntry(keys: [.character("l")], name: "next choice", help: ""),
          HelpEntry(keys: [.enter], name: "type", help: ""),
        ]
    }
    return [HelpEntry(keys: [.enter], name: "open", help: "")]
      + Self.section.rows([.mark, .compare, .reuse, .remove] + running + [.pane])
  }

  package func information(_ app: AppState) -> [(name: String, value: String)] {
    guard let stored = selected(app) else { return [] }
    return stored.report.scores.map { ($0.name, $0.text) }
      + [("protocol", stored.report.badge)]
      + stored.report.protocol.fields.map { (name: $0.0, value: $0.1) }
  }
}
