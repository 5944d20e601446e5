/// What can go wrong while computing with tensors.
///
/// Shapes that do not fit are a programmer's mistake and stop the program; this error is for what
/// depends on the machine: memory, and operations that a library does not offer there.
public struct TensorError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The operation or library call that failed, for example `dnnl_primitive_create`.
  public let operation: String
  /// What the library said, in words.
  public let reason: String
  /// How short a device's memory was, where that is why.
  public let shortage: MemoryShortage?

  /// Describes a failed operation.
  public init(operation: String, reason: String, shortage: MemoryShortage? = nil) {
    self.operation = operation
    self.reason = reason
    self.shortage = shortage
  }

  public var description: String { "\(operation) failed: \(reason)" }
}
