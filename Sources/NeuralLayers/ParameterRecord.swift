import TensorCore

/// The parameters that layers ask for, written down while their initialisers run: so the layers
/// themselves are the list of a network's parameters, and neither numbers nor memory are needed for it.
///
/// Pass one to ``ParameterScope/init(describing:)`` and build the network.
public final class ParameterRecord: ParameterSource {
  /// Names and extents, PyTorch's axis order, in the order in which they were asked for.
  public private(set) var entries: [(name: String, shape: [Int])] = []

  /// An empty record.
  public init() {}

  /// There is nothing to take from.
  public func shape(of name: String) -> [Int]? { nil }

  /// There is nothing to take from.
  public func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    throw ParameterError(name: name, problem: .missing(expected: []))
  }

  func add(_ name: String, _ shape: [Int]) { entries.append((name, shape)) }
}

extension ParameterScope {
  /// The root of names that are written down only; layers that are built from it hold nothing.
  public init(describing record: ParameterRecord) {
    self.init(record, place: nil, record: record)
  }

  /// Whether layers are built only to say their parameters.
  public var isDescribing: Bool { record != nil }

  /// Says that the authors' files hold a tensor here that no layer reads.
  public func declare(_ name: String, shape: [Int]) { record?.add(prefix + name, shape) }

  /// A table of rotary positions, made of the stored numbers that the angles depend on.
  ///
  /// - Parameters:
  ///   - name: Below this scope.
  ///   - count: How many numbers are stored.
  ///   - length: Positions of the table.
  ///   - width: Channels of a head.
  ///   - angles: Makes the angles of those numbers, `[length, width]` in radians.
  /// - Throws: ``ParameterError``, or what the source throws.
  public func rotary(
    _ name: String, count: Int, length: Int, width: Int, angles: ([Float]) -> [Float]
  ) throws -> RotaryTable {
    let stored = try values(name, shape: [count])
    guard !isDescribing else { return .described(length: length, width: width) }
    return try context.prepareRotary(angles: angles(stored), width: width)
  }
}
