import ArgumentParser
import StudioKit

struct CompareEvaluations: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Shows two evaluations of one kind side by side.",
    discussion: """
      Settings that differ are marked: scores that were taken in different ways say little about \
      each other.
      """)

  @Argument(help: "A folder that \"pvdm evaluate\" wrote, or the report.json in it.")
  var first: String

  @Argument(help: "The other.")
  var second: String

  func run() async throws {
    try await explaining {
      let comparison = try ReportComparison(
        EvaluationReport(contentsOf: first), EvaluationReport(contentsOf: second))
      let scores = TextTable(
        header: ["score", "first", "second", "change"],
        rows: comparison.scores.map { [$0.name, $0.first, $0.second, $0.change] },
        rightAligned: [1, 2, 3])
      let settings = TextTable(
        header: ["setting", "first", "second", ""],
        rows: comparison.settings.map {
          [$0.name, $0.first, $0.second, $0.first == $0.second ? "" : "differs"]
        }, rightAligned: [])
      print(scores.text + "\n\n" + settings.text)
    }
  }
}
