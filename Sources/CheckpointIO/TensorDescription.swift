import TensorCore

/// A tensor to be written: its name, type and shape. The elements come later, from a closure.
public struct TensorDescription: Sendable, Hashable {
  /// The tensor's key in the file.
  public let name: String
  /// The type its elements are stored in.
  public let elementType: ElementType
  /// The size of each axis, the outermost first; empty for a single number.
  public let shape: [Int]

  /// Describes a tensor of `shape`; no size may be negative.
  public init(name: String, elementType: ElementType, shape: [Int]) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
  }

  /// The description of a tensor read from another checkpoint.
  public init(_ entry: TensorEntry) {
    self.init(name: entry.name, elementType: entry.elementType, shape: entry.shape)
  }

  /// Bytes that the elements take.
  ///
  /// - Throws: `outOfBounds` if a size is negative or the product passes `CheckpointLimits.elements`.
  func byteCount() throws(CheckpointError.Kind) -> Int {
    guard let count = TensorEntry.elementCount(shape) else {
      throw .outOfBounds(
        tensor: name, found: "shape \(shape)",
        expected: "sizes that are not negative and at most 4 T elements")
    }
    return count * elementType.byteCount
  }
}
