import NeuralLayers
import TestSupport

/// The numbers of ``FormulaWeights`` under names that may differ from the formula's.
final class FormulaParameters: ParameterSource {
  private let shapes: [String: [Int]]
  private let formulaNames: [String: String]

  /// - Parameter formulaNames: The names that the formula uses, where they are others.
  init(_ shapes: [String: [Int]], formulaNames: [String: String] = [:]) {
    self.shapes = shapes
    self.formulaNames = formulaNames
  }

  func shape(of name: String) -> [Int]? { shapes[name] }

  func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let shape = shapes[name] else {
      throw ParameterError(name: name, problem: .missing(expected: []))
    }
    let values = FormulaWeights.values(formulaNames[name] ?? name, shape)
    // The channel weights of a perceptual distance are never negative.
    let isChannelWeight = shape.count > 1 && name.hasPrefix("lin")
    return try (isChannelWeight ? values.map(abs) : values).withUnsafeBufferPointer(body)
  }
}
