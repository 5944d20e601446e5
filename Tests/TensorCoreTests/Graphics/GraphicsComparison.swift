import TensorCore
import TestSupport
import Testing

/// Runs operations on the processor and on a graphics processor, and compares.
enum GraphicsComparison {
  /// What a card's results may deviate from the processor's, as a root mean square relative to theirs.
  static func tolerance(_ type: ElementType) -> Double { type == .bfloat16 ? 1e-2 : 1e-5 }

  /// Runs `body` on both devices.
  ///
  /// - Parameters:
  ///   - type: The precision that decides how far results may be apart.
  ///   - stack: The images of which the results count; `nil` for everything.
  ///   - body: Gives results by name.
  static func check(
    _ type: ElementType, on stack: ImageStack? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (ComputeContext) throws -> [(name: String, result: Tensor)]
  ) throws {
    let expected = try values(ComputeContext(Device.open(threadCount: 2)), stack, body)
    let found = try values(ComputeContext(TestDevice.openGraphics()), stack, body)
    for (found, expected) in zip(found, expected) {
      let error = relativeError(found.values, from: expected.values)
      #expect(
        error < tolerance(type), "\(found.name) differs by \(error)", sourceLocation: sourceLocation
      )
    }
  }

  /// What operations give on a card whose threads take turns by a seed.
  static func card(
    seed: UInt64 = 1, on stack: ImageStack? = nil,
    _ body: (ComputeContext) throws -> [(name: String, result: Tensor)]
  ) throws -> [[Float]] {
    try values(ComputeContext(TestDevice.openGraphics(seed: seed)), stack, body).map(\.values)
  }

  private static func values(
    _ context: ComputeContext, _ stack: ImageStack?,
    _ body: (ComputeContext) throws -> [(name: String, result: Tensor)]
  ) throws -> [(name: String, values: [Float])] {
    try body(context).map { name, result in
      let values = try context.read(result)
      // What stands between images has no meaning.
      let belongs = result.shape.count == 3 && result.shape[1] == stack?.tokenCount
      let kept = belongs ? stack?.imageValues(of: values, channels: result.channels) : nil
      return (name, kept ?? values)
    }
  }

  /// The gated feed-forward part of a layer, on so many rows of a width, with a hidden width.
  static func gatedFeedForward(
    _ type: ElementType, rows: Int, _ size: (width: Int, hidden: Int), _ context: ComputeContext
  ) throws -> [(name: String, result: Tensor)] {
    var numbers = SeededNumbers(15)
    let norm = try context.prepareNormalization(
      weight: numbers.floats(size.width, scale: 0.3, around: 1), bias: numbers.floats(size.width))
    let expand = try context.linear(
      inputs: size.width, outputs: 2 * size.hidden, bias: numbers.floats(2 * size.hidden),
      seed: 16, as: type
    ).weight
    let contract = try context.linear(
      inputs: size.hidden, outputs: size.width, bias: numbers.floats(size.width), seed: 17,
      as: type
    ).weight
    let x = try context.tensor(
      numbers.floats(rows * size.width), shape: [rows, size.width], as: type)
    return [
      ("feed-forward", try context.gatedFeedForward(x, norm, expand: expand, contract: contract))
    ]
  }
}
