import TensorCore
import TestSupport
import VideoDiffusion

/// Engines with golden networks, for tests of what is built on them.
enum Networks {
  static func file(_ name: String, _ checkpoint: String) throws -> NetworkFile {
    try NetworkFile(path: GoldenFile.path("golden/\(name)/\(checkpoint)"))
  }

  static func engine(
    denoiser: String? = nil, autoencoder: String? = nil, precision: ProductPrecision = .float32
  ) async throws -> VideoEngine {
    let engine = try VideoEngine(precision: precision)
    if let denoiser { try await engine.load(file(denoiser, "ema_model.pth")) }
    if let autoencoder { try await engine.load(file(autoencoder, "model.pth")) }
    return engine
  }

  static func latent(_ values: [Float]) -> Latent {
    Latent(values: values, tokenCount: values.count / PlaneGeometry.channels)
  }

  /// Runs a request to its end: the latents `[clip][sample]`.
  static func clips(
    _ engine: VideoEngine, _ request: GenerationRequest,
    from state: GenerationState = GenerationState()
  ) async throws -> [[Latent]] {
    var clips: [[Latent]] = []
    for try await event in engine.generate(request, from: state) {
      if case .clipFinished(let clip) = event { clips.append(clip.latents) }
    }
    return clips
  }
}
