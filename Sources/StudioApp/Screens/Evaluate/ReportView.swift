import Foundation
import StudioKit
import TerminalUI

/// A score with everything that it depends on, as lines, and its curves.
struct ReportView {
  /// A line, which is broken where it is too long.
  struct Line: Sendable, Hashable {
    var text: String
    var role = Role.text
  }

  private let stored: StoredEvaluation
  private var report: EvaluationReport { stored.report }

  init(_ stored: StoredEvaluation) { self.stored = stored }

  /// Columns of the text in a window: beside the curves there is room for them in any.
  static func textWidth(in columns: Int) -> Int { min(columns / 2, 70) - 2 }

  // MARK: Text

  /// The scores, and whether they can be set beside the paper's.
  var summary: [Line] {
    let width = report.scores.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
    var lines = report.scores.map { score in
      let padding = String(repeating: " ", count: width - CharacterWidth.columns(of: score.name))
      return Line(text: "\(score.name)\(padding)  \(score.text)", role: .accent)
    }
    let differences = report.differences
    lines.append(
      Line(
        text: differences.isEmpty ? report.badge : "\(report.badge):",
        role: differences.isEmpty ? .success : .warning))
    return lines + differences.map { Line(text: "- \($0)", role: .secondary) }
  }

  /// Everything.
  var lines: [Line] {
    var lines = summary + [Line(text: "")]
    let fields = report.procedure.fields
    let width = fields.map { CharacterWidth.columns(of: $0.0) }.max() ?? 0
    for (name, value) in fields {
      let padding = String(repeating: " ", count: width - CharacterWidth.columns(of: name))
      lines.append(Line(text: "\(name)\(padding)  \(value)"))
    }
    if !report.notes.isEmpty { lines.append(Line(text: "")) }
    lines += report.notes.map { Line(text: "note: \($0)", role: .secondary) }
    lines.append(Line(text: ""))
    lines.append(
      Line(
        text:
          "measured \(report.date.formatted(.iso8601)) in \(ProgressNotes.time(report.seconds)), "
          + "pvdm \(report.version)", role: .secondary))
    lines.append(Line(text: "report in \(stored.folder)", role: .secondary))
    return lines
  }

  private func broken(_ lines: [Line], width: Int) -> [Line] {
    lines.flatMap { line in
      TextWrap.lines(line.text, width: max(width, 1)).map { Line(text: $0, role: line.role) }
    }
  }

  /// Rows that everything takes.
  func lineCount(width: Int) -> Int { broken(lines, width: width).count }

  /// Draws lines from some row on.
  func draw(
    _ lines: [Line], from first: Int = 0, in buffer: inout CellBuffer, area: Rectangle
  ) {
    let rows = broken(lines, width: area.width).dropFirst(first).prefix(area.height)
    for (index, line) in rows.enumerated() {
      buffer.write(
        line.text, column: area.column, row: area.row + index, style: Style(line.role), clip: area)
    }
  }

  // MARK: Curves

  /// Whether there are numbers by clip index.
  var hasCurves: Bool { !report.series.isEmpty }

  /// Draws a graph for each series over the clip index, as many as there is room for.
  func drawCurves(in buffer: inout CellBuffer, area: Rectangle) {
    let series = report.series
    guard !series.isEmpty, area.height >= 3 else { return }
    let columns = area.width >= 80 ? 2 : 1
    let rows = min((series.count + columns - 1) / columns, area.height / 3)
    let lines = Layout.split(area, .vertical, Array(repeating: .fill(), count: rows))
    let places = lines.flatMap {
      Layout.split($0, .horizontal, gap: 2, Array(repeating: .fill(), count: columns))
    }
    for (series, place) in zip(series, places) {
      let last = series.firstClip + series.values.count
      buffer.write(
        "\(series.name), clips \(series.firstClip + 1) to \(last)", column: place.column,
        row: place.row, style: Style(.secondary), clip: place)
      // A row stays free below, so that no curve runs into the next title.
      let gap = place.height >= 6 ? 1 : 0
      LineGraph([.init(series.values)], decimals: 4)
        .draw(in: &buffer, area: place.inset(top: 1, bottom: gap))
    }
  }
}
