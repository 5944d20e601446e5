/// The sun or the moon: a disc that crosses the sky.
struct SkyBody: Sendable {
  /// Height over the horizon at frame 0, 0.8 as high as it gets, negative below, and its rise in a
  /// frame.
  var height: Float
  var rise: Float
  /// Its place across at frame 0, 0 ... 1, and its way in a frame.
  var across: Float
  var drift: Float
  /// Radius of the disc in image heights.
  var radius: Float

  /// The height at a frame.
  func height(at frame: Float) -> Float { height + rise * frame }

  /// The place in the picture at a frame.
  func place(at frame: Float, horizon: Float) -> SIMD2<Float> {
    SIMD2(across + drift * frame, horizon - 0.04 - height(at: frame) * 0.95)
  }

  /// How much of a pixel the disc fills, 0 ... 1, by the distance of the two.
  func share(at distance: Float, pixel: Float) -> Float {
    let edge = max(pixel, radius * 0.5)
    return 1 - smoothStep(radius - edge, radius + edge, distance)
  }
}
