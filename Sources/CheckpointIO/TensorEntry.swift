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
  /// Whether the file holds the elements as they are: in order, one by one, little-endian, with their own
  /// sign, and not packed. Only such tensors can be lent straight from the file.
  public var isContiguous: Bool { isOrdered && encoding == .plain }
  /// Whether the elements lie in order, one by one.
  let isOrdered: Bool
  /// How the stored elements have to be turned into numbers.
  let encoding: Encoding
  /// The bytes from the first element used to the last, counted from the start of the record, or
  /// of the file if there is none.
  let span: Range<Int>
  /// The position of the zip record that holds the elements; nil in other containers.
  let record: Int?
  /// The position of the file that holds them, of a checkpoint in several files.
  private(set) var part = 0

  /// What lies between stored elements and their numbers, beside strides.
  struct Encoding: Sendable, Hashable {
    /// Stored with the other sign (PyTorch's negative bit).
    var isNegated = false
    /// Stored with the highest byte first.
    var isBigEndian = false
    /// Within a record that is deflated; `span` counts unpacked bytes.
    var isPacked = false

    static let plain = Encoding()
  }

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
    storage: Range<Int>, record: Int?, encoding: Encoding = .plain
  ) throws(CheckpointError.Kind) {
    guard let count = Self.elementCount(shape) else {
      throw .outOfBounds(
        tensor: name, found: "shape \(shape)",
        expected: "sizes that are not negative and at most 4 T elements")
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
    let limit = CheckpointLimits.repeatedElements
    guard count <= max(capacity, limit) else {
      throw .limitExceeded(
        what: "the number of elements of tensor \(name.quotedForMessage)", limit: limit)
    }
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.strides = strides
    self.record = record
    elementCount = count
    self.encoding = encoding
    isOrdered = Self.isOrdered(shape, strides, count: count)
    let start = storage.lowerBound + (count == 0 ? 0 : offset) * elementType.byteCount
    let end = count == 0 ? start : storage.lowerBound + (last + 1) * elementType.byteCount
    span = start..<end
  }

  /// The same tensor as a member of the file number `part`.
  func inPart(_ part: Int) -> TensorEntry {
    var entry = self
    entry.part = part
    return entry
  }

  /// The product of the sizes; nil if one is negative, or if they are more than
  /// `CheckpointLimits.elements` with sizes of 0 counted as 1.
  ///
  /// This is the one place where sizes are judged, for every tensor of every container and for those that
  /// are written: an empty tensor's other sizes too, since networks are read off them.
  static func elementCount(_ shape: [Int]) -> Int? {
    var bound = 1
    for size in shape {
      guard size >= 0 else { return nil }
      let (product, overflow) = bound.multipliedReportingOverflow(by: max(size, 1))
      guard !overflow, product <= CheckpointLimits.elements else { return nil }
      bound = product
    }
    return shape.contains(0) ? 0 : bound
  }

  /// Steps of elements that lie in order, the last axis fastest.
  static func contiguousStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
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

  private static func isOrdered(_ shape: [Int], _ strides: [Int], count: Int) -> Bool {
    if count == 0 { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size > 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }
}
