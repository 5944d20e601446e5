import EvaluationKit
import Foundation
import RunKit
import StudioKit
import TerminalUI

/// A score with everything that it depends on, as lines, and its curves.
struct ReportView {
  /// A line, which is broken where it is too long.
  struct Line: Sendable, Hashable {
    var text: String
    var role = Role.text
    /// Columns by which what follows a break is moved, so that it stands below a value and not below
    /// its name.
    var indent = 0
  }

  private let stored: StoredEvaluation
  private var report: EvaluationReport { stored.report }

  init(_ stored: StoredEvaluation) { self.stored = stored }

  /// Columns of the text in a window of so many, beside the curves where there are some.
  func textWidth(in columns: Int) -> Int {
    hasCurves && columns >= 62 ? min(columns / 2, 70) - 2 : columns - 2
  }

  // MARK: Text

  /// The scores, and whether they can be set beside the paper's.
  var summary: [Line] {
    var lines = Self.aligned(report.scores.map { ($0.name, $0.text) }, .accent)
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
    lines += Self.aligned(report.protocol.fields, .text)
    if !report.notes.isEmpty { lines.append(Line(text: "")) }
    lines += report.notes.map { Line(text: "note: \($0)", role: .secondary) }
    lines.append(Line(text: ""))
    lines.append(
      Line(
        text:
          "measured \(report.date.formatted(.iso8601)) in \(PaceText.time(report.seconds)), "
          + "pvdm \(report.version)", role: .secondary))
    lines.append(Line(text: "report in \(stored.folder)", role: .secondary))
    return lines
  }

  /// Names and values in two columns.
  private static func aligned(_ rows: [(String, String)], _ role: Role) -> [Line] {
    let width = rows.map { CharacterWidth.columns(of: $0.0) }.max() ?? 0
    return rows.map { name, value in
      let padding = String(repeating: " ", count: width + 2 - CharacterWidth.columns(of: name))
      return Line(text: name + padding + value, role: role, indent: width + 2)
    }
  }

  /// Lines that fit, a value broken below itself.
  private func broken(_ lines: [Line], width: Int) -> [Line] {
    lines.flatMap { line -> [Line] in
      let head = line.text.prefix(line.indent)
      let rest = String(line.text.dropFirst(line.indent))
      return TextWrap.lines(rest, width: max(width - line.indent, 1)).enumerated().map {
        let start = $0 == 0 ? String(head) : String(repeating: " ", count: line.indent)
        return Line(text: start + $1, role: line.role)
      }
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
      var graph = LineGraph(
        [.init(series.values, role: .graph(of: series.name))], decimals: 4)
      graph.joinsValues = true
      graph.draw(in: &buffer, area: place.inset(top: 1, bottom: gap))
    }
  }
}

extension Role {
  /// The colour of a curve: that which its name says, else the first of graphs.
  static func graph(of name: String) -> Role {
    switch name {
    case "red": .graphRed
    case "green": .graphGreen
    case "blue": .graphBlue
    default: .graphFirst
    }
  }
}
