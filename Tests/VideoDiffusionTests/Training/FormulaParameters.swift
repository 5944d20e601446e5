import NeuralLayers

/// Weights that a formula gives for a name and an element's number, as the golden files' README says:
/// for networks that are too large to keep beside the tests.
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
    let count = shape.reduce(1, *)
    let inputs = Float(count / shape[0])
    return try Self.uniform(formulaNames[name] ?? name, count).map { u in
      let centred = 2 * u - 1
      if shape.count > 1 {
        let value = centred * (6 / inputs).squareRoot()
        // The channel weights of a perceptual distance are never negative.
        return name.hasPrefix("lin") ? abs(value) : value
      }
      return name.hasSuffix("bias") ? 0.05 * centred : 1 + 0.1 * centred
    }.withUnsafeBufferPointer(body)
  }

  /// The formula's numbers in 0 ..< 1, 24 bits each.
  static func uniform(_ name: String, _ count: Int) -> [Float] {
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return (0..<count).map { index in
      // splitmix64's finaliser
      var z = hash &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Float((z ^ (z >> 31)) >> 40) / Float(1 << 24)
    }
  }
}
