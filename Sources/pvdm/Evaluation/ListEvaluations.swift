import ArgumentParser
import EvaluationKit
import Foundation
import HandwrittenText
import StudioKit

struct ListEvaluations: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Shows the stored scores, the latest first.",
    discussion: """
      Every evaluation is stored, whether a command or the studio did it, in \
      $XDG_DATA_HOME/pvdm/studio (usually ~/.local/share/pvdm/studio). "pvdm evaluate compare" takes \
      the numbers as well as folders.
      """)

  @Option(help: "Only scores of this metric: \(Metric.names).")
  var metric: Metric?

  @Option(help: "Only scores of this model or folder.")
  var source: String?

  @Flag(help: "Print a JSON array of the whole reports.")
  var json = false

  func run() async throws {
    try await explaining {
      let all = try EvaluationArchive.ofUser.evaluations()
      let stored = all.filter {
        (metric == nil || $0.report.metric == metric)
          && (source == nil || $0.report.protocol.source == source)
      }
      if json {
        let reports = try stored.map { try $0.report.json }.joined(separator: ",")
        try writeToStandardOutput("[\(ConsoleText(json: reports))]")
      } else {
        try writeToStandardOutput(stored.isEmpty ? none(of: all) : Self.table(stored))
      }
    }
  }

  /// What to say where nothing is to be shown.
  private func none(of all: [StoredEvaluation]) -> ConsoleText {
    guard !all.isEmpty else { return "no scores are stored" }
    let wanted = [metric?.rawValue, source.map { "of \($0)" }].compactMap { $0 }
    let sources = Set(all.map(\.report.protocol.source)).sorted().joined(separator: ", ")
    return
      "of \(counted(all.count, "stored score")) none is \(wanted.joined(separator: " ")); there are some of \(sources)"
  }

  private static func table(_ stored: [StoredEvaluation]) -> ConsoleText {
    let rows = stored.map { stored in
      let (report, taken) = (stored.report, stored.report.protocol)
      let count = report.differences.count
      return [
        "\(stored.id.rawValue)", report.metric.shortTitle, report.leadingScore?.text ?? "",
        taken.source, taken.data ?? "", taken.generatedClips.map(String.init) ?? "",
        taken.frames.map(String.init) ?? "",
        count == 0 ? report.badge : "differs in \(count)",
        report.date.formatted(.iso8601.year().month().day()),
      ]
    }
    return TextTable(
      header: [
        "#", "metric", "score", "source", "data", "clips", "frames", "protocol", "date",
      ], rows: rows, rightAligned: [0, 2, 5, 6]
    ).text
  }
}

extension Metric: ExpressibleByArgument {}
