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

  /// Operations in the order in which they ran.
  public private(set) var calls: [Call] = []
  fileprivate var layers: [String] = []

  /// An empty profile.
  public init() {}

  fileprivate func add(
    _ kind: OperationKind, _ shape: String, _ duration: Duration, _ operations: Double
  ) {
    calls.append(
      Call(
        kind: kind, layer: layers.joined(separator: "."), shape: shape,
        seconds: duration.inSeconds, operations: operations))
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
  package var operationStart: ContinuousClock.Instant? {
    use.begin()
    return profile == nil ? nil : ContinuousClock.now
  }

  /// Ends an operation, and notes it if a profile is taken; to be deferred.
  ///
  /// - Parameters:
  ///   - shape: Extents of its input.
  ///   - outputs: Channels of its result, where they differ.
  ///   - operations: Floating point operations.
  @inline(__always)
  func record(
    _ kind: OperationKind, since start: ContinuousClock.Instant?, _ shape: [Int],
    outputs: Int? = nil, operations: @autoclosure () -> Double = 0
  ) {
    use.end()
    guard let start, let profile else { return }
    let duration = ContinuousClock.now - start
    let extents = shape.map(String.init).joined(separator: " x ")
    profile.add(kind, extents + (outputs.map { " -> \($0)" } ?? ""), duration, operations())
  }
}
