import EvaluationKit
import Foundation
import StudioKit
import TerminalUI

/// A report for the terminal: its table, and a curve for each series.
struct EvaluationText {
  private let report: EvaluationReport

  private static let columns = 72
  private static let rows = 6

  init(_ report: EvaluationReport) { self.report = report }

  /// All of it, in the colours that standard output has; characters alone where that is no terminal.
  var text: ConsoleText {
    get throws {
      let environment = ProcessInfo.processInfo.environment
      let capabilities = try TerminalCapabilities.detect(
        colorOption: nil, environment: environment,
        probe: .live(fileDescriptor: 1, environment: environment))
      let writer = capabilities.isTerminal ? ANSIText(colorMode: capabilities.colorMode) : nil
      return ConsoleText(lines: report.text) + report.series.map { curve($0, writer) }.joined()
    }
  }

  private func curve(_ series: EvaluationReport.Series, _ writer: ANSIText?) -> ConsoleText {
    var buffer = CellBuffer(columns: Self.columns, rows: Self.rows)
    var graph = LineGraph([.init(series.values)], decimals: 4)
    graph.joinsValues = true
    graph.draw(in: &buffer, area: buffer.bounds)
    let last = series.firstClip + series.values.count
    let title: ConsoleText = "\n\(series.name), clips \(series.firstClip + 1) to \(last)\n"
    let lines = writer?.lines(buffer, theme: .plain) ?? ANSIText.characters(of: buffer)
    return title + ConsoleText(picture: lines.map { $0 + "\n" }.joined())
  }
}

extension EvaluationArchive {
  /// The user's scores; what was noticed on opening them is written to standard error.
  static var ofUser: EvaluationArchive {
    EvaluationArchive(onNotice: { notice in
      let remedy: ConsoleText = notice.remedy.isEmpty ? "" : ". \(notice.remedy)"
      writeToStandardError("note: \(notice.sentence)\(remedy)\n")
    })
  }
}
