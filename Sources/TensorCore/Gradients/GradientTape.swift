/// What an operation's result owes to its inputs, noted while a network runs so that gradients can be
/// carried back through it afterwards (reverse-mode differentiation).
///
/// Operations note themselves on the tape that is active on their context, and only if an input needs
/// a gradient. A tape serves one pass: ``ComputeContext/backward(from:on:)`` empties it, letting go of
/// every kept tensor as soon as its gradient is known.
public final class GradientTape {
  /// Carries the gradient of a result to the inputs.
  typealias Backward = (_ context: ComputeContext, _ gradient: Tensor) throws -> Void

  /// Whether blocks inside ``ComputeContext/checkpointed(_:)`` keep only their inputs and run again
  /// on the way back (Chen et al. 2016): a third more work for a fraction of the memory.
  public let isCheckpointing: Bool
  private var entries: [(node: GradientNode, backward: Backward)] = []

  /// An empty tape.
  public init(checkpointing: Bool = false) { isCheckpointing = checkpointing }

  func append(_ result: Tensor, _ backward: @escaping Backward) -> Tensor {
    let node = GradientNode()
    entries.append((node, backward))
    return result.with(node)
  }

  /// Runs everything backwards, the last operation first.
  func unwind(_ context: ComputeContext) throws {
    while let (node, backward) = entries.popLast() {
      // A result that nothing was made of has no gradient.
      guard let gradient = node.takeGradient() else { continue }
      try backward(context, gradient)
    }
  }
}

/// The gradient of one tensor, added up over the operations that used it.
final class GradientNode {
  private(set) var gradient: Tensor?
  /// Whether anyone wants the gradient; a frozen parameter's is not computed.
  var isActive = true
  /// How often the tensor's numbers were changed in place; only a parameter's are.
  var version = 0

  /// Adds a gradient. It may share its memory with others, so nothing is changed in place.
  func accumulate(_ part: Tensor, _ context: ComputeContext) throws {
    gradient = try gradient.map { try context.add($0, part.reshaped($0.shape)) } ?? part
  }

  func takeGradient() -> Tensor? {
    defer { gradient = nil }
    return gradient
  }

  func setGradient(_ new: Tensor?) { gradient = new }
}

extension ComputeContext {
  /// Runs `body` with its operations noted on a tape.
  public func recording<Result>(
    on tape: GradientTape, _ body: () throws -> Result
  ) rethrows -> Result {
    let outer = isDifferentiating
    isDifferentiating = true
    defer { isDifferentiating = outer }
    return try withTape(tape, body)
  }

  private func withTape<Result>(
    _ tape: GradientTape?, _ body: () throws -> Result
  ) rethrows -> Result {
    let outer = self.tape
    self.tape = tape
    defer { self.tape = outer }
    return try body()
  }

  /// Carries gradients from losses back to everything that they were computed from, and empties the
  /// tape. Gradients of parameters add up over calls until an optimiser takes them.
  ///
  /// - Parameters:
  ///   - losses: Single numbers, each with its factor in the sum to differentiate.
  ///   - tape: What they were recorded on.
  public func backward(from losses: [(loss: Tensor, weight: Float)], on tape: GradientTape) throws {
    for (loss, weight) in losses {
      precondition(loss.count == 1, "\(loss.shape) is not a single number")
      try loss.node?.accumulate(tensor([weight], shape: loss.shape), self)
    }
    try withTape(nil) { try tape.unwind(self) }
  }

  /// Carries a given gradient of a tensor back to everything that it was computed from, and empties
  /// the tape.
  ///
  /// - Parameter gradient: The derivative of what is wanted by `result`, in its shape and precision.
  public func backward(
    from result: Tensor, gradient: Tensor, on tape: GradientTape
  ) throws {
    precondition(gradient.count == result.count && gradient.elementType == result.elementType)
    try result.node?.accumulate(gradient, self)
    try withTape(nil) { try tape.unwind(self) }
  }

  /// Runs a part of a network. If a checkpointing tape is active, the part keeps nothing but what
  /// `body` holds on to, and runs a second time on the way back.
  ///
  /// - Parameter body: Computes the part's result; must give the same numbers each time.
  public func checkpointed(_ body: @escaping () throws -> Tensor) throws -> Tensor {
    guard let tape, tape.isCheckpointing else { return try body() }
    return tape.append(try withTape(nil, body)) { context, gradient in
      let inner = GradientTape()
      let result = try context.recording(on: inner, body)
      try context.backward(from: result, gradient: gradient, on: inner)
    }
  }

  /// The same numbers as a tensor whose gradient is wanted; ``gradient(of:)`` has it after a pass.
  public func differentiable(_ x: Tensor) -> Tensor { x.with(GradientNode()) }

  /// The gradient that reached a tensor from ``differentiable(_:)``; `nil` if none did.
  public func gradient(of x: Tensor) -> Tensor? { x.node?.gradient }

  /// Whether operations are recorded at present.
  var isRecording: Bool { tape != nil }

  /// Records an operation if a tape is active and one of its inputs needs a gradient.
  ///
  /// - Parameter backward: Carries the result's gradient on with ``propagate(to:_:)``.
  /// - Returns: The result, which then needs a gradient itself.
  @inline(__always)
  func recorded(
    _ result: Tensor, from inputs: Tensor?..., backward: @escaping GradientTape.Backward
  ) -> Tensor {
    guard let tape, inputs.contains(where: { $0?.needsGradient ?? false }) else { return result }
    return tape.append(result, backward)
  }

  /// Adds to the gradient of an operation's input, if it needs one.
  func propagate(to x: Tensor?, _ gradient: @autoclosure () throws -> Tensor) throws {
    guard let x, let node = x.node, node.isActive else { return }
    try node.accumulate(gradient(), self)
  }
}

extension Tensor {
  var needsGradient: Bool { node?.isActive ?? false }
}
