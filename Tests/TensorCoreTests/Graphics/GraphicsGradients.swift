import TensorCore
import TestSupport
import Testing

/// The gradients of operations on a graphics processor against the processor's.
struct GraphicsGradients {
  /// An input: its extents, and its precision.
  struct Input {
    let shape: [Int]
    let type: ElementType
    /// Its numbers; `nil` for random ones.
    let values: [Float]?
    let scale: Float
    let centre: Float

    init(
      _ shape: [Int], _ type: ElementType = .float32, values: [Float]? = nil, scale: Float = 1,
      around centre: Float = 0
    ) {
      self.shape = shape
      self.type = type
      self.values = values
      self.scale = scale
      self.centre = centre
    }

    /// A feature on stacked images, with zeros between them.
    static func feature(
      _ channels: Int, on stack: ImageStack, batch: Int = 2, _ type: ElementType
    ) -> Input {
      Input(
        [batch, stack.tokenCount, channels], type,
        values: stack.randomValues(batch: batch, channels: channels, seed: 3))
    }

    func tensor(_ seed: UInt64, _ context: ComputeContext) throws -> Tensor {
      var numbers = SeededNumbers(seed)
      let values = values ?? numbers.floats(shape.reduce(1, *), scale: scale, around: centre)
      return try context.tensor(values, shape: shape, as: type)
    }
  }

  /// Compares an operation's result and the gradients of all its inputs.
  ///
  /// - Parameters:
  ///   - type: The precision that decides how far they may be apart.
  ///   - stack: The images of which features count; `nil` for everything.
  ///   - resultStack: The images of which the result counts.
  static func check(
    _ type: ElementType, _ inputs: [Input], on stack: ImageStack? = nil,
    resultStack: ImageStack? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ operation: ([Tensor], ComputeContext) throws -> Tensor
  ) throws {
    try GraphicsComparison.check(type, on: stack, sourceLocation: sourceLocation) {
      try gradients(inputs, resultStack: resultStack, $0, operation)
    }
  }

  /// The gradients of all inputs, for a random gradient of the result that is zero between images.
  static func gradients(
    _ inputs: [Input], resultStack: ImageStack? = nil, _ context: ComputeContext,
    _ operation: ([Tensor], ComputeContext) throws -> Tensor
  ) throws -> [(name: String, result: Tensor)] {
    let tensors = try inputs.enumerated().map {
      context.differentiable(try $1.tensor(UInt64($0) + 40, context))
    }
    let tape = GradientTape()
    let result = try context.recording(on: tape) { try operation(tensors, context) }
    var numbers = SeededNumbers(39)
    var cotangent = numbers.floats(result.count)
    if let resultStack, result.shape.count == 3, result.shape[1] == resultStack.tokenCount {
      let inside = resultStack.membership
      for index in cotangent.indices
      where !inside[index / result.channels % resultStack.tokenCount] { cotangent[index] = 0 }
    }
    try context.backward(
      from: result,
      gradient: context.tensor(cotangent, shape: result.shape, as: result.elementType), on: tape)
    return try tensors.enumerated().map {
      ("gradient \($0)", try #require(context.gradient(of: $1)))
    }
  }
}
