import NeuralLayers
import TensorCore

/// Random weights of a sensible scale for a configuration, made one tensor at a time: for measuring
/// speed, and for checkpoints of any size to test with, without a trained model.
///
/// A tensor's numbers depend on the seed and its name alone. Matrices and kernels are uniform with
/// variance 1 / (3 inputs), as PyTorch's layers start; normalisations scale by nearly 1; buffers have
/// the values that the original computes. So features stay of moderate size through the network.
package final class RandomParameters: ParameterSource {
  /// Every tensor, in the order of a checkpoint.
  package let parameters: [NamedShape]
  /// Time spent on making numbers so far, in seconds; what loading takes beyond it is packing.
  package private(set) var generationSeconds = 0.0

  private let shapes: [String: [Int]]
  private let seed: UInt64
  private var buffer: [Float] = []

  /// Prepares weights for a denoiser.
  package convenience init(_ configuration: DenoiserConfiguration, seed: UInt64 = 0) {
    self.init(configuration.parameters, seed: seed)
  }

  /// Prepares weights for an autoencoder.
  package convenience init(_ configuration: AutoencoderConfiguration, seed: UInt64 = 0) {
    self.init(configuration.parameters, seed: seed)
  }

  private init(_ parameters: [NamedShape], seed: UInt64) {
    self.parameters = parameters
    self.seed = seed
    shapes = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
  }

  package func shape(of name: String) -> [Int]? { shapes[name] }

  package func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let shape = shapes[name] else {
      throw ParameterError(name: name, problem: .missing(expected: []))
    }
    let clock = ContinuousClock()
    let start = clock.now
    let count = shape.reduce(1, *)
    // Kept between calls, because the system would have to clear new pages each time.
    if buffer.count < count { buffer = [Float](repeating: 0, count: count) }
    buffer.withUnsafeMutableBufferPointer {
      fill(UnsafeMutableBufferPointer(rebasing: $0[..<count]), name, shape)
    }
    generationSeconds += (clock.now - start).inSeconds
    return try buffer.withUnsafeBufferPointer {
      try body(UnsafeBufferPointer(rebasing: $0[..<count]))
    }
  }

  private func fill(
    _ values: UnsafeMutableBufferPointer<Float>, _ name: String, _ shape: [Int]
  ) {
    if let buffer = InitialParameters.buffer(name, values.count) {
      _ = values.update(fromContentsOf: buffer)
      return
    }
    if shape.count == 1 {
      random(values, name, centre: name.hasSuffix(".weight") ? 1 : 0, radius: 0.05)
    } else if name.hasSuffix("_token") || name.hasSuffix("_pos_embedding") {
      random(values, name, centre: 0, radius: 1)
    } else {
      let inputs = shape.dropFirst().reduce(1, *)
      random(values, name, centre: 0, radius: 1 / Float(inputs).squareRoot())
    }
  }

  /// Uniform numbers in `centre - radius ..< centre + radius`, 24 bits each.
  private func random(
    _ values: UnsafeMutableBufferPointer<Float>, _ name: String, centre: Float, radius: Float
  ) {
    // Of the name, so that neighbouring names have unrelated numbers.
    var numbers = SeededNumbers(FNV1a.hash(name.utf8, start: seed ^ 0xCBF2_9CE4_8422_2325))
    let scale = radius * 2 / Float(1 << 24)
    for i in values.indices {
      values[i] = centre - radius + Float(numbers.next() >> 40) * scale
    }
  }
}

extension RandomParameters {
  /// Builds a denoiser from the random weights of its configuration.
  ///
  /// - Returns: The denoiser, and the seconds that packing its weights took.
  package static func denoiser(
    _ configuration: DenoiserConfiguration, _ context: ComputeContext, elementType: ElementType,
    seed: UInt64 = 0
  ) throws -> (network: Denoiser, layoutSeconds: Double) {
    let source = RandomParameters(configuration, seed: seed)
    return try source.timed(context, elementType) { try Denoiser($0, configuration) }
  }

  /// Builds an autoencoder from the random weights of its configuration.
  ///
  /// - Returns: The autoencoder, and the seconds that packing its weights took.
  package static func autoencoder(
    _ configuration: AutoencoderConfiguration, _ context: ComputeContext, elementType: ElementType,
    seed: UInt64 = 0
  ) throws -> (network: Autoencoder, layoutSeconds: Double) {
    let source = RandomParameters(configuration, seed: seed)
    return try source.timed(context, elementType) { try Autoencoder($0, configuration) }
  }

  private func timed<Network>(
    _ context: ComputeContext, _ elementType: ElementType,
    _ build: (ParameterScope) throws -> Network
  ) throws -> (network: Network, layoutSeconds: Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let scope = ParameterScope(self, context: context, elementType: elementType)
    let network = try build(scope)
    try scope.checkEverythingWasUsed(
      of: parameters.map(\.name), except: NetworkFile.buffers)
    return (network, (clock.now - start).inSeconds - generationSeconds)
  }
}
