import EvaluationKit
import RunKit
import StudioKit
import TerminalUI

/// The stored scores of what is compared: for each metric the latest of each model, those that were taken
/// with the compared settings first.
struct CompareScores {
  private let titles: [String]
  private let scores: [[Score]]

  /// - Parameter cells: What is compared, with the letters that name it.
  init(_ cells: [(letter: String, cell: CompareCell)], _ app: AppState) {
    titles = cells.map(\.letter)
    scores = cells.map { Self.scores(of: $0.cell, app) }
  }

  private var metrics: [Metric] {
    Metric.allCases.filter { metric in
      scores.contains { $0.contains { $0.stored.report.metric == metric } }
    }
  }

  /// A score of a cell's model.
  private struct Score {
    let stored: StoredEvaluation
    /// Whether it was taken with the cell's settings.
    let hasSameSettings: Bool

    /// The score, and what keeps it from being the cell's own, or the paper's, as far as there is room.
    func text(width: Int) -> String {
      let report = stored.report
      let value = report.leadingScore?.shortText ?? ""
      let badge = report.differences.isEmpty ? "paper protocol" : "not the paper's"
      guard !hasSameSettings else { return "\(value) \(badge)" }
      return width < 36 ? "\(value) other settings" : "\(value) other settings, \(badge)"
    }
  }

  private static func scores(of cell: CompareCell, _ app: AppState) -> [Score] {
    let clip = app.trees[cell.video]?.current
    guard let model = cell.variant?.model ?? clip?.model else { return [] }
    let settings = cell.variant?.settings ?? clip?.settings
    let entry =
      app.models.first { $0.reference == model } ?? ModelEntry(reference: model, path: "")
    return app.evaluations.latest(of: entry, settings: settings).map { stored in
      Score(
        stored: stored,
        hasSameSettings: settings.map { stored.report.wasTaken(with: $0) } ?? true)
    }
  }

  /// Rows that it takes: none without scores.
  var height: Int { metrics.isEmpty ? 0 : metrics.count + 1 }

  /// Draws a row for each metric, the scores below the letters.
  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let area = area.inset(left: 1, right: 1)
    let columns =
      [Table.Column("scores", width: .fixed(10))]
      + titles.map { Table.Column($0, width: .fill()) }
    let width = (area.width - 10) / max(titles.count, 1) - 1
    let rows = metrics.map { metric in
      Table.Row(
        [metric.shortTitle]
          + scores.map { column in
            column.first { $0.stored.report.metric == metric }?.text(width: width) ?? "-"
          })
    }
    var table = Table(columns: columns, rows: rows)
    table.hasSelection = false
    table.draw(in: &buffer, area: area, state: TableState())
  }
}
