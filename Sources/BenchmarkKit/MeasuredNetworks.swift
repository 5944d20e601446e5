import RunKit
import TensorCore
import VideoDiffusion

/// A denoiser with random weights, and what is measured of it.
struct MeasuredDenoiser {
  let context: ComputeContext
  /// Seconds that packing its weights took.
  let packingSeconds: Double
  let configuration: DenoiserConfiguration
  private let denoiser: Denoiser
  private let sampler: Sampler

  init(_ size: BenchmarkSize, _ precision: Precision, on device: Device) throws {
    _ = device.prepare(for: precision.products)
    context = ComputeContext(device)
    configuration = size.denoiser
    (denoiser, packingSeconds) = try RandomParameters.denoiser(
      configuration, context, elementType: precision.elementType)
    context.releaseUnusedMemory()
    sampler = try Sampler(configuration: SamplerConfiguration(steps: 50))
  }

  /// The beginning of a run of so many samples.
  func start(batch: Int) throws -> SamplerState {
    try sampler.initialState(
      seed: 0, sampleCount: batch, tokenCount: configuration.geometry.tokenCount)
  }

  /// One forward pass, conditional.
  func forward(_ state: SamplerState) throws -> [Latent] {
    let condition = Latent(zerosFor: configuration.geometry)
    return try denoiser(
      state.latents, conditions: [Latent?](repeating: condition, count: state.latents.count),
      step: Float(sampler.nextTimestep(of: state) ?? 0), context)
  }

  /// One forward pass and the solver.
  func step(_ state: SamplerState) throws {
    _ = try sampler.step(state, noisePredictions: forward(state))
  }
}

/// An autoencoder with random weights, and what is measured of it.
struct MeasuredAutoencoder {
  let context: ComputeContext
  let configuration: AutoencoderConfiguration
  private let autoencoder: Autoencoder
  private let clip: PixelClip

  init(_ size: BenchmarkSize, _ precision: Precision, on device: Device) throws {
    _ = device.prepare(for: precision.products)
    context = ComputeContext(device)
    configuration = size.autoencoder
    (autoencoder, _) = try RandomParameters.autoencoder(
      configuration, context, elementType: precision.elementType)
    context.releaseUnusedMemory()
    let side = configuration.resolution
    // A ramp: what the pixels hold makes no difference to the time.
    let bytes = (0..<configuration.frames * side * side * 3).map { UInt8(truncatingIfNeeded: $0) }
    clip = PixelClip(frames: configuration.frames, side: side, bytes: bytes)
  }

  func encode() throws { _ = try autoencoder.encode(clip, context) }
  func decode() throws {
    _ = try autoencoder.decode(Latent(zerosFor: configuration.geometry), context)
  }
}
