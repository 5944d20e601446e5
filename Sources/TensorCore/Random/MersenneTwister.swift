/// The 32-bit Mersenne Twister, the engine under PyTorch's CPU generator and NumPy's legacy one.
///
/// Source: Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform
/// pseudo-random number generator", ACM TOMACS 8(1), 1998, in its 2002 initialisation.
package struct MersenneTwister: Sendable, Hashable {
  /// Words of state: n in the paper.
  package static let wordCount = 624
  /// Distance of the recurrence's third term: m in the paper.
  private static let middle = 397

  /// The state vector, `wordCount` words.
  package private(set) var words: [UInt32]
  /// Words already given out of this vector, in `0...wordCount`.
  package private(set) var position: Int

  /// Fills the state from one 32-bit seed.
  package init(seed: UInt32) {
    var words = [UInt32](repeating: seed, count: Self.wordCount)
    for index in 1..<Self.wordCount {
      let previous = words[index - 1]
      words[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
    }
    self.words = words
    self.position = Self.wordCount
  }

  /// Restores a saved state; nil unless there are `wordCount` words and the position is in
  /// `0...wordCount`.
  package init?(words: [UInt32], position: Int) {
    guard words.count == Self.wordCount, (0...Self.wordCount).contains(position) else {
      return nil
    }
    self.words = words
    self.position = position
  }

  /// The next 32 random bits.
  package mutating func next() -> UInt32 {
    if position == Self.wordCount { regenerate() }
    var bits = words[position]
    position += 1
    bits ^= bits >> 11
    bits ^= (bits << 7) & 0x9D2C_5680
    bits ^= (bits << 15) & 0xEFC6_0000
    bits ^= bits >> 18
    return bits
  }

  private mutating func regenerate() {
    words.withUnsafeMutableBufferPointer { words in
      let count = words.count
      for index in 0..<count {
        let following = words[index + 1 == count ? 0 : index + 1]
        let joined = (words[index] & 0x8000_0000) | (following & 0x7FFF_FFFF)
        let twisted = (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
        let source = index + Self.middle
        words[index] = words[source < count ? source : source - count] ^ twisted
      }
    }
    position = 0
  }
}
