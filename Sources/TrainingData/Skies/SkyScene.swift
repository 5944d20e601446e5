import MediaIO
import TensorCore

/// A place under a moving sky: what one synthetic video shows.
///
/// Hills stand still, some of them behind a lake that mirrors everything, while one or two layers of
/// clouds drift at their own speeds and change their shapes. Sun and moon cross the sky, and the
/// light goes with them: days, dusks that turn to night, nights with stars, and dawns. A scene is
/// made up by its seed alone and drawn by sums, products and square roots alone, so that a seed, a
/// frame number and a size give the same pixels on every machine. All sizes show the same picture;
/// details finer than a pixel are faded out, not left to flicker.
public struct SkyScene: Sendable {
  /// Where the plane of the clouds ends, from the upper edge.
  let horizon: Float
  /// The sun, and the moon that shines when it is dark.
  let sun: SkyBody
  let moon: SkyBody
  let stars: StarField
  /// How far the sun's glow reaches.
  let glowRadius: Float
  /// How deep the haze stands over the horizon, in image heights.
  let hazeDepth: Float
  /// A cast that the whole picture has.
  let tint: SkyColor
  /// Slow changes of exposure.
  let flicker: GradientNoise
  /// High clouds first.
  let layers: [CloudLayer]
  /// Far hills first.
  let ridges: [HillRidge]
  /// The water before the hills, if there is any.
  let lake: Lake?

  /// Makes up a scene.
  ///
  /// - Parameter seed: Decides everything; neighbouring seeds have nothing in common.
  public init(seed: UInt64) {
    var numbers = SeededNumbers(seed, 0x5349_4B59)
    flicker = GradientNoise(&numbers)
    lake =
      numbers.chance(0.4)
      ? Lake(
        shore: 1 - numbers.number(in: 0.16...0.28), swell: numbers.number(in: 0.02...0.05),
        pace: numbers.number(in: 0.06...0.14), noise: flicker) : nil
    let ground = lake.map { 1 - $0.shore } ?? 0
    ridges = Self.ridges(over: ground, &numbers)
    horizon = 1 - (lake == nil ? numbers.number(in: 0.10...0.20) : ground + 0.02)
    sun = Self.sun(&numbers)
    moon = SkyBody(
      height: numbers.number(in: 0.30...0.68), rise: numbers.number(in: -0.003...0.003),
      across: numbers.number(in: 0.1...0.9), drift: numbers.number(in: -0.003...0.003),
      radius: numbers.number(in: 0.026...0.040))
    stars = StarField(&numbers)
    glowRadius = numbers.number(in: 0.10...0.22)
    hazeDepth = numbers.number(in: 0.10...0.26)
    tint = SkyColor(
      numbers.number(in: 0.95...1.05), numbers.number(in: 0.96...1.04),
      numbers.number(in: 0.94...1.06), 0)
    layers = Self.layers(&numbers)
  }

  /// The sun's way decides the light: a day, a dusk or a dawn that passes, or a night.
  private static func sun(_ numbers: inout SeededNumbers) -> SkyBody {
    let direction: Float = numbers.chance(0.5) ? 1 : -1
    let (height, pace): (Float, Float) =
      switch numbers.number(in: 0...1) {
      case ..<0.36: (numbers.number(in: 0.22...0.70), numbers.number(in: 0.0005...0.003))
      case ..<0.58: (numbers.number(in: 0.02...0.22), numbers.number(in: 0.0005...0.002))
      case ..<0.84:
        // Through the colours of the evening or the morning, about the middle of 64 frames.
        (
          direction * numbers.number(in: -0.30 ... -0.12) + 0.02, numbers.number(in: 0.005...0.009)
        )
      default: (numbers.number(in: -0.60 ... -0.38), numbers.number(in: 0...0.001))
      }
    return SkyBody(
      height: height, rise: direction * pace, across: numbers.number(in: 0.08...0.92),
      drift: numbers.number(in: -0.004...0.004), radius: numbers.number(in: 0.028...0.044))
  }

  private static func ridges(
    over ground: Float, _ numbers: inout SeededNumbers
  ) -> [HillRidge] {
    let count = numbers.chance(0.65) ? 2 : 1
    return (0..<count).map { index in
      let isNear = index == count - 1
      let height = isNear ? numbers.number(in: 0.09...0.16) : numbers.number(in: 0.16...0.25)
      return HillRidge(
        height: ground > 0 ? ground + height * 0.45 : height,
        relief: numbers.number(in: isNear ? 0.03...0.08 : 0.05...0.13),
        frequency: numbers.number(in: isNear ? 1.2...2.4 : 1.5...3.2),
        woods: isNear && numbers.chance(0.4) ? numbers.number(in: 0.03...0.08) : 0,
        haze: isNear ? numbers.number(in: 0...0.08) : numbers.number(in: 0.30...0.58),
        origin: numbers.number(in: 0...200), noise: GradientNoise(&numbers))
    }
  }

  private static func layers(_ numbers: inout SeededNumbers) -> [CloudLayer] {
    // One wind for all, with a direction mostly across; low clouds show more of it.
    let side: Float = numbers.chance(0.5) ? 1 : -1
    let wind = SIMD2(
      side * numbers.number(in: 0.6...1), numbers.number(in: -0.8...0.8))
    let speed = numbers.number(in: 0.020...0.050)
    let noise = GradientNoise(&numbers)
    func origin() -> SIMD3<Float> {
      SIMD3(
        numbers.number(in: 0...200), numbers.number(in: 0...200), numbers.number(in: 0...200))
    }
    var layers: [CloudLayer] = []
    if numbers.chance(0.7) {
      layers.append(
        CloudLayer(
          scale: numbers.number(in: 0.9...1.6), stretch: numbers.number(in: 0.3...0.8),
          threshold: numbers.number(in: -0.15...0.2), softness: numbers.number(in: 0.6...1.0),
          opacity: numbers.number(in: 0.3...0.65), relief: 0.25, wind: wind * speed * 0.45,
          evolution: numbers.number(in: 0.008...0.016), warp: numbers.number(in: 0.4...0.9),
          octaves: 4, origin: origin(), noise: noise))
    }
    if layers.isEmpty || numbers.chance(0.85) {
      layers.append(
        CloudLayer(
          scale: numbers.number(in: 0.9...1.7), stretch: numbers.number(in: 0.7...1.1),
          threshold: numbers.number(in: -0.34...0.10), softness: numbers.number(in: 0.36...0.62),
          opacity: numbers.number(in: 0.85...0.98), relief: numbers.number(in: 0.6...1),
          wind: wind * speed, evolution: numbers.number(in: 0.014...0.034),
          warp: numbers.number(in: 0.3...0.7), octaves: 5, origin: origin(), noise: noise))
    }
    return layers
  }
}
