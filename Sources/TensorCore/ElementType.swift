/// The type of one number of a tensor, as checkpoints and the operations name it.
public enum ElementType: String, Sendable, Hashable, CaseIterable {
  case float64
  case float32
  case float16
  /// The upper half of a float32: 8 exponent bits, 7 of fraction.
  case bfloat16
  case int64
  case int32
  case int16
  case int8
  case uint8
  case bool

  /// Bytes that one element occupies.
  public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether the type holds fractions; only such tensors can be weights.
  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16: true
    case .int64, .int32, .int16, .int8, .uint8, .bool: false
    }
  }
}
