import RunKit
import TensorCore

/// Where the time of one run went: by kind of operation, by layer, and by shape.
public struct ProfileSummary: Sendable, Hashable {
  /// Operations that were taken together.
  public struct Row: Sendable, Hashable {
    /// What they share.
    public let name: String
    /// How many ran.
    public fileprivate(set) var calls: Int
    /// Their time together.
    public fileprivate(set) var seconds: Double
    /// Their floating point operations together; 0 for what is bound by memory.
    public fileprivate(set) var operations: Double

    /// GFLOP/s.
    public var rate: Double { operations / seconds / 1e9 }
  }

  /// What was run, as in ``BenchmarkMeasurement/name``.
  public let name: String
  /// How long the run took, from outside.
  public let seconds: Double
  /// One row for each kind of operation, the longest first, and `other` for what is none.
  public let kinds: [Row]
  /// One row for each layer, in the order in which they first ran.
  public let layers: [Row]
  /// The kinds and shapes that took longest.
  public let shapes: [Row]

  /// Adds up a profile.
  init(_ profile: OperationProfile, name: String, seconds: Double) {
    self.name = name
    self.seconds = seconds
    let known = profile.calls.reduce(0) { $0 + $1.seconds }
    let other = Row(name: "other", calls: 1, seconds: max(0, seconds - known), operations: 0)
    kinds =
      Self.rows(profile.calls) { $0.kind.rawValue }.sorted { $0.seconds > $1.seconds } + [other]
    layers = Self.rows(profile.calls) { $0.layer.isEmpty ? "(root)" : $0.layer }
    shapes = Array(
      Self.rows(profile.calls) { "\($0.kind.rawValue) \($0.shape)" }
        .sorted { $0.seconds > $1.seconds }.prefix(20))
  }

  /// `profile.NAME.KIND.seconds` and `profile.NAME.layer.LAYER.seconds`, with `.gflops` where operations
  /// count.
  var fields: [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    let rows = kinds.map { ($0.name, $0) } + layers.map { ("layer.\($0.name)", $0) }
    for (label, row) in rows {
      let name = "profile.\(self.name).\(label.replacing(" ", with: "_"))"
      fields["\(name).seconds"] = .number(rounded(row.seconds))
      if row.operations > 0 { fields["\(name).gflops"] = .number(rounded(row.rate)) }
    }
    return fields
  }

  private static func rows(
    _ calls: [OperationProfile.Call], by name: (OperationProfile.Call) -> String
  ) -> [Row] {
    var rows: [Row] = []
    var places: [String: Int] = [:]
    for call in calls {
      let name = name(call)
      let place = places[name] ?? rows.count
      if place == rows.count {
        places[name] = place
        rows.append(Row(name: name, calls: 0, seconds: 0, operations: 0))
      }
      rows[place].calls += 1
      rows[place].seconds += call.seconds
      rows[place].operations += call.operations
    }
    return rows
  }
}
