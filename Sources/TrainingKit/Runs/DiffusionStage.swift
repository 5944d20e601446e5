import CheckpointIO
import Foundation
import MediaIO
import TensorCore
import TrainingData
import VideoDiffusion

/// The second stage of a run: the noise in latents is predicted.
final class DiffusionStage: StageWork {
  private let settings: DiffusionTrainingSettings
  private let frames: Int
  private let trainer: DenoiserTrainer
  /// Encodes and decodes; its denoiser is the one that was written last.
  private let engine: VideoEngine
  private let pairs: any LatentPairs
  private let share: StepShare
  /// Numbers of a latent.
  private let latentCount: Int
  private let heldOut: [DenoiserExample]
  let brokenHeldOut: [BrokenVideo]
  /// Whether the denoiser can continue clips.
  private let isConditional: Bool
  /// How the denoiser learns to sample in few steps; `nil` learns from noise.
  private let distillation: StepDistillation?
  private let framesPerSecond: Double

  /// Videos that a sample video shows.
  private static let shownVideos = 4

  /// - Parameters:
  ///   - job: The run.
  ///   - beginning: What the network begins with.
  ///   - position: Where the data goes on; `nil` begins.
  ///   - autoencoder: Makes the latents.
  ///   - autoencoderHash: SHA-256 of its file.
  ///   - teacher: The denoiser to learn from, where few steps are learnt.
  ///   - onShortage: Called with a sentence when less is done at a time because a card's memory is short.
  ///   - onProgress: Called with the videos whose latents are cached, and their total.
  init(
    _ job: TrainingJob, _ videos: TrainingVideos, beginning: TrainingBeginning,
    position: ClipSampler.Position?, autoencoder: NetworkFile, autoencoderHash: String,
    teacher: NetworkFile?, stop: StopSignal, onShortage: @escaping @Sendable (String) -> Void,
    onProgress: (_ done: Int, _ total: Int) -> Void
  ) async throws {
    settings = job.configuration.diffusionTraining
    framesPerSecond = videos.framesPerSecond
    let network = job.configuration.autoencoder
    frames = network.frames
    share = try StepShare(
      settings.stage, of: job.ranks, needsWholeBatches: false, run: job.runFolder)
    latentCount = PlaneGeometry.channels * network.geometry.tokenCount
    let precision = settings.stage.precision
    engine = try VideoEngine(
      threadCount: job.resolvedThreadCount, precision: precision.products, device: job.device,
      onShortage: onShortage)
    try await engine.load(autoencoder)

    let reader = ClipReader(
      root: videos.root, side: network.resolution,
      cache: FrameCache(byteLimit: AutoencoderStage.frameCacheBytes))
    let cut = ClipSampler.Settings(
      frames: 2 * frames, fewestFrames: frames,
      startMultiple: settings.cachesLatents ? settings.latentStride : 1,
      mirrors: settings.stage.mirrors)
    let sampler =
      if let position {
        try ClipSampler(videos.training, of: videos.root, settings: cut, resumingAt: position)
      } else {
        try ClipSampler(
          videos.training, of: videos.root, settings: cut, seed: settings.stage.seed)
      }
    if settings.cachesLatents {
      let cache = CachedLatentPairs(
        sampler, folder: Self.cacheFolder(job, videos, autoencoderHash),
        identity: LatentCache.Identity(
          autoencoder: autoencoderHash, side: network.resolution, frames: frames,
          stride: settings.latentStride), share: share)
      try await cache.fill(
        reader: reader, engine: engine, ranks: job.ranks, stop: stop, onProgress: onProgress)
      if try await stop.isWanted(byAnyOf: job.ranks) { throw CancellationError() }
      pairs = cache
    } else {
      pairs = ComputedLatentPairs(
        share.loader(sampler, reader: reader, ranks: job.ranks), engine: engine,
        frames: frames, share: share)
    }
    isConditional = job.configuration.denoiser.isConditional
    let distillation = settings.distillation
    self.distillation = distillation
    let measured = try await Self.heldOut(
      videos, reader: reader, engine: engine, frames: frames, settings,
      isConditional: isConditional)
    brokenHeldOut = measured.broken

    var plan = DenoiserTrainer.Plan(job.configuration.denoiser, beginning: beginning)
    plan.optimizer = settings.stage.optimizer
    plan.hasPlaneCodes = settings.hasPlaneCodes
    plan.distance = settings.distance.distance
    plan.ratioLimit = settings.ratioLimit > 0 ? Float(settings.ratioLimit) : nil
    plan.precision = settings.stage.precision.products
    plan.isCheckpointing = settings.stage.gradientCheckpointing
    plan.device = job.device
    plan.threadCount = job.resolvedThreadCount
    plan.sharing = job.sharing
    plan.teaching = distillation.flatMap { distillation in
      teacher.map { (teacher: $0, distillation: distillation) }
    }
    trainer = try await DenoiserTrainer.open(plan)
    heldOut = try await trainer.taught(measured.examples)
  }

  /// Where latents of these videos by this autoencoder are kept, for this and for later runs.
  private static func cacheFolder(
    _ job: TrainingJob, _ videos: TrainingVideos, _ hash: String
  ) -> String {
    let set = VideoDataset.tag(of: videos.root)
    let settings = job.configuration.diffusionTraining
    let folder =
      "\(job.cacheFolder)/latents/\(hash.prefix(16))-\(set)-\(settings.latentStride)-"
      + settings.stage.precision.rawValue
    // Another device's latents differ in their last digits.
    guard job.device.resolved != .processor else { return folder }
    return folder + "-" + String(SeededNumbers.hash(job.device.deviceName, seed: 0), radix: 16)
  }

