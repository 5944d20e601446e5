import CheckpointIO
import MediaIO
import TensorCore
import TrainingData
import VideoDiffusion

/// The first stage of a run: clips are reconstructed.
final class AutoencoderStage: StageWork {
  private let settings: AutoencoderTrainingSettings
  private let frames: Int
  private let geometry: PlaneGeometry
  private let trainer: AutoencoderTrainer
  private let loader: ClipLoader<ClipSampler>
  private let share: StepShare
  private let heldOut: [PixelClip]
  let brokenHeldOut: [BrokenVideo]
  private let framesPerSecond: Double
  private let threadCount: Int
  private let device: DeviceChoice
  private let hasPerceptualDistance: Bool
  private let onShortage: @Sendable (String) -> Void

  /// Clips that a sample video shows.
  private static let shownClips = 4
  /// Memory for videos that are decoded once, in bytes.
  static let frameCacheBytes = 2 << 30

  /// - Parameters:
  ///   - job: The run.
  ///   - beginning: What the network begins with.
  ///   - position: Where the data goes on; `nil` begins.
  ///   - onShortage: Called with a sentence when less is done at a time because a card's memory is short.
  init(
    _ job: TrainingJob, _ videos: TrainingVideos, beginning: TrainingBeginning,
    position: ClipSampler.Position?, onShortage: @escaping @Sendable (String) -> Void
  ) async throws {
    self.onShortage = onShortage
    settings = job.configuration.autoencoderTraining
    let network = job.configuration.autoencoder
    frames = network.frames
    geometry = network.geometry
    framesPerSecond = videos.framesPerSecond
    threadCount = job.resolvedThreadCount
    device = job.device
    hasPerceptualDistance = job.perceptual != nil
    // What LPIPS needs is enough for discriminators, which halve frames three times with kernels of 4.
    if hasPerceptualDistance || settings.usesDiscriminators,
      !PerceptualEngine.takes(side: network.resolution)
    {
      throw TrainingError(
        job.runFolder,
        .sideTooSmall(
          resolution: network.resolution, needed: PerceptualEngine.sideMultiple,
          what: hasPerceptualDistance ? "the perceptual distance" : "the discriminators"))
    }
    if settings.usesDiscriminators, case .random = beginning {
      throw TrainingError(job.runFolder, .phaseNeedsNetwork)
    }
    var plan = AutoencoderTrainer.Plan(network, beginning: beginning)
    plan.weights = settings.weights
    plan.optimizer = settings.stage.optimizer
    plan.discriminatorSeed = settings.usesDiscriminators ? settings.stage.seed : nil
    plan.perceptual = job.perceptual
    plan.precision = settings.stage.precision.products
    plan.isCheckpointing = settings.stage.gradientCheckpointing
    plan.device = device
    plan.threadCount = threadCount
    plan.sharing = job.sharing
    // Batch normalisation takes a batch as a whole.
    share = try StepShare(
      settings.stage, of: job.ranks, needsWholeBatches: settings.usesDiscriminators,
      run: job.runFolder)

    let reader = ClipReader(
      root: videos.root, side: network.resolution,
      cache: FrameCache(byteLimit: Self.frameCacheBytes))
    (heldOut, brokenHeldOut) = try HeldOutClips.read(
      videos, reader: reader, frames: frames, count: settings.stage.validationClips)
    let cut = ClipSampler.Settings(
      frames: frames, fewestFrames: frames, mirrors: settings.stage.mirrors)
    let sampler =
      if let position {
        try ClipSampler(videos.training, of: videos.root, settings: cut, resumingAt: position)
      } else {
        try ClipSampler(
          videos.training, of: videos.root, settings: cut, seed: settings.stage.seed)
      }
    loader = share.loader(sampler, reader: reader, ranks: job.ranks)
    trainer = try await AutoencoderTrainer.open(plan)
  }

  var parameterCount: Int { get async { await trainer.parameterCount } }

  var lossNames: [String] {
    var names = ["loss", "l1"]
    if settings.weights.gradientDifference > 0 { names.append("gradient_difference") }
    if settings.weights.temporalDifference > 0 { names.append("temporal_difference") }
    if settings.weights.latentL2 > 0 { names.append("plane_square") }
    if hasPerceptualDistance { names.append("lpips") }
    if settings.usesDiscriminators {
      names += ["adversarial", "feature_matching", "discriminator", "frame_hinge", "clip_hinge"]
    }
    return names
  }

  var hasFallingLoss: Bool { !settings.usesDiscriminators }
  var scoreNames: [String] { ["psnr"] }
  var tooShortVideos: Int { loader.source.tooShortCount }
  var position: ClipSampler.Position { loader.source.position }
  var skipped: (clips: Int, videos: [BrokenVideo]) { (loader.skippedCount, loader.broken) }

  func step(_ number: Int) async throws -> TrainingStepResult {
    let draws = StepDraws(seed: settings.stage.seed, step: number)
    guard let step = try await loader.next() else {
      preconditionFailure("a sampler's windows have no end")
    }
    var batches: [[AutoencoderExample]] = []
    for batch in share.batches {
      var numbers = draws.numbers(.frame, batch: batch)
      var generator = TorchGenerator(seed: draws.generatorSeed(.latentNoise, batch: batch))
      var examples: [AutoencoderExample] = []
      for index in 0..<share.clips.upperBound {
        // Drawn for every clip, so that other ranks' change nothing for this one's.
        let frame = numbers.whole(below: frames)
        let noise = self.noise(&generator)
        guard let clip = step.clipsByPlace[batch * share.batch + index] else { continue }
        examples.append(
          AutoencoderExample(clip: clip.pixels, frame: frame, latentNoise: noise))
      }
      batches.append(examples)
    }
    return try await trainer.step(number, batches)
  }

  /// Noise for a clip's latent; `nil` where the settings want none.
  private func noise(_ generator: inout TorchGenerator) -> Latent? {
    guard settings.latentNoise > 0 else { return nil }
    let tokens = geometry.tokenCount
    let deviation = Float(settings.latentNoise)
    return Latent(
      values: generator.normals(count: PlaneGeometry.channels * tokens).map { deviation * $0 },
      tokenCount: tokens)
  }

  func writeState(metadata: [String: String], to path: String?) async throws {
    try await trainer.writeState(metadata: metadata, to: path)
  }

  func writeNetwork(to path: String?) async throws { try await trainer.writeNetwork(to: path) }

  /// The mean PSNR of reconstructed clips, and a video with originals above their reconstructions.
  func sample(network: NetworkFile, video: String) async throws -> [NamedNumber] {
    let engine = try VideoEngine(
      threadCount: threadCount, device: device, onShortage: onShortage)
    try await engine.load(network)
    var sum = 0.0
    var shown: [(PixelClip, PixelClip)] = []
    for clip in heldOut {
      let made = try await engine.decode(engine.encode(clip))
      sum += made.signalToNoise(against: clip)
      if shown.count < Self.shownClips { shown.append((clip, made)) }
    }
    try SampleVideo.write(
      rows: [shown.map { [$0.0] }, shown.map { [$0.1] }], framesPerSecond: framesPerSecond,
      to: video)
    return [NamedNumber("psnr", sum / Double(heldOut.count))]
  }
}
