import RunKit

/// Two reports side by side.
public struct ReportComparison: Sendable, Hashable {
  /// A line: what it is, and both values.
  public struct Row: Sendable, Hashable {
    /// What is compared.
    public var name: String
    /// The first report's value; empty where it has none.
    public var first: String
    /// The second report's value.
    public var second: String
    /// The second number less the first, where both are numbers.
    public var change: String
  }

  /// The scores that either report has.
  public let scores: [Row]
  /// Every setting, equal or not.
  public let settings: [Row]
  /// Names of the settings that differ: why the scores may not be comparable.
  public let differing: [String]

  /// Compares two reports.
  ///
  /// - Throws: ``StudioError`` if they measure different things.
  public init(_ first: EvaluationReport, _ second: EvaluationReport) throws {
    guard first.metric == second.metric else {
      throw StudioError(
        nil,
        .option(
          name: "the second report", found: second.metric.title.lowercased(),
          expected: first.metric.title.lowercased() + ", as the first"))
    }
    scores = Self.names(first.scores.map(\.name), second.scores.map(\.name)).map { name in
      let (a, b) = (
        first.scores.first { $0.name == name }, second.scores.first { $0.name == name }
      )
      var change = ""
      if let a, let b {
        let difference = ReportText.value(.init(name, b.value - a.value, unit: a.unit))
        change = b.value >= a.value ? "+" + difference : difference
      }
      return Row(
        name: name, first: a.map(ReportText.value) ?? "", second: b.map(ReportText.value) ?? "",
        change: change)
    }
    let (a, b) = (
      Dictionary(uniqueKeysWithValues: first.protocol.fields),
      Dictionary(uniqueKeysWithValues: second.protocol.fields)
    )
    settings =
      Self.names(first.protocol.fields.map(\.0), second.protocol.fields.map(\.0)).map {
        Row(name: $0, first: a[$0] ?? "", second: b[$0] ?? "", change: "")
      } + [Row(name: "protocol", first: first.badge, second: second.badge, change: "")]
    differing = settings.filter { $0.first != $0.second }.map(\.name)
  }

  /// The names of the first list, then those that only the second has.
  private static func names(_ first: [String], _ second: [String]) -> [String] {
    first + second.filter { !first.contains($0) }
  }
}
