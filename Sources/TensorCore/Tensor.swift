/// A dense, row-major array of numbers on the compute device.
///
/// Tensors are values: an operation never changes its inputs and returns a new tensor, whose memory
/// goes back to the device with the last copy. Features are channels-last, `[batch, tokens,
/// channels]`.
public struct Tensor: @unchecked Sendable {
  /// Extent of each axis, slowest first.
  public let shape: [Int]
  /// The type of each number: `.float32` or `.bfloat16` for everything that is computed with.
  public let elementType: ElementType
  let storage: TensorStorage
  /// Where the tensor starts in its storage, in elements.
  var offset = 0
  /// Where the gradient of this tensor gathers, if one is wanted; see ``GradientTape``.
  private(set) var node: GradientNode?

  /// Number of elements.
  public let count: Int

  init(shape: [Int], elementType: ElementType, storage: TensorStorage, offset: Int = 0) {
    self.shape = shape
    self.elementType = elementType
    self.storage = storage
    self.offset = offset
    count = shape.reduce(1, *)
  }

  /// Extent of the last axis.
  public var channels: Int { shape[shape.count - 1] }
  /// Product of all axes but the last.
  public var rows: Int { count / channels }

  /// Where the first element lies in the device's memory.
  package var address: DeviceAddress { storage.address + offset * elementType.byteCount }
  /// Bytes that the elements take.
  package var byteCount: Int { count * elementType.byteCount }

  /// The same numbers under another shape with as many elements.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "\(self.shape) has no shape \(shape)")
    let result = Tensor(shape: shape, elementType: elementType, storage: storage, offset: offset)
    return node.map(result.with) ?? result
  }

  func with(_ node: GradientNode) -> Tensor {
    var result = self
    result.node = node
    return result
  }

  /// Part of the leading axis, sharing this tensor's memory. No gradient reaches the whole through
  /// it; ``ComputeContext/slice(_:_:)`` is the operation.
  public func slice(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape[0], "\(range) of \(shape)")
    let stride = count / shape[0]
    return Tensor(
      shape: [range.count] + shape.dropFirst(), elementType: elementType, storage: storage,
      offset: offset + range.lowerBound * stride)
  }
}

extension Tensor {
  /// Replaces the numbers of a float32 tensor in place, for state that is restored.
  public func overwrite(with values: UnsafeBufferPointer<Float>) {
    precondition(values.count == count, "\(values.count) values for shape \(shape)")
    precondition(elementType == .float32)
    storage.memory?.upload(UnsafeRawBufferPointer(values), to: address)
  }
}
