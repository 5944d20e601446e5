import EvaluationKit
import HandwrittenText
import StudioKit
import TerminalUI

/// Two scores side by side: their numbers, then all that they depend on.
struct ScoreComparison {
  /// The scores.
  let first: StoredEvaluation
  let second: StoredEvaluation
  private let comparison: ReportComparison

  /// - Returns: `nil` if one is not there or they measure different things.
  init?(_ first: EvaluationID, _ second: EvaluationID, _ app: AppState) {
    guard let a = app.evaluations.first(where: { $0.id == first }),
      let b = app.evaluations.first(where: { $0.id == second }),
      let comparison = try? ReportComparison(a.report, b.report)
    else { return nil }
    (self.first, self.second) = (a, b)
    self.comparison = comparison
  }

  private var all: [ReportComparison.Row] { comparison.scores + comparison.settings }

  /// A row for each number and setting; what differs stands out.
  var rows: [Table.Row] {
    all.enumerated().map { index, row in
      let isScore = index < comparison.scores.count
      let differs = row.first != row.second
      return Table.Row(
        [row.name, row.first, row.second, isScore ? row.change : differs ? "differs" : ""],
        role: isScore ? .accent : differs ? .warning : .text)
    }
  }

  /// Draws the table, and below it the selected row in full.
  func draw(in buffer: inout CellBuffer, area: Rectangle, state: TableState) {
    let count = comparison.differing.count
    let inner = Border(
      title: "\(first.report.metric.title): \(first.id.rawValue) and \(second.id.rawValue)",
      subtitle: count == 0
        ? "taken in the same way"
        : "\(counted(count, "setting")) differ\(count == 1 ? "s" : "")",
      footer: "Esc leaves", isFocused: true
    ).draw(in: &buffer, area: area).inset(left: 1, right: 1)
    let parts = Layout.split(inner, .vertical, [.fill(), .fixed(inner.height >= 10 ? 3 : 0)])
    let names = all.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
    Table(
      columns: [
        .init("", width: .fixed(min(names, 24))), .init(title(first)), .init(title(second)),
        .init("change", width: .fixed(12)),
      ], rows: rows
    ).draw(in: &buffer, area: parts[0], state: state)
    guard parts[1].height > 0, all.indices.contains(state.selected) else { return }
    let row = all[state.selected]
    for (index, text) in [row.name, "  \(row.first)", "  \(row.second)"].enumerated() {
      buffer.write(
        CharacterWidth.truncate(text, to: parts[1].width), column: parts[1].column,
        row: parts[1].row + index, style: Style(index == 0 ? .secondary : .text), clip: parts[1])
    }
  }

  private func title(_ stored: StoredEvaluation) -> String {
    "\(stored.id.rawValue)  \(stored.report.protocol.source)"
  }
}
