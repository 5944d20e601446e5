import MessagePassing
import TensorCore

/// How ranks that train one network together share their gradients.
public struct GradientSharing: Sendable {
  /// The ranks.
  public let ranks: any Communicator
  /// The precision in which gradients are sent, `.float32` or `.bfloat16`; they are added up in float32.
  public let elementType: ElementType
  /// Numbers that are sent together.
  public let bucketCount: Int

  /// Describes the sharing; buckets of 4 Mi numbers are large enough for any network's full rate, and
  /// small enough that many leave while the others are still computed.
  public init(
    _ ranks: any Communicator, elementType: ElementType = .float32, bucketCount: Int = 4 << 20
  ) {
    precondition(elementType == .float32 || elementType == .bfloat16)
    self.ranks = ranks
    self.elementType = elementType
    self.bucketCount = bucketCount
  }
}
