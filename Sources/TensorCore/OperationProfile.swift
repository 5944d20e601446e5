/// What an operation computes, for a profile.
public enum OperationKind: String, Sendable, Hashable, CaseIterable {
  case convolution
  case matmul
  case attention
  case groupNorm = "group norm"
  case layerNorm = "layer norm"
  case activation
  case addition
  case resampling
  case movement
  case loss
  case optimizer
}

/// The time that each operation of a context took, while it is ``ComputeContext/profile``.
public final class OperationProfile {
  /// One operation that ran.
  public struct Call: Sendable, Hashable {
    /// What it computed.
    public let kind: OperationKind
    /// The layer that asked for it, the outermost name first, for example `input_blocks.3`; empty
    /// outside any.
    public let layer: String
    /// Extents, for people: `2 x 2112 x 256 -> 512`.
    public let shape: String
    /// How long it took.
    public let seconds: Double
    /// Floating point operations, a multiply-add being 2; 0 for what is bound by memory.
    public let operations: Double
  }

  /// An operation between two moments of the device, which may not have come to them yet.
  private struct Timed {
    let kind: OperationKind
    let layer: String
    let shape: String
    let operations: Double
    let start: any DeviceMoment
    let end: any DeviceMoment
  }

  private var timed: [Timed] = []
  fileprivate var layers: [String] = []

  /// Operations in the order in which they ran. Waits for the device.
  public var calls: [Call] {
    timed.map { operation in
      Call(
        kind: operation.kind, layer: operation.layer, shape: operation.shape,
        seconds: operation.end.seconds(since: operation.start), operations: operation.operations)
    }
  }

  /// An empty profile.
  public init() {}

  fileprivate func add(
    _ kind: OperationKind, _ shape: String, _ operations: Double, from start: any DeviceMoment,
    to end: any DeviceMoment
  ) {
    timed.append(
      Timed(
        kind: kind, layer: layers.joined(separator: "."), shape: shape, operations: operations,
        start: start, end: end))
  }
}

extension ComputeContext {
  /// Runs `body` with its operations under a layer's name in the profile, if one is taken.
  @inline(__always)
  public func inLayer<Result>(
    _ name: @autoclosure () -> String, _ body: () throws -> Result
  ) rethrows -> Result {
    guard let profile else { return try body() }
    profile.layers.append(name())
    defer { profile.layers.removeLast() }
    return try body()
  }

  /// Begins an operation, which ``record(_:since:_:outputs:operations:)`` ends: the moment before it;
  /// `nil`, without a look at the clock, unless a profile is taken.
  @inline(__always)
  package var operationStart: (any DeviceMoment)? {
    use.begin()
    return profile == nil ? nil : device.moment()
  }

  /// Ends an operation, and notes it if a profile is taken; to be deferred.
  ///
  /// - Parameters:
  ///   - shape: Extents of its input.
  ///   - outputs: Channels of its result, where they differ.
  ///   - operations: Floating point operations.
  @inline(__always)
  func record(
    _ kind: OperationKind, since start: (any DeviceMoment)?, _ shape: [Int],
    outputs: Int? = nil, operations: @autoclosure () -> Double = 0
  ) {
    use.end()
    guard let start, let profile else { return }
    let extents = shape.map(String.init).joined(separator: " x ")
    profile.add(
      kind, extents + (outputs.map { " -> \($0)" } ?? ""), operations(), from: start,
      to: device.moment())
  }
}
