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
    let moment = Moment(scene: self, frame: Float(index))
    let pixel = 1 / Float(size)
    let ridgeLines = ridges.map { ridge in
      (0..<size).map { ridge.line(at: (Float($0) + 0.5) * pixel, pixel: pixel) }
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: size * size * 3) { buffer, count in
      for row in 0..<size {
        let y = (Float(row) + 0.5) * pixel
        for column in 0..<size {
          let x = (Float(column) + 0.5) * pixel
          // Ridges are drawn over the sky, their edges smoothed over one pixel.
          let isHidden = ridgeLines.contains { y - $0[column] >= 0.5 * pixel }
          var color = isHidden ? .zero : moment.sky(x, y, pixel: pixel)
          for (ridge, line) in zip(ridges, ridgeLines) {
            let share = min((y - line[column]) / pixel + 0.5, 1)
            guard share > 0 else { continue }
            color = color.mixed(with: moment.hill(ridge, x, y, pixel: pixel), share)
          }
          let levels = (color * moment.exposure).clamped(lowerBound: .zero, upperBound: .one) * 255
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
  let light: SkyLight
  let sun: SIMD2<Float>
  let exposure: SkyColor
  /// Light comes from there on the clouds' plane.
  let lightward: SIMD2<Float>

  init(scene: SkyScene, frame: Float) {
    self.scene = scene
    self.frame = frame
    let height = scene.sunHeight + scene.sunRise * frame
    light = SkyLight(sunHeight: height)
    // At night the moon stands where a sun of the opposite height would.
    let shown = height < -0.25 ? -height : height
    sun = SIMD2(scene.sunAcross + scene.sunDrift * frame, scene.horizon - 0.04 - shown * 0.95)
    let gain = 1 + 0.03 * scene.flicker(frame * 0.04, 0.5, 0.5)
    exposure = scene.tint * gain
    let toward = SIMD2((sun.x - 0.5) * 1.6, 0.35 + shown)
    lightward = toward / (toward * toward).sum().squareRoot()
  }

  /// The sky with its clouds at a place.
  func sky(_ x: Float, _ y: Float, pixel: Float) -> SkyColor {
    let rise = max(scene.horizon - y, 0)
    // Falls from 1 at the horizon like an exponential, by sums and products alone.
    let haze = Self.fading(rise / scene.hazeDepth)
    var color = light.zenith.mixed(with: light.horizon, min(haze * 0.9 + 0.10, 1))

    let offset = SIMD2(x, y) - sun
    let squaredDistance = (offset * offset).sum()
    let wide = SIMD2(offset.x * 0.6, offset.y)
    let reach = scene.glowRadius * scene.glowRadius
    let glow =
      0.6 * reach / (reach + squaredDistance)
      + 0.4 * reach * 4 / (reach * 4 + (wide * wide).sum())
    color = color.mixed(with: light.glow, min(glow * light.glowStrength * 1.3, 1))
    let distance = squaredDistance.squareRoot()
    let edge = max(pixel, scene.discRadius * 0.5)
    let disc =
      light.discStrength
      * (1 - smoothStep(scene.discRadius - edge, scene.discRadius + edge, distance))
    color = color.mixed(with: SkyColor(1.0, 0.99, 0.94, 0), disc)

    let depth = 1 / (rise + 0.14)
    let point = SIMD2((x - 0.5) * 1.25 * depth, depth)
    let footprint = pixel * depth * (0.8 * depth + 0.5)
    for layer in scene.layers {
      let sample = layer.sample(
        at: point, frame: frame, footprint: footprint, lightward: lightward)
      if sample.opacity == 0 { continue }
      var cloud = light.darkCloud.mixed(with: light.brightCloud, sample.brightness)
      // Thin edges before the sun shine; far clouds sink into the haze.
      let shine = glow * light.glowStrength * (1 - 0.7 * sample.opacity)
      cloud = cloud.mixed(with: light.glow, min(shine * 1.2, 1))
      cloud = cloud.mixed(with: light.horizon, haze * 0.75)
      color = color.mixed(with: cloud, sample.opacity * (1 - 0.35 * haze))
    }
    return color
  }

  /// The ground of a ridge at a place.
  func hill(_ ridge: HillRidge, _ x: Float, _ y: Float, pixel: Float) -> SkyColor {
    let near = light.hill * ridge.ground(at: x, y, pixel: pixel)
    return near.mixed(with: light.horizon.mixed(with: light.zenith, 0.45), ridge.haze)
  }

  /// `exp(-x)` for x of 0 or more within 0.005.
  private static func fading(_ x: Float) -> Float {
    let root = 1 + x * (0.25 + x * (0.03125 + x * 0.0026))
    let square = root * root
    return 1 / (square * square)
  }
}
