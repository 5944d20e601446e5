import Glibc
import TensorCore

/// Conversions between stored elements and the numbers that Swift computes with.
///
/// Stored elements are little-endian and may have any alignment. The loops are plain arithmetic on
/// integers, so that they vectorise on any processor and do not depend on hardware for float16 or
/// on the thread's handling of subnormal numbers.
enum ElementConversion {
  /// Converts `count` floating elements, `stride` elements apart, to float32.
  static func float32(
    from source: UnsafeRawPointer, type: ElementType, count: Int, stride: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    switch type {
    case .float32 where stride == 1:
      memcpy(target, source, count * 4)
    case .float32:
      convert(source, UInt32.self, count, stride, target) { Float(bitPattern: $0) }
    case .bfloat16:
      convert(source, UInt16.self, count, stride, target) {
        Float(bitPattern: UInt32($0) << 16)
      }
    case .float16:
      convert(source, UInt16.self, count, stride, target, float(half:))
    case .float64:
      convert(source, UInt64.self, count, stride, target) { Float(Double(bitPattern: $0)) }
    case .int64, .int32, .int16, .int8, .uint8, .bool:
      preconditionFailure("integers are read by int64Values")
    }
  }

  /// The integer or boolean at `source`; any byte but 0 is true, as in PyTorch.
  static func integer(at source: UnsafeRawPointer, type: ElementType) -> Int64 {
    switch type {
    case .int64: Int64(littleEndian: source.loadUnaligned(as: Int64.self))
    case .int32: Int64(Int32(littleEndian: source.loadUnaligned(as: Int32.self)))
    case .int16: Int64(Int16(littleEndian: source.loadUnaligned(as: Int16.self)))
    case .int8: Int64(source.load(as: Int8.self))
    case .uint8: Int64(source.load(as: UInt8.self))
    case .bool: source.load(as: UInt8.self) == 0 ? 0 : 1
    case .float64, .float32, .float16, .bfloat16:
      preconditionFailure("floating numbers are read by readFloat32")
    }
  }

  /// The elements of `width` bytes with the bytes of each turned round.
  static func reversed(_ bytes: UnsafeRawBufferPointer, width: Int) -> [UInt8] {
    let count = bytes.count / width * width
    return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      for start in stride(from: 0, to: count, by: width) {
        for index in 0..<width { target[start + index] = bytes[start + width - 1 - index] }
      }
      initialized = count
    }
  }

  /// `values` as stored elements of a floating type, rounded to the nearest, ties to even; what is
  /// too large for float16 becomes infinite.
  static func stored(_ values: UnsafeBufferPointer<Float>, as type: ElementType) -> [UInt8] {
    switch type {
    case .float64: bytes(values) { Double($0).bitPattern }
    case .float32: bytes(values) { $0.bitPattern }
    case .float16: bytes(values, half(float:))
    case .bfloat16: bytes(values, brainFloat(float:))
    case .int64, .int32, .int16, .int8, .uint8, .bool:
      preconditionFailure("only floating types are written from float32")
    }
  }

  /// float16 bits (IEEE 754 binary16) as float32, exactly.
  @inline(__always)
  static func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let magnitude = UInt32(bits & 0x7FFF) << 13
    // The exponent's bias grows from 15 to 127; infinity and NaN have the top exponent in both.
    let normal = magnitude &+ (112 << 23)
    let special = magnitude &+ (224 << 23)
    // A subnormal half is a whole number of 2^-24.
    let subnormal = (Float(Int32(truncatingIfNeeded: magnitude >> 13)) * 0x1p-24).bitPattern
    let finite = magnitude < (1 << 23) ? subnormal : normal
    return Float(bitPattern: sign | (magnitude >= (31 << 23) ? special : finite))
  }

  /// The float16 bits nearest to `value`, ties to even.
  @inline(__always)
  static func half(float value: Float) -> UInt16 {
    let sign = UInt16(truncatingIfNeeded: value.bitPattern >> 16) & 0x8000
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
    // From half-way between the largest half, 65504, and 65536 on.
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    if magnitude < 0x3880_0000 {
      // Below 2^-14: a whole number of 2^-24, which the addition rounds to even.
      let steps = (Float(bitPattern: magnitude) * 0x1p24).rounded(.toNearestOrEven)
      return sign | UInt16(steps)
    }
    let rounded = magnitude &+ 0xFFF &+ ((magnitude >> 13) & 1)
    return sign | UInt16(truncatingIfNeeded: (rounded &- (112 << 23)) >> 13)
  }

  /// The bfloat16 bits nearest to `value`, ties to even.
  @inline(__always)
  static func brainFloat(float value: Float) -> UInt16 {
    let bits = value.bitPattern
    // Rounding a NaN could carry into infinity, so it is made quiet in place of that.
    if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
  }

  @inline(__always)
  private static func convert<Stored: FixedWidthInteger & BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ type: Stored.Type, _ count: Int, _ stride: Int,
    _ target: UnsafeMutablePointer<Float>, _ value: (Stored) -> Float
  ) {
    let size = MemoryLayout<Stored>.size
    // A loop of its own for neighbours, because only that one vectorises.
    if stride == 1 {
      for index in 0..<count {
        let bits = source.loadUnaligned(fromByteOffset: index &* size, as: Stored.self)
        target[index] = value(Stored(littleEndian: bits))
      }
    } else {
      for index in 0..<count {
        let position = index &* stride &* size
        let bits = source.loadUnaligned(fromByteOffset: position, as: Stored.self)
        target[index] = value(Stored(littleEndian: bits))
      }
    }
  }

  @inline(__always)
  private static func bytes<Stored: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafeBufferPointer<Float>, _ convert: (Float) -> Stored
  ) -> [UInt8] {
    let size = MemoryLayout<Stored>.size
    return [UInt8](unsafeUninitializedCapacity: values.count * size) { buffer, count in
      let target = UnsafeMutableRawBufferPointer(buffer)
      for index in values.indices {
        target.storeBytes(
          of: convert(values[index]).littleEndian, toByteOffset: index * size, as: Stored.self)
      }
      count = values.count * size
    }
  }
}
