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
  private var entries: [Entry] = []
  /// Called on the way back whenever gradients of parameters are whole.
  private let whenWhole: (() throws -> Void)?

  private struct Entry {
    let node: GradientNode
    /// Those of parameters that the operation used.
    let parameters: [GradientNode]
    let backward: Backward
  }

  /// An empty tape.
  public init(checkpointing: Bool = false) {
    isCheckpointing = checkpointing
    whenWhole = nil
  }

  /// An empty tape for the last pass of a step.
  ///
  /// - Parameter whenWhole: Called on the way back, first before anything and then whenever no operation is
  ///   left that adds to the gradients of some parameters; ``Parameter/isAwaited`` tells which. `nil` for no
  ///   such calls, which then cost nothing.
  package init(checkpointing: Bool, whenWhole: (() throws -> Void)?) {
    isCheckpointing = checkpointing
    self.whenWhole = whenWhole
  }

  /// Whether it matters which parameters operations use.
  var isWatching: Bool { whenWhole != nil }

  func append(
    _ result: Tensor, using parameters: [GradientNode] = [], _ backward: @escaping Backward
  ) -> Tensor {
    let node = GradientNode()
    for parameter in parameters { parameter.awaitedCount += 1 }
    entries.append(Entry(node: node, parameters: parameters, backward: backward))
    return result.with(node)
  }

  /// Runs everything backwards, the last operation first.
  func unwind(_ context: ComputeContext) throws {
    try whenWhole?()
    while let entry = entries.popLast() {
      // A result that nothing was made of has no gradient.
      if let gradient = entry.node.takeGradient() { try entry.backward(context, gradient) }
      guard let whenWhole, !entry.parameters.isEmpty else { continue }
      for parameter in entry.parameters { parameter.awaitedCount -= 1 }
      if entry.parameters.contains(where: { $0.awaitedCount == 0 }) { try whenWhole() }
    }
  }
}

/// The parameters that a part of a network uses which notes nothing on a tape.
final class ParameterWatch {
  private(set) var parameters: [GradientNode] = []

  func note(_ found: [GradientNode]) {
    for parameter in found where !parameters.contains(where: { $0 === parameter }) {
      parameters.append(parameter)
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
  /// Whether it is a parameter's.
  var isParameter = false
  /// Operations on a watching tape that may still add to a parameter's gradient.
  var awaitedCount = 0
  /// Whether the gradient was given away as whole.
  var isGivenAway = false

  /// Adds a gradient. It may share its memory with others, so nothing is changed in place.
  func accumulate(_ part: Tensor, _ context: ComputeContext) throws {
    precondition(!isGivenAway, "a gradient was given away before it was whole")
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
    _ tape: GradientTape?, watch: ParameterWatch? = nil, _ body: () throws -> Result
  ) rethrows -> Result {
    let outer = (self.tape, parameterWatch)
    (self.tape, parameterWatch) = (tape, watch)
    defer { (self.tape, parameterWatch) = outer }
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
    let watch = tape.isWatching ? ParameterWatch() : nil
    let result = try withTape(nil, watch: watch, body)
    return tape.append(result, using: watch?.parameters ?? []) { context, gradient in
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
    recorded(result, from: inputs, backward: backward)
  }

  /// The same for any number of inputs.
  @inline(__always)
  func recorded(
    _ result: Tensor, from inputs: [Tensor?], backward: @escaping GradientTape.Backward
  ) -> Tensor {
    parameterWatch?.note(Self.parameters(among: inputs))
    guard let tape, inputs.contains(where: { $0?.needsGradient ?? false }) else { return result }
    return tape.append(
      result, using: tape.isWatching ? Self.parameters(among: inputs) : [], backward)
  }

  private static func parameters(among inputs: [Tensor?]) -> [GradientNode] {
    inputs.compactMap { $0?.node }.filter { $0.isParameter && $0.isActive }
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
