import TensorCore

/// Stars, which all move together as the night goes on.
struct StarField: Sendable {
  /// One star: its place at frame 0 in image heights, and its brightness, 0 ... 1.
  private struct Star {
    var place: SIMD2<Float>
    var brightness: Float
  }

  private let stars: [Star]
  /// The way of all stars in a frame, in image heights.
  private let drift: SIMD2<Float>

  /// Radius of a star's light in image heights; never less than most of a pixel.
  private static let radius: Float = 0.014

  init(_ numbers: inout SeededNumbers) {
    let count = 24 + numbers.whole(below: 50)
    stars = (0..<count).map { _ in
      let place = SIMD2(numbers.number(in: 0...1), numbers.number(in: 0...1))
      // Few are bright.
      let share = numbers.number(in: 0...1)
      return Star(place: place, brightness: 0.25 + 0.75 * share * share * share)
    }
    drift = SIMD2(numbers.number(in: -0.004...0.004), numbers.number(in: -0.0015...0.0015))
  }

  /// The light of all stars at a frame, before anything stands in front of them.
  ///
  /// - Returns: `[size, size]`, 0 where there is no star.
  func light(frame: Float, size: Int) -> [Float] {
    var result = [Float](repeating: 0, count: size * size)
    let pixel = 1 / Float(size)
    let radius = max(Self.radius, 0.9 * pixel)
    for star in stars {
      let center = Self.wrapped(star.place + drift * frame)
      let first = (center - radius) * Float(size)
      let last = (center + radius) * Float(size)
      for row in max(Int(first.y), 0)...min(max(Int(last.y), 0), size - 1) {
        for column in max(Int(first.x), 0)...min(max(Int(last.x), 0), size - 1) {
          let offset = (SIMD2(Float(column), Float(row)) + 0.5) * pixel - center
          let near = max(1 - (offset * offset).sum() / (radius * radius), 0)
          result[row * size + column] += star.brightness * near * near
        }
      }
    }
    return result
  }

  /// A place that has left on one side comes in on the other.
  private static func wrapped(_ place: SIMD2<Float>) -> SIMD2<Float> {
    // Rounded towards zero and back again once more where that was upwards: without a library's floor.
    let fraction = place - SIMD2(Float(Int(place.x)), Float(Int(place.y)))
    return fraction.replacing(with: fraction + 1, where: fraction .< 0)
  }
}
