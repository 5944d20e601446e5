import TensorCore

/// Numbers that look random and are the same in every run (splitmix64).
public struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  /// Begins the sequence of a seed.
  public init(_ seed: UInt64) { state = seed }

  /// Begins a sequence that belongs to a name, whatever was drawn before.
  public init(_ seed: UInt64, name: String) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    state = hash &+ seed
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number in -1 ..< 1 with 24 bits, so that float32 holds it exactly.
  public mutating func uniform() -> Float {
    Float(next() >> 40) / Float(1 << 23) - 1
  }

  /// As many numbers in `centre - scale ..< centre + scale`.
  public mutating func floats(_ count: Int, scale: Float = 1, around centre: Float = 0) -> [Float] {
    (0..<count).map { _ in centre + scale * uniform() }
  }
}
