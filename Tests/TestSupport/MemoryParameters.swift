import NeuralLayers
import TensorCore

/// Parameters held in memory, by name.
public final class MemoryParameters: ParameterSource {
  /// A parameter: its extents and numbers.
  public struct Parameter {
    /// Extent of each axis, slowest first.
    public var shape: [Int]
    /// Row-major.
    public var values: [Float]

    /// Describes a parameter.
    public init(shape: [Int], values: [Float]) {
      precondition(shape.reduce(1, *) == values.count)
      self.shape = shape
      self.values = values
    }
  }

  /// The parameters by name.
  public var parameters: [String: Parameter]

  /// Holds parameters.
  public init(_ parameters: [String: Parameter] = [:]) { self.parameters = parameters }

  /// The names, in order.
  public var names: [String] { parameters.keys.sorted() }

  public func shape(of name: String) -> [Int]? { parameters[name]?.shape }

  public func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let parameter = parameters[name] else {
      throw ParameterError(name: name, problem: .missing(expected: []))
    }
    return try parameter.values.withUnsafeBufferPointer(body)
  }

  /// A parameter's numbers, made up on the first request from the seed and the name alone: weights
  /// of a scale that keeps activations lively, norms near 1, biases near 0.
  public func made(_ name: String, _ shape: [Int], seed: UInt64 = 1) -> [Float] {
    if let known = parameters[name] {
      precondition(known.shape == shape, "\(name) is \(known.shape), not \(shape)")
      return known.values
    }
    var numbers = SeededNumbers(seed, name: name)
    let count = shape.reduce(1, *)
    let values: [Float]
    if shape.count > 1 {
      let fanIn = Float(count / shape[0])
      values = numbers.floats(count, scale: (3 / fanIn).squareRoot())
    } else if name.hasSuffix("weight") {
      values = numbers.floats(count, scale: 0.2, around: 1)
    } else {
      values = numbers.floats(count, scale: 0.1)
    }
    parameters[name] = Parameter(shape: shape, values: values)
    return values
  }
}
