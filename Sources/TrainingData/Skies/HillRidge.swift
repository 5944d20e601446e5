/// A line of hills that stands still.
struct HillRidge: Sendable {
  /// Mean height of the line above the lower edge, and how far it rises and falls, in image heights.
  var height: Float
  var relief: Float
  /// Hills along the width.
  var frequency: Float
  /// Height of the woods that stand on it, in image heights; 0 for bare hills.
  var woods: Float
  /// How much of the air lies before it: 0 as dark as the ground, 1 gone in the haze.
  var haze: Float
  var origin: Float
  var noise: GradientNoise

  /// Trees along the width, about.
  private static let crownFrequency: Float = 17

  /// The line's distance from the upper edge at a place across, both in image heights.
  ///
  /// - Parameter pixel: The size of a pixel; bumps finer than that are left out.
  func line(at x: Float, pixel: Float) -> Float {
    let bumps = noise.fractal(
      x * frequency + origin, origin * 0.37, evolution: 0, octaves: 6, gain: 0.42,
      finest: pixel * frequency)
    // Crowns: the tops of fast noise alone, so that woods have gaps.
    let crowns =
      woods > 0
      ? noise.fractal(
        x * Self.crownFrequency, origin, evolution: 3, octaves: 2, gain: 0.6,
        finest: pixel * Self.crownFrequency) : 0
    return 1 - height - relief * bumps - woods * max(crowns + 0.2, 0)
  }

  /// Brightness of the ground around 1: fields and woods, flattened by distance.
  func ground(at x: Float, _ y: Float, pixel: Float) -> Float {
    let patches = noise.fractal(
      x * 5 + origin, y * 14, evolution: 7, octaves: 3, finest: pixel * 14)
    return 1 + 0.22 * (1 - haze) * patches
  }
}
