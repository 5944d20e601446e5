import StudioKit
import TerminalUI

/// The stored scores of what is compared: for each metric the latest of each model, those that were taken
/// with the compared settings first.
struct CompareScores {
  private let titles: [String]
  private let rows: [Table.Row]

  /// - Parameter cells: What is compared, with the letters that name it.
  init(_ cells: [(letter: String, cell: CompareCell)], _ world: World) {
    titles = cells.map(\.letter)
    let scores = cells.map { Self.scores(of: $0.cell, world) }
    rows = EvaluationMetric.allCases.compactMap { metric in
      let texts = scores.map { column in
        column.first { $0.stored.report.metric == metric }?.text ?? "-"
      }
      return texts.allSatisfy { $0 == "-" } ? nil : Table.Row([metric.shortTitle] + texts)
    }
  }

  /// A score of a cell's model.
  private struct Score {
    let stored: StoredEvaluation
    /// Whether it was taken with the cell's settings.
    let hasSameSettings: Bool

    var text: String {
      let report = stored.report
      var notes = [report.differences.isEmpty ? "paper protocol" : "not the paper's"]
      // What keeps it from being the cell's own score comes first.
      if !hasSameSettings { notes.insert("other settings", at: 0) }
      return "\(report.leadingScore?.shortText ?? "")  \(notes.joined(separator: ", "))"
    }
  }

  private static func scores(of cell: CompareCell, _ world: World) -> [Score] {
    let clip = world.trees[cell.video]?.current
    guard let model = cell.variant?.model ?? clip?.model else { return [] }
    let settings = cell.variant?.settings ?? clip?.settings
    let entry =
      world.models.first { $0.reference == model } ?? ModelEntry(reference: model, path: "")
    return world.evaluations.latest(of: entry, settings: settings).map { stored in
      Score(
        stored: stored,
        hasSameSettings: settings.map { stored.report.wasTaken(with: $0) } ?? true)
    }
  }

  /// Rows that it takes: none without scores.
  var height: Int { rows.isEmpty ? 0 : rows.count + 1 }

  /// Draws a row for each metric, the scores below the letters.
  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let columns =
      [Table.Column("scores", width: .fixed(10))]
      + titles.map { Table.Column($0, width: .fill()) }
    var table = Table(columns: columns, rows: rows)
    table.hasSelection = false
    table.draw(in: &buffer, area: area.inset(left: 1, right: 1), state: TableState())
  }
}
