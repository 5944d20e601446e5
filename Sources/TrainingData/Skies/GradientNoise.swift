import TensorCore

/// Smooth random values over three dimensions, the same on every machine.
///
/// Source: Perlin, "Improving Noise", SIGGRAPH 2002, with a table shuffled by the seed. Nothing but
/// sums and products is computed, so that no mathematical library can change a bit.
struct GradientNoise: Sendable {
  /// Lattice values, twice over so that sums of two need no wrapping.
  private let table: [UInt8]

  init(_ numbers: inout SeededNumbers) {
    let order = numbers.permutation(of: 256).map { UInt8($0) }
    table = order + order
  }

  /// The noise at a point: about -1 ... 1, mean 0, period 256 in each direction, features of size 1.
  func callAsFunction(_ x: Float, _ y: Float, _ z: Float) -> Float {
    let (cellX, fractionX) = Self.split(x)
    let (cellY, fractionY) = Self.split(y)
    let (cellZ, fractionZ) = Self.split(z)
    let (u, v, w) = (Self.ease(fractionX), Self.ease(fractionY), Self.ease(fractionZ))
    return table.withUnsafeBufferPointer { table in
      let low = Int(table[cellX]) + cellY
      let high = Int(table[cellX + 1]) + cellY
      let corners = (
        Int(table[low & 255]) + cellZ, Int(table[high & 255]) + cellZ,
        Int(table[(low + 1) & 255]) + cellZ, Int(table[(high + 1) & 255]) + cellZ
      )
      let (x1, y1, z1) = (fractionX - 1, fractionY - 1, fractionZ - 1)
      let near = Self.mix(
        Self.mix(
          Self.slope(table[corners.0], fractionX, fractionY, fractionZ),
          Self.slope(table[corners.1], x1, fractionY, fractionZ), u),
        Self.mix(
          Self.slope(table[corners.2], fractionX, y1, fractionZ),
          Self.slope(table[corners.3], x1, y1, fractionZ), u), v)
      let far = Self.mix(
        Self.mix(
          Self.slope(table[corners.0 + 1], fractionX, fractionY, z1),
          Self.slope(table[corners.1 + 1], x1, fractionY, z1), u),
        Self.mix(
          Self.slope(table[corners.2 + 1], fractionX, y1, z1),
          Self.slope(table[corners.3 + 1], x1, y1, z1), u), v)
      return Self.mix(near, far, w)
    }
  }

  /// A sum of octaves, each twice as fine and `gain` times as strong as the one before; about -1 ... 1.
  ///
  /// - Parameters:
  ///   - evolution: The third coordinate; finer octaves move along it faster.
  ///   - octaves: How many are summed, at least 1.
  ///   - finest: The smallest feature that can be shown; octaves fade out before they reach it.
  func fractal(
    _ x: Float, _ y: Float, evolution: Float, octaves: Int, gain: Float = 0.45, finest: Float = 0
  ) -> Float {
    var (sum, strength, total) = (Float(0), Float(1), Float(0))
    var (frequency, speed) = (Float(1), Float(1))
    for octave in 0..<octaves {
      total += strength
      let visible = min(max(1.6 - 1.4 * frequency * finest, 0), 1)
      if visible > 0 {
        let shift = Float(octave) * 17.31
        sum +=
          strength * visible
          * self(x * frequency + shift, y * frequency - shift, evolution * speed + shift)
      }
      strength *= gain
      frequency *= 2
      speed *= 1.4
    }
    return sum * 1.4 / total
  }

  /// The lattice cell, wrapped to 0 ... 255, and the place in it, 0 ..< 1.
  private static func split(_ value: Float) -> (cell: Int, fraction: Float) {
    var whole = Int(value)
    if Float(whole) > value { whole -= 1 }
    return (whole & 255, value - Float(whole))
  }

  /// `6 t^5 - 15 t^4 + 10 t^3`.
  private static func ease(_ t: Float) -> Float { t * t * t * (t * (t * 6 - 15) + 10) }

  private static func mix(_ a: Float, _ b: Float, _ share: Float) -> Float { a + share * (b - a) }

  /// The product with one of twelve directions to the edges of a cube.
  private static func slope(_ hash: UInt8, _ x: Float, _ y: Float, _ z: Float) -> Float {
    let kind = hash & 15
    let u = kind < 8 ? x : y
    let v = kind < 4 ? y : (kind == 12 || kind == 14 ? x : z)
    return (kind & 1 == 0 ? u : -u) + (kind & 2 == 0 ? v : -v)
  }
}
