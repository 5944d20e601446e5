import ArgumentParser
import EvaluationKit
import Foundation
import RunKit
import StudioKit

struct CompareEvaluations: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Shows two evaluations of one kind side by side.",
    discussion: """
      Settings that differ are marked: scores that were taken in different ways say little about \
      each other.
      """)

  @Argument(
    help: """
      A folder that "pvdm evaluate" wrote, the report.json in it, or a number of "pvdm evaluate list".
      """, completion: .file())
  var first: String

  @Argument(help: "The other.", completion: .file())
  var second: String

  func run() async throws {
    try await explaining {
      let comparison = try ReportComparison(
        Self.report(first), Self.report(second))
      let scores = TextTable(
        header: ["score", "first", "second", "change"],
        rows: comparison.scores.map { [$0.name, $0.first, $0.second, $0.change] },
        rightAligned: [1, 2, 3])
      let settings = TextTable(
        header: ["setting", "first", "second", ""],
        rows: comparison.settings.map {
          [$0.name, $0.first, $0.second, $0.first == $0.second ? "" : "differs"]
        }, rightAligned: [])
      try writeToStandardOutput("\(scores.text)\n\n\(settings.text)")
    }
  }

  /// A report by its folder or file, or by its number where no file has that name.
  private static func report(_ name: String) throws -> EvaluationReport {
    guard let number = Int64(name), !FileManager.default.fileExists(atPath: name) else {
      return try EvaluationReport(contentsOf: name)
    }
    let stored = try EvaluationArchive.ofUser.evaluations().first { $0.id.rawValue == number }
    guard let stored else {
      throw StudioError(
        nil,
        .option(
          name: "the evaluation", found: name,
          expected: "a report's folder, or a number of \"pvdm evaluate list\""))
    }
    return stored.report
  }
}
