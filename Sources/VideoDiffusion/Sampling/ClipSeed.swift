import TensorCore

/// The seeds of a long video's clips and of a batch's samples.
public enum ClipSeed {
  /// The seed of one clip of a run.
  ///
  /// Clip 0 has the run's seed. Later ones have the low 32 bits of number `clip` of the run's
  /// seed in the sequence of splitmix64 (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
  /// Generators", OOPSLA 2014).
  ///
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - clip: clips made before this one, at least 0.
  public static func seed(_ seed: UInt64, clip: Int) -> UInt64 {
    precondition(clip >= 0, "clips are counted from 0")
    guard clip > 0 else { return seed }
    return SeededNumbers.number(UInt64(clip), of: seed) & 0xFFFF_FFFF
  }

  /// The seed of one sample of a batch: `seed + sample`, modulo 2^64.
  ///
  /// - Parameters:
  ///   - seed: the clip's seed.
  ///   - sample: the sample's place in the batch, at least 0.
  public static func seed(_ seed: UInt64, sample: Int) -> UInt64 {
    precondition(sample >= 0, "samples are counted from 0")
    return seed &+ UInt64(sample)
  }
}
