/// One sheet of clouds at a height of its own, seen in perspective from below.
///
/// The shapes are fractal noise whose coordinates are bent by other noise (domain warping), moved by
/// the wind, and cut through a third dimension that passes with time, so that clouds also change.
struct CloudLayer: Sendable {
  /// How low the sheet hangs: the smaller, the larger and faster its clouds look.
  var scale: Float
  /// Stretch of the shapes along the wind, 1 for round ones.
  var stretch: Float
  /// Noise above this is cloud: higher means fewer clouds.
  var threshold: Float
  /// How wide the edges are.
  var softness: Float
  /// How much a full cloud hides, 0 ... 1.
  var opacity: Float
  /// How deep shadows are, 0 ... 1.
  var relief: Float
  /// Plane coordinates that pass in a frame.
  var wind: SIMD2<Float>
  /// Way through the third dimension in a frame.
  var evolution: Float
  /// How far shapes are bent.
  var warp: Float
  var octaves: Int
  /// Where in the noise this layer begins.
  var origin: SIMD3<Float>
  var noise: GradientNoise

  /// What a ray meets: how much the layer hides, and how bright it is there, 0 ... 1.
  struct Sample {
    var opacity: Float
    var brightness: Float
  }

  /// Looks at a point of the plane.
  ///
  /// - Parameters:
  ///   - point: Plane coordinates at frame 0.
  ///   - footprint: The size of a pixel there, in plane coordinates.
  ///   - lightward: The direction on the plane in which the light comes.
  func sample(
    at point: SIMD2<Float>, frame: Float, footprint: Float, lightward: SIMD2<Float>
  ) -> Sample {
    let moved = point + wind * frame
    var x = moved.x * scale + origin.x
    var y = moved.y * scale * stretch + origin.y
    let time = origin.z + evolution * frame
    let finest = footprint * scale
    let bentX = noise(x * 0.7 + 5.2, y * 0.7 + 1.3, time * 0.8)
    let bentY = noise(x * 0.7 - 8.1, y * 0.7 + 2.8, time * 0.8 + 31)
    x += warp * bentX
    y += warp * bentY
    let height = noise.fractal(x, y, evolution: time, octaves: octaves, finest: finest)
    let density = smoothStep(threshold, threshold + softness, height)
    guard density > 0 else { return Sample(opacity: 0, brightness: 1) }
    // The slope against the light shades the flanks, the depth of the cloud its core.
    let before = noise.fractal(
      x + lightward.x * 0.35, y + lightward.y * 0.35, evolution: time,
      octaves: min(octaves, 3), finest: finest)
    let flank = 0.5 + (height - before) * 1.3
    let core = smoothStep(threshold + softness * 0.5, threshold + softness * 2.6, height)
    let brightness = min(max(flank * 0.85 + 0.3 - 0.45 * core, 0), 1)
    return Sample(opacity: density * opacity, brightness: 1 - relief * (1 - brightness))
  }
}
