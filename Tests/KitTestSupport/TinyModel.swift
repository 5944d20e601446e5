import MediaIO
import RunKit
import TestSupport
import VideoDiffusion

/// The smallest whole model at hand: golden networks of 64 x 64 frames with random weights.
package enum TinyModel {
  package static func files(autoencoder: Bool = true, denoiser: Bool = true) throws -> ModelFiles {
    try ModelFiles(
      model: nil,
      autoencoder: autoencoder ? GoldenFile.path("golden/ae-64/model.pth") : nil,
      denoiser: denoiser ? GoldenFile.path("golden/unet-8x16/ema_model.pth") : nil)
  }

  /// A run of few steps.
  package static func request(clips: Int = 1, samples: Int = 1) -> GenerationRequest {
    GenerationRequest(
      clipCount: clips, firstSampler: SamplerConfiguration(steps: 3),
      laterSampler: SamplerConfiguration(steps: 2), seed: 9, sampleCount: samples)
  }

  package static func job(
    _ outputs: [String], clips: Int = 1, samples: Int = 1, autoencoder: Bool = true
  ) throws -> GenerationJob {
    try GenerationJob(
      model: files(autoencoder: autoencoder), request: request(clips: clips, samples: samples),
      outputs: outputs)
  }

  /// Moving stripes.
  package static func frames(_ count: Int, width: Int = 96, height: Int = 72) -> [RGBImage] {
    (0..<count).map { frame in
      var pixels: [UInt8] = []
      for y in 0..<height {
        for x in 0..<width {
          pixels += [UInt8((x + frame * 3) % 256), UInt8(y * 2 % 256), UInt8(frame * 5 % 256)]
        }
      }
      return RGBImage(width: width, height: height, pixels: pixels)
    }
  }
}
