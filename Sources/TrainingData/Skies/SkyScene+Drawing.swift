import MediaIO

extension SkyScene {
  /// Draws a frame.
  ///
  /// - Parameters:
  ///   - index: The frame's number from 0; a step is a few minutes of a real day.
  ///   - size: Height and width in pixels, at least 1.
  /// - Returns: `[size, size, 3]` in 8 bits.
  public func frame(_ index: Int, size: Int) -> RGBImage {
    precondition(index >= 0 && size >= 1, "there is no frame \(index) of size \(size)")
    let moment = Moment(scene: self, frame: Float(index), size: size)
    let pixels = [UInt8](unsafeUninitializedCapacity: size * size * 3) { buffer, count in
      for row in 0..<size {
        for column in 0..<size {
          let color = moment.color(row, column) * moment.exposure
          let levels = color.clamped(lowerBound: .zero, upperBound: .one) * 255
          let place = (row * size + column) * 3
          for channel in 0..<3 { buffer[place + channel] = UInt8(levels[channel] + 0.5) }
        }
      }
      count = size * size * 3
    }
    return RGBImage(width: size, height: size, pixels: pixels)
  }
}

/// A scene at one frame: everything that is the same for all its pixels.
private struct Moment {
  let scene: SkyScene
  let frame: Float
  let size: Int
  let pixel: Float
  let light: SkyLight
  /// The places of sun and moon.
  let sun: SIMD2<Float>
  let moon: SIMD2<Float>
  /// The stars' light, `[size, size]`; empty by day.
  let starlight: [Float]
  let exposure: SkyColor
  /// Light comes from there on the clouds' plane.
  let lightward: SIMD2<Float>
  /// The lines of all ridges, `[ridges][size]`.
  let ridgeLines: [[Float]]

  init(scene: SkyScene, frame: Float, size: Int) {
    self.scene = scene
    self.frame = frame
    self.size = size
    let pixel = 1 / Float(size)
    self.pixel = pixel
    let height = scene.sun.height(at: frame)
    let light = SkyLight(sunHeight: height)
    self.light = light
    sun = scene.sun.place(at: frame, horizon: scene.horizon)
    moon = scene.moon.place(at: frame, horizon: scene.horizon)
    starlight = light.night > 0 ? scene.stars.light(frame: frame, size: size) : []
    exposure = scene.tint * (1 + 0.03 * scene.flicker(frame * 0.04, 0.5, 0.5))
    // From the sun, and the more from the moon the darker it is.
    let fromSun = SIMD2((sun.x - 0.5) * 1.6, 0.35 + height)
    let fromMoon = SIMD2((moon.x - 0.5) * 1.6, 0.35 + scene.moon.height(at: frame))
    let toward = fromSun + (fromMoon - fromSun) * light.night
    lightward = toward / max((toward * toward).sum().squareRoot(), 0.01)
    ridgeLines = scene.ridges.map { ridge in
      (0..<size).map { ridge.line(at: (Float($0) + 0.5) * pixel, pixel: pixel) }
    }
  }

  /// What is seen at a pixel.
  func color(_ row: Int, _ column: Int) -> SkyColor {
    let y = (Float(row) + 0.5) * pixel
    guard let lake = scene.lake, y > lake.shore - 0.5 * pixel else { return land(column, y) }
    let x = (Float(column) + 0.5) * pixel
    let mirrored = lake.reflection(x, max(y, lake.shore), frame: frame, pixel: pixel)
    let own = light.zenith * 0.35 + light.hill * 0.3
    let water =
      own.mixed(with: land(column, mirrored.y), mirrored.share) * (0.92 * mirrored.brightness)
    // The shore is smoothed over one pixel.
    let share = min((y - lake.shore) / pixel + 0.5, 1)
    return share < 1 ? land(column, lake.shore).mixed(with: water, share) : water
  }

