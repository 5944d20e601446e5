import VideoDiffusion

/// Draws seeds that people can read out and type. A value, so that a screen that draws one stays a
/// pure function of what it was given.
package struct SeedSource: Sendable, Hashable {
  private let state: UInt64
  private var drawn = 0

  /// A source of seeds.
  ///
  /// - Parameter state: Where it begins; the same state draws the same seeds.
  package init(state: UInt64 = .random(in: 0...UInt64(UInt32.max))) { self.state = state }

  /// The next seed, of at most six digits.
  package mutating func next() -> UInt64 {
    drawn += 1
    return ClipSeed.seed(state, clip: drawn) % 1_000_000
  }
}
