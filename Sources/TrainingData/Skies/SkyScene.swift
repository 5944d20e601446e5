import MediaIO
import TensorCore

/// A place under a moving sky: what one synthetic video shows.
///
/// Hills stand still while one or two layers of clouds drift at their own speeds and change their
/// shapes, the sun or moon moves a little, and the light with it. A scene is made up by its seed
/// alone and drawn by sums, products and square roots alone, so that a seed, a frame number and a
/// size give the same pixels on every machine. All sizes show the same picture; details finer than
/// a pixel are faded out, not left to flicker.
public struct SkyScene: Sendable {
  /// Where the plane of the clouds ends, from the upper edge.
  let horizon: Float
  /// Height of the sun over the horizon at frame 0, its rise in a frame, and its place across.
  let sunHeight: Float
  let sunRise: Float
  let sunAcross: Float
  let sunDrift: Float
  /// Radius of the disc, and how far its glow reaches.
  let discRadius: Float
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

  /// Makes up a scene.
  ///
  /// - Parameter seed: Decides everything; neighbouring seeds have nothing in common.
  public init(seed: UInt64) {
    var numbers = SeededNumbers(seed, 0x5349_4B59)
    ridges = Self.ridges(&numbers)
    horizon = 1 - numbers.number(in: 0.10...0.20)
    let kind = numbers.number(in: 0...1)
    sunHeight =
      switch kind {
      case ..<0.52: numbers.number(in: 0.26...0.75)
      case ..<0.74: numbers.number(in: 0.04...0.24)
      case ..<0.88: numbers.number(in: -0.18...0.02)
      default: numbers.number(in: -0.55 ... -0.32)
      }
    let pace = numbers.number(in: 0.0002...0.0012)
    sunRise = numbers.chance(0.5) ? pace : -pace
    sunAcross = numbers.number(in: 0.05...0.95)
    sunDrift = numbers.number(in: -0.0010...0.0010)
    discRadius = numbers.number(in: 0.022...0.034)
    glowRadius = numbers.number(in: 0.10...0.22)
    hazeDepth = numbers.number(in: 0.10...0.26)
    tint = SkyColor(
      numbers.number(in: 0.95...1.05), numbers.number(in: 0.96...1.04),
      numbers.number(in: 0.94...1.06), 0)
    flicker = GradientNoise(&numbers)
    layers = Self.layers(&numbers)
  }

  private static func ridges(_ numbers: inout SeededNumbers) -> [HillRidge] {
    let count = numbers.chance(0.65) ? 2 : 1
    return (0..<count).map { index in
      let isNear = index == count - 1
      return HillRidge(
        height: isNear ? numbers.number(in: 0.09...0.16) : numbers.number(in: 0.16...0.25),
        relief: numbers.number(in: isNear ? 0.03...0.08 : 0.05...0.13),
        frequency: numbers.number(in: isNear ? 1.2...2.4 : 1.5...3.2),
        haze: isNear ? numbers.number(in: 0...0.08) : numbers.number(in: 0.30...0.58),
        origin: numbers.number(in: 0...200), noise: GradientNoise(&numbers))
    }
  }

  private static func layers(_ numbers: inout SeededNumbers) -> [CloudLayer] {
    // One wind for all, with a direction mostly across; low clouds show more of it.
    let side: Float = numbers.chance(0.5) ? 1 : -1
    let wind = SIMD2(
      side * numbers.number(in: 0.6...1), numbers.number(in: -0.8...0.8))
    let speed = numbers.number(in: 0.008...0.024)
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
          evolution: numbers.number(in: 0.004...0.010), warp: numbers.number(in: 0.4...0.9),
          octaves: 4, origin: origin(), noise: noise))
    }
    if layers.isEmpty || numbers.chance(0.85) {
      layers.append(
        CloudLayer(
          scale: numbers.number(in: 0.9...1.7), stretch: numbers.number(in: 0.7...1.1),
          threshold: numbers.number(in: -0.34...0.10), softness: numbers.number(in: 0.36...0.62),
          opacity: numbers.number(in: 0.85...0.98), relief: numbers.number(in: 0.6...1),
          wind: wind * speed, evolution: numbers.number(in: 0.008...0.022),
          warp: numbers.number(in: 0.3...0.7), octaves: 5, origin: origin(), noise: noise))
    }
    return layers
  }
}