  /// Examples to measure with: the latents of held-out clips, half of them with the clip before, at
  /// steps that cover the schedule evenly, with noise that is always the same.
  private static func heldOut(
    _ videos: TrainingVideos, reader: ClipReader, engine: VideoEngine, frames: Int,
    _ settings: DiffusionTrainingSettings, isConditional: Bool
  ) async throws -> (examples: [DenoiserExample], broken: [BrokenVideo]) {
    let long = videos.heldOut.contains { $0.frameCount >= 2 * frames }
    let (clips, broken) = try HeldOutClips.read(
      videos, reader: reader, frames: long ? 2 * frames : frames,
      count: settings.stage.validationClips)
    var examples: [DenoiserExample] = []
    var generator = TorchGenerator(seed: 0)
    for (number, clip) in clips.enumerated() {
      let parts = clip.clips(of: frames)
      var latents: [Latent] = []
      for part in parts { latents.append(try await engine.encode(part)) }
      guard let clean = latents.last else { continue }
      let steps =
        settings.distillation.map { $0.startTimesteps.reversed() }
        ?? Array(0..<DiffusionSchedule.published.stepCount)
      examples.append(
        DenoiserExample(
          clean: clean,
          condition: isConditional && latents.count > 1 && number % 2 == 1 ? latents[0] : nil,
          noise: Latent(
            values: generator.normals(count: clean.values.count), tokenCount: clean.tokenCount),
          step: steps[(2 * number + 1) * steps.count / (2 * clips.count)]))
    }
    return (examples, broken)
  }

  var parameterCount: Int { get async { await trainer.parameterCount } }
  var lossNames: [String] { ["loss"] }
  var hasFallingLoss: Bool { true }
  var scoreNames: [String] { ["validation_loss"] }
  var tooShortVideos: Int { pairs.tooShortVideos }
  var position: ClipSampler.Position { pairs.position }
  var skipped: (clips: Int, videos: [BrokenVideo]) { pairs.skipped }

  func step(_ number: Int) async throws -> TrainingStepResult {
    let draws = StepDraws(seed: settings.stage.seed, step: number)
    let choices = (0..<share.accumulation).map { batch in
      var chance = draws.numbers(.condition, batch: batch)
      return PairChoice(
        isConditional: chance.chance(Float(settings.conditionalShare)) && isConditional,
        offsets: draws.numbers(.offset, batch: batch))
    }
    let pairs = try await pairs.next(choices)
    return try await trainer.step(
      number, share.batches.map { examples(pairs[$0] ?? [], draws, batch: $0) })
  }

  /// The examples of a batch that are learnt here. What is drawn for them depends on their places alone,
  /// so that it is drawn for those before them too.
  private func examples(
    _ places: [PairPlace], _ draws: StepDraws, batch: Int
  ) -> [DenoiserExample] {
    var generator = TorchGenerator(seed: draws.generatorSeed(.noise, batch: batch))
    var disturbance = TorchGenerator(seed: draws.generatorSeed(.conditionNoise, batch: batch))
    return places.prefix(share.clips.upperBound).compactMap { place in
      guard let pair = place.pair else {
        DenoiserExample.skipDraws(count: latentCount, generator: &generator)
        if place.hasCondition, settings.conditionNoise > 0 {
          _ = disturbance.normals(count: latentCount)
        }
        return nil
      }
      return DenoiserExample(
        clean: pair.clean, condition: pair.condition.map { disturbed($0, &disturbance) },
        among: distillation?.startTimesteps, generator: &generator)
    }
  }

  /// A condition with slight noise, so that the denoiser learns to continue clips that it made itself.
  private func disturbed(_ condition: Latent, _ generator: inout TorchGenerator) -> Latent {
    guard settings.conditionNoise > 0 else { return condition }
    var result = condition
    let noise = generator.normals(count: condition.values.count)
    let deviation = Float(settings.conditionNoise)
    for index in noise.indices { result.values[index] += deviation * noise[index] }
    return result
  }

  func writeState(metadata: [String: String], to path: String?) async throws {
    try await trainer.writeState(metadata: metadata, to: path)
  }

  func writeNetwork(to path: String?) async throws { try await trainer.writeNetwork(to: path) }

  /// The mean square error on held-out clips, and a video of videos made from nothing and extended. The error
  /// is that of the noise; for a denoiser that learns few steps, that of where they lead.
  func sample(network: NetworkFile, video: String) async throws -> [NamedNumber] {
    try await engine.load(network)
    var sum = 0.0
    for example in heldOut {
      let noise = try await engine.predictNoise(
        [example.noised()], conditions: example.condition.map { [$0] }, timestep: example.step)
      let target = example.target ?? example.noise
      let square = zip(noise[0].values, target.values).reduce(0.0) { sum, pair in
        sum + Double((pair.0 - pair.1) * (pair.0 - pair.1))
      }
      sum += Double(example.weight) * square / Double(target.values.count)
    }
    var films = [[PixelClip]](repeating: [], count: Self.shownVideos)
    let sampler =
      distillation.map { StepDistillation.sampler(steps: $0.steps) }
      ?? SamplerConfiguration(steps: settings.sampleSteps)
    let isConditional = await engine.denoiserConfiguration?.isConditional ?? false
    let request = GenerationRequest(
      clipCount: isConditional ? settings.sampleClips : 1, firstSampler: sampler,
      laterSampler: sampler, seed: settings.stage.seed, sampleCount: Self.shownVideos)
    for try await event in engine.generate(request) {
      guard case .clipFinished(let clip) = event else { continue }
      for (index, latent) in clip.latents.enumerated() {
        films[index].append(try await engine.decode(latent))
      }
    }
    try SampleVideo.write(rows: [films], framesPerSecond: framesPerSecond, to: video)
    return [NamedNumber("validation_loss", sum / Double(max(1, heldOut.count)))]
  }
}
