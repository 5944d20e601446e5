import TensorCore

/// One tensor of a checkpoint: its name, type and shape, and where its elements lie in the file.
public struct TensorEntry: Sendable, Hashable, CustomStringConvertible {
  /// The full name: the keys that lead to the tensor, joined by dots.
  public let name: String
  /// The type of the stored elements.
  public let elementType: ElementType
  /// The size of each axis, the outermost first; empty for a single number.
  public let shape: [Int]
  /// The step along each axis, in elements; 0 where an axis repeats one element.
  public let strides: [Int]
  /// Number of elements, the product of `shape`.
  public let elementCount: Int
  /// Whether the elements lie in order, one by one.
  public let isContiguous: Bool
  /// The bytes from the first element used to the last, counted from the start of the record, or
  /// of the file if there is none.
  let span: Range<Int>
  /// The position of the zip record that holds the elements; nil in other containers.
  let record: Int?

  /// Bytes that the elements take when they lie in order.
  public var byteCount: Int { elementCount * elementType.byteCount }

  /// Name, type and shape: `out.weight float16 [4, 32, 3, 3]`.
  public var description: String { "\(name) \(elementType.rawValue) \(shape)" }

  /// Checks a tensor against the `storage` bytes that hold it, in checked arithmetic throughout.
  ///
  /// - Parameters:
  ///   - offset: the first element, in elements from the start of `storage`.
  ///   - strides: in elements; nil for elements in order.
  init(
    name: String, elementType: ElementType, shape: [Int], strides givenStrides: [Int]?, offset: Int,
    storage: Range<Int>, record: Int?
  ) throws(CheckpointError.Kind) {
    guard let count = Self.elementCount(shape) else {
      throw .outOfBounds(
        tensor: name, found: "shape \(shape)", expected: "sizes that are not negative or huge")
    }
    let strides = givenStrides ?? Self.contiguousStrides(shape)
    let capacity = storage.count / elementType.byteCount
    guard let last = Self.lastElement(shape, strides, offset: offset, count: count),
      last < capacity
    else {
      throw .outOfBounds(
        tensor: name, found: "shape \(shape), strides \(strides), offset \(offset)",
        expected: "\(capacity) elements of \(elementType.rawValue) at most")
    }
    // Strides of 0 let a few bytes claim any number of elements, which a reader would allocate.
    let expansionLimit = 1 << 26
    guard count <= max(capacity, expansionLimit) else {
      throw .limitExceeded(
        what: "the number of elements of tensor \(name.quotedForMessage)", limit: expansionLimit)
    }
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.strides = strides
    self.record = record
    elementCount = count
    isContiguous = Self.isContiguous(shape, strides, count: count)
    let start = storage.lowerBound + (count == 0 ? 0 : offset) * elementType.byteCount
    let end = count == 0 ? start : storage.lowerBound + (last + 1) * elementType.byteCount
    span = start..<end
  }

  /// The product of the sizes; nil if one is negative or the bytes would not fit an `Int`.
  static func elementCount(_ shape: [Int]) -> Int? {
    guard shape.allSatisfy({ $0 >= 0 }) else { return nil }
    if shape.contains(0) { return 0 }
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, product < Int.max / 16 else { return nil }
      count = product
    }
    return count
  }

  /// Steps of elements that lie in order, the last axis fastest.
  static func contiguousStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] &* max(shape[axis + 1], 1)
    }
    return strides
  }

  /// The highest element index used (-1 for none); nil if a step or the offset is negative or an
  /// index overflows.
  private static func lastElement(
    _ shape: [Int], _ strides: [Int], offset: Int, count: Int
  ) -> Int? {
    guard strides.count == shape.count else { return nil }
    if count == 0 { return -1 }
    guard offset >= 0 else { return nil }
    var last = offset
    for (size, stride) in zip(shape, strides) where size > 1 {
      guard stride >= 0 else { return nil }
      let (reach, tooFar) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflow) = last.addingReportingOverflow(reach)
      guard !tooFar, !overflow else { return nil }
      last = sum
    }
    return last
  }

  private static func isContiguous(_ shape: [Int], _ strides: [Int], count: Int) -> Bool {
    if count == 0 { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size > 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }
}
