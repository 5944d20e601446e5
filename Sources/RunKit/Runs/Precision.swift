import TensorCore

/// The precision of a run, by the name that people use.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// 32-bit floats: the reference.
  case float32 = "f32"
  /// 16-bit brain floats for weights and features, accumulated in 32 bits.
  case bfloat16 = "bf16"

  /// The type of the tensors.
  public var elementType: ElementType { self == .float32 ? .float32 : .bfloat16 }
}
