/// A trained parameter of a network: its name, its numbers in float32, and the gradient that has
/// gathered for it.
///
/// Layers hold the parameter's ``tensor``. What they derive from it, such as another layout or
/// precision, they bring up to date by themselves when the numbers have changed.
public final class Parameter: @unchecked Sendable {
  /// The name in the authors' checkpoints, for example `time_embed.0.weight`.
  public let name: String
  /// Extent of each axis as stored, slowest first.
  public let shape: [Int]
  /// The numbers, float32 and row-major; changed in place by an optimiser.
  public let tensor: Tensor
  private let node = GradientNode()

  /// Copies the numbers of a parameter.
  public init(
    name: String, shape: [Int], values: some Collection<Float>, _ context: ComputeContext
  ) throws {
    self.name = name
    self.shape = shape
    tensor = try context.tensor(values, shape: shape).with(node)
    node.isParameter = true
  }

  /// What has gathered since the gradient was last cleared, float32 in the parameter's shape.
  public var gradient: Tensor? { node.gradient?.reshaped(shape) }

  /// Forgets the gradient.
  public func clearGradient() {
    node.setGradient(nil)
    node.isGivenAway = false
  }

  /// Whether the pass in progress may still add to the gradient; only told of passes on tapes that watch.
  package var isAwaited: Bool { node.awaitedCount > 0 }

  /// Gives the gradient away, and forgets it. Until it is cleared nothing may be added to it.
  package func takeGradient() -> Tensor? {
    defer {
      node.setGradient(nil)
      node.isGivenAway = true
    }
    return gradient
  }

  /// Replaces the gradient, by one that others have contributed to.
  package func setGradient(_ gradient: Tensor) {
    precondition(gradient.count == tensor.count && gradient.elementType == .float32)
    node.setGradient(gradient)
  }

  /// Whether the parameter gets gradients. A frozen parameter lets them pass to the layer's input.
  public var isTrained: Bool {
    get { node.isActive }
    set { node.isActive = newValue }
  }

  /// Replaces the numbers, for example by those of a checkpoint.
  public func setValues(_ values: UnsafeBufferPointer<Float>) {
    precondition(values.count == tensor.count, "\(values.count) values for \(name) \(shape)")
    tensor.overwrite(with: values)
    noteChange()
  }

  /// To be called after the numbers were changed in place.
  func noteChange() { node.version += 1 }
}
