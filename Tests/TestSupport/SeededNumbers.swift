import TensorCore

extension SeededNumbers: RandomNumberGenerator {}

extension SeededNumbers {
  /// Begins a sequence that belongs to a name, whatever was drawn before.
  package init(_ seed: UInt64, name: String) { self.init(FNV1a.hash(name.utf8) &+ seed) }

  /// A number in -1 ..< 1 with 24 bits, so that float32 holds it exactly.
  package mutating func uniform() -> Float {
    Float(next() >> 40) / Float(1 << 23) - 1
  }

  /// As many numbers in `centre - scale ..< centre + scale`.
  package mutating func floats(_ count: Int, scale: Float = 1, around centre: Float = 0) -> [Float]
  {
    (0..<count).map { _ in centre + scale * uniform() }
  }
}
