/// Where a network's parameters come from: a checkpoint, or a generator of random ones.
public protocol ParameterSource: AnyObject {
  /// The extents of a parameter, in PyTorch's axis order; `nil` if there is none of that name.
  func shape(of name: String) -> [Int]?

  /// Lends a parameter's numbers as float32, row-major.
  ///
  /// - Throws: An error of the source, for example if the file is damaged.
  func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result
}

/// A parameter that a network cannot use.
public struct ParameterError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong with a parameter.
  public enum Problem: Sendable, Hashable {
    /// The network needs it and the source has none.
    case missing(expected: [Int])
    /// It has other extents than the network needs.
    case shape(expected: [Int], found: [Int])
    /// It holds an infinity or something that is not a number.
    case notFinite
    /// The network has no use for it.
    case unexpected(found: [Int])
  }

  /// The parameter's name in the checkpoint.
  public let name: String
  /// What is wrong with it.
  public let problem: Problem
  /// Further parameters with the same problem, beside the named one.
  public let others: Int

  /// Describes a problem with a parameter.
  public init(name: String, problem: Problem, others: Int = 0) {
    self.name = name
    self.problem = problem
    self.others = others
  }

  public var description: String {
    let more = others > 0 ? " (and \(others) more)" : ""
    switch problem {
    case .missing(let expected):
      return "the weight \(name) is missing; expected \(Self.text(expected))\(more)"
    case .shape(let expected, let found):
      return
        "the weight \(name) is \(Self.text(found)); expected \(Self.text(expected))\(more)"
    case .notFinite:
      return "the weight \(name) holds values that are not finite numbers (NaN or infinity)\(more)"
    case .unexpected(let found):
      return "the weight \(name), \(Self.text(found)), belongs to no layer of this network\(more)"
    }
  }

  static func text(_ shape: [Int]) -> String {
    shape.isEmpty ? "a single number" : shape.map(String.init).joined(separator: " x ")
  }
}
