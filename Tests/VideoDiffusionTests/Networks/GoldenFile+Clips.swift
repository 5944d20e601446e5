import TestSupport
import VideoDiffusion

extension GoldenFile {
  /// A tensor `[batch, 4, tokens]` as latents.
  func latents(_ name: String) throws -> [Latent] {
    let tokens = try shape(name)[2]
    let size = PlaneGeometry.channels * tokens
    let values = try float(name)
    return stride(from: 0, to: values.count, by: size).map {
      Latent(values: Array(values[$0..<($0 + size)]), tokenCount: tokens)
    }
  }

  /// A tensor of 8-bit frames, `[frames, side, side, 3]`.
  func clip(_ name: String) throws -> PixelClip {
    let shape = try shape(name)
    return PixelClip(frames: shape[0], side: shape[1], bytes: try ints(name).map { UInt8($0) })
  }
}
