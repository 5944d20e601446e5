import TensorCore

/// The precision of a run, by the name that people use.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
  /// 32-bit floats: the reference.
  case float32 = "f32"
  /// 16-bit brain floats for weights and features, accumulated in 32 bits.
  case bfloat16 = "bf16"
  /// 32-bit floats, rounded to 10 bits behind the point where a graphics processor multiplies them.
  case tensorFloat32 = "tf32"

  /// How the networks multiply.
  public var products: ProductPrecision {
    switch self {
    case .float32: .float32
    case .tensorFloat32: .tensorFloat32
    case .bfloat16: .bfloat16
    }
  }

  /// The type of the tensors.
  public var elementType: ElementType { products.elementType }

  /// Those that a processor has.
  public static let ofProcessors: [Precision] = [.float32, .bfloat16]
}

/// The precision in which processes that train together send each other gradients.
public enum GradientPrecision: String, Sendable, Hashable, Codable, CaseIterable {
  /// 32-bit floats, as they are.
  case float32 = "f32"
  /// 16-bit brain floats: half of what is sent.
  case bfloat16 = "bf16"

  /// The type of what is sent.
  public var elementType: ElementType { self == .float32 ? .float32 : .bfloat16 }
}
