/// Red, green and blue, 0 ... 1 as displayed, one in each of the first three places.
typealias SkyColor = SIMD4<Float>

extension SIMD4<Float> {
  /// A colour from 8-bit values.
  init(red: Float, green: Float, blue: Float) {
    self = Self(red, green, blue, 0) / 255
  }

  /// The colour a share of the way to another.
  func mixed(with other: Self, _ share: Float) -> Self { self + (other - self) * share }
}

/// 0 below `low`, 1 above `high`, and a smooth rise between.
func smoothStep(_ low: Float, _ high: Float, _ value: Float) -> Float {
  let t = min(max((value - low) / (high - low), 0), 1)
  return t * t * (3 - 2 * t)
}
