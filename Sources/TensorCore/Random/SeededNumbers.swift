/// Random numbers that are the same on every machine and with every version of Swift.
///
/// The generator is splitmix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014). Ranges and shuffles are worked out here, since those of Swift's
/// library may change between versions.
package struct SeededNumbers: Sendable, Hashable {
  @usableFromInline var state: UInt64

  /// Begins the sequence of a seed.
  package init(_ seed: UInt64) { state = seed }

  /// Begins a sequence of its own for every combination of a seed and some numbers.
  package init(_ seed: UInt64, _ numbers: UInt64...) {
    self.init(seed)
    for number in numbers { state = next() ^ number }
    state = next()
  }

  /// The next 64 random bits.
  @inlinable
  package mutating func next() -> UInt64 {
    state &+= Self.increment
    return Self.mixed(state)
  }

  /// A number of a seed's sequence without those before it; the first is number 1.
  package static func number(_ index: UInt64, of seed: UInt64) -> UInt64 {
    mixed(seed &+ index &* increment)
  }

  /// A number of its own for every text and seed.
  package static func hash(_ text: String, seed: UInt64) -> UInt64 {
    var numbers = SeededNumbers(seed, FNV1a.hash(text.utf8))
    return numbers.next()
  }

  @usableFromInline static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inlinable
  static func mixed(_ state: UInt64) -> UInt64 {
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }

  /// A whole number in `0 ..< bound`; the bound is at least 1.
  package mutating func whole(below bound: Int) -> Int {
    precondition(bound >= 1, "there is no number below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in a range, its upper bound left out, in steps of 1/2^24 of its width.
  package mutating func number(in range: ClosedRange<Float>) -> Float {
    let share = Float(next() >> 40) / Float(1 << 24)
    return range.lowerBound + share * (range.upperBound - range.lowerBound)
  }

  /// True with the given probability.
  package mutating func chance(_ probability: Float) -> Bool {
    number(in: 0...1) < probability
  }

  /// `0 ..< count` in random order (Fisher and Yates).
  package mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in order.indices.dropFirst().reversed() {
      order.swapAt(last, whole(below: last + 1))
    }
    return order
  }
}

/// The hash FNV-1a, 64 bits (Fowler, Noll, Vo; IETF draft "The FNV Non-Cryptographic Hash Algorithm"): the
/// same for the same bytes in every process. It gives names unrelated numbers and finds damage, not intent.
package enum FNV1a {
  /// The hash of some bytes.
  ///
  /// - Parameter start: Another start gives another family of hashes.
  package static func hash(
    _ bytes: some Sequence<UInt8>, start: UInt64 = 0xCBF2_9CE4_8422_2325
  ) -> UInt64 {
    bytes.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
