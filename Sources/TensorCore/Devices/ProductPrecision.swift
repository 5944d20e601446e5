/// How networks multiply: the type of weights and features, and what their numbers are rounded to on the way into a
/// product. Sums are float32 in every case.
public enum ProductPrecision: Sendable, Hashable, CaseIterable {
  /// 32-bit floats, multiplied as they are: the reference.
  case float32
  /// 32-bit floats, rounded to 10 bits behind the point for the tensor cores of a graphics processor.
  case tensorFloat32
  /// 16-bit brain floats.
  case bfloat16

  /// The type of weights and features.
  public var elementType: ElementType { self == .bfloat16 ? .bfloat16 : .float32 }
}