  /// The sky and the hills before it, at a column and any height.
  private func land(_ column: Int, _ y: Float) -> SkyColor {
    let x = (Float(column) + 0.5) * pixel
    // Ridges are drawn over the sky, their edges smoothed over one pixel.
    let isHidden = ridgeLines.contains { y - $0[column] >= 0.5 * pixel }
    var color = isHidden ? .zero : sky(column, x, y)
    for (ridge, line) in zip(scene.ridges, ridgeLines) {
      let share = min((y - line[column]) / pixel + 0.5, 1)
      guard share > 0 else { continue }
      color = color.mixed(with: hill(ridge, x, y), share)
    }
    return color
  }

  /// The sky with its clouds at a place.
  private func sky(_ column: Int, _ x: Float, _ y: Float) -> SkyColor {
    let rise = max(scene.horizon - y, 0)
    // Falls from 1 at the horizon like an exponential, by sums and products alone.
    let haze = Self.fading(rise / scene.hazeDepth)
    var color = light.zenith.mixed(with: light.horizon, min(haze * 0.9 + 0.10, 1))

    let place = SIMD2(x, y)
    let glow = Self.glow(place - sun, reach: scene.glowRadius) * light.glowStrength
    color = color.mixed(with: light.glow, min(glow * 1.3, 1))
    let disc = light.discStrength * scene.sun.share(at: Self.length(place - sun), pixel: pixel)
    color = color.mixed(with: SkyColor(1.0, 0.99, 0.94, 0), disc)
    let moonGlow =
      light.night > 0 ? Self.glow(place - moon, reach: 0.10) * light.night * 0.35 : 0
    if light.night > 0 {
      let row = min(max(Int(y * Float(size)), 0), size - 1)
      let star = starlight[row * size + column] * light.night * (1 - haze)
      color = color.mixed(with: SkyColor(0.93, 0.95, 1, 0), min(star, 1))
      color = color.mixed(with: Self.moonlight, moonGlow)
      let disc = light.night * scene.moon.share(at: Self.length(place - moon), pixel: pixel)
      color = color.mixed(with: SkyColor(0.95, 0.95, 0.90, 0), disc)
    }

    let depth = 1 / (rise + 0.14)
    let point = SIMD2((x - 0.5) * 1.25 * depth, depth)
    let footprint = pixel * depth * (1.0 * depth + 0.7)
    for layer in scene.layers {
      let sample = layer.sample(
        at: point, frame: frame, footprint: footprint, lightward: lightward)
      if sample.opacity == 0 { continue }
      var cloud = light.darkCloud.mixed(with: light.brightCloud, sample.brightness)
      // Thin edges before the sun or moon shine; far clouds sink into the haze.
      let thinness = 1 - 0.7 * sample.opacity
      cloud = cloud.mixed(with: light.glow, min(glow * thinness * 1.2, 1))
      cloud = cloud.mixed(with: Self.moonlight, min(moonGlow * thinness, 1))
      cloud = cloud.mixed(with: light.horizon, haze * 0.75)
      color = color.mixed(with: cloud, sample.opacity * (1 - 0.35 * haze))
    }
    return color
  }

  /// The ground of a ridge at a place.
  private func hill(_ ridge: HillRidge, _ x: Float, _ y: Float) -> SkyColor {
    let near = light.hill * ridge.ground(at: x, y, pixel: pixel)
    return near.mixed(with: light.horizon.mixed(with: light.zenith, 0.45), ridge.haze)
  }

  private static let moonlight = SkyColor(red: 170, green: 185, blue: 225)

  /// The light around a disc, 1 at its middle.
  private static func glow(_ offset: SIMD2<Float>, reach: Float) -> Float {
    let square = reach * reach
    let wide = SIMD2(offset.x * 0.6, offset.y)
    return 0.6 * square / (square + (offset * offset).sum())
      + 0.4 * square * 4 / (square * 4 + (wide * wide).sum())
  }

  private static func length(_ offset: SIMD2<Float>) -> Float {
    (offset * offset).sum().squareRoot()
  }

  /// `exp(-x)` for x of 0 or more within 0.005.
  private static func fading(_ x: Float) -> Float {
    let root = 1 + x * (0.25 + x * (0.03125 + x * 0.0026))
    let square = root * root
    return 1 / (square * square)
  }
}
