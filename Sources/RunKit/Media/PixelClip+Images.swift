import MediaIO
import VideoDiffusion

extension PixelClip {
  /// The frames as 8-bit pictures.
  public var images: [RGBImage] {
    let bytes = bytes
    let size = side * side * 3
    return (0..<frames).map {
      RGBImage(width: side, height: side, pixels: Array(bytes[($0 * size)..<(($0 + 1) * size)]))
    }
  }

  /// Prepares pictures for a model: centred square crop, then bilinear resize to `side`.
  public init(preparing images: [RGBImage], side: Int) {
    let preparation = FramePreparation(resolution: side)
    self.init(
      frames: images.count, side: side, levels: images.flatMap(preparation.preparedValues))
  }
}
