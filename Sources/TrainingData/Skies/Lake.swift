import TensorCore

/// Water in the foreground that mirrors what stands above its shore.
struct Lake: Sendable {
  /// Where the water begins, from the upper edge, in image heights.
  var shore: Float
  /// How far waves move what is mirrored, in image heights.
  var swell: Float
  /// How fast the waves pass.
  var pace: Float
  var noise: GradientNoise

  /// What a place on the water shows.
  struct Reflection {
    /// The height of what is mirrored there, from the upper edge.
    var y: Float
    /// The share of the mirrored light; the rest is the water's own.
    var share: Float
    /// Brightness around 1: waves lean to the light and away from it.
    var brightness: Float
  }

  /// Looks at a place below the shore.
  ///
  /// - Parameter pixel: The size of a pixel; waves finer than that are left out.
  func reflection(_ x: Float, _ y: Float, frame: Float, pixel: Float) -> Reflection {
    let distance = y - shore
    // Waves are seen in perspective: small and close together far away.
    let depth = 1 / (distance + 0.09)
    let wave = noise.fractal(
      (x - 0.5) * depth * 1.1 + 40, depth * 2.4, evolution: pace * frame, octaves: 2,
      finest: pixel * depth * depth * 2.4)
    let mirrored = shore - distance * 1.1 + swell * wave * (0.4 + 2 * distance)
    return Reflection(
      y: min(mirrored, shore), share: 0.86 - 0.9 * distance, brightness: 1 + 0.16 * wave)
  }
}
