import Foundation

/// A way to a video that resembles another: the noise that a clip begins with is turned a little towards
/// that of a second seed. What a solver draws later stays that of the first.
public struct NoiseVariation: Sendable, Hashable, Codable {
  /// The second seed; clips and samples have seeds made from it as from the first (``ClipSeed``).
  public var seed: UInt64
  /// How far the noise is turned, 0 (not at all) to 1 (all the way).
  public var share: Double

  /// States a variation; see ``validate()``.
  public init(seed: UInt64, share: Double) {
    self.seed = seed
    self.share = share
  }

  /// Reads `SEED:SHARE`, such as `7:0.2`.
  ///
  /// - Returns: `nil` for other text, and for a share that is not within 0 to 1.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let seed = UInt64(parts[0]), let share = Double(parts[1]),
      (0...1).contains(share)
    else { return nil }
    self.init(seed: seed, share: share)
  }

  /// The variation as ``init(_:)`` reads it.
  public var text: String { "\(seed):\(share)" }

  /// Checks the share's range.
  ///
  /// - Throws: ``ModelError``.
  func validate() throws {
    guard (0...1).contains(share) else {
      throw ModelError(
        .setting(name: "the variation's share", found: "\(share)", expected: "0 to 1"))
    }
  }

  /// The point on the great circle between two draws of noise: `(sin((1 - s) a) x + sin(s a) y) / sin a`,
  /// where a is the angle between them (Shoemake, "Animating Rotation with Quaternion Curves", SIGGRAPH
  /// 1985). A straight line between them would lose variance, which the network takes for less noise.
  ///
  /// - Parameters:
  ///   - share: s; 0 gives the first draw itself, 1 the second.
  ///   - other: As many values.
  static func between(_ noise: [Float], _ other: [Float], share: Double) -> [Float] {
    precondition(noise.count == other.count, "noise of two shapes")
    guard share > 0 else { return noise }
    guard share < 1 else { return other }
    func product(_ a: [Float], _ b: [Float]) -> Double {
      zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (product(noise, noise) * product(other, other)).squareRoot()
    let angle = lengths > 0 ? acos(min(max(product(noise, other) / lengths, -1), 1)) : 0
    // The same noise twice, or its negative, has no one circle through it.
    guard sin(angle) > 1e-6 else { return noise }
    return weightedSum(
      (sin((1 - share) * angle) / sin(angle), noise), (sin(share * angle) / sin(angle), other))
  }
}
