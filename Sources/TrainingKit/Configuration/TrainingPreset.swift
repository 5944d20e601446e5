import VideoDiffusion

/// The configurations that come with the program.
public enum TrainingPreset: String, Sendable, Hashable, CaseIterable {
  /// The authors' released models: 256 x 256, a denoiser of 528 M parameters.
  case published
  /// The authors' smaller denoiser, 132 M parameters.
  case small
  /// The model that comes with the program: 64 x 64.
  case skies64 = "skies-64"
  /// Networks so small that they train in seconds, for tests and first tries: 32 x 32.
  case tiny

  /// What it is for: a sentence without a full stop.
  public var summary: String {
    switch self {
    case .published: "The authors' released models: 256 x 256, a denoiser of 528 M parameters"
    case .small: "The authors' smaller denoiser of 132 M parameters, at 256 x 256"
    case .skies64: "The model that comes with the program: 64 x 64, trained on two processors"
    case .tiny: "Networks for tests and first tries: 32 x 32, trained in seconds"
    }
  }

  /// The configuration.
  public var configuration: TrainingConfiguration {
    switch self {
    case .published: TrainingConfiguration()
    case .small: Self.smallConfiguration
    case .skies64: Self.skies
    case .tiny: Self.tinyConfiguration
    }
  }

  /// Where it departs from the authors' scripts, and why: lines for the head of its file; empty for a
  /// preset of our own.
  var departures: String {
    switch self {
    case .published: Self.departuresOfPublished
    case .small:
      """
      - plane_codes is on: without them a denoiser of this size makes scrambled first clips.

      """ + Self.departuresOfPublished
    case .skies64, .tiny: ""
    }
  }

  private static let departuresOfPublished = """
    - precision is f32. The scripts compute in float16 with a scaled gradient, the second stage's latents
      too; bf16, which needs no scaling, is the mixed precision here.
    - steps of the first stage are the scripts' limit of 1,000,000 batches, of which three make a step.
      Stop when the loss has settled.
    - conditional_share is that for UCF-101; for SkyTimelapse it is 0.2.
    - average_interval counts from the first step, so that the average follows steps 25, 50 and so on;
      the scripts' follows 26, 51 and so on.
    - A clip that is learnt without a condition begins at an offset of its own. The scripts draw one for
      the whole batch: what is learnt is the same, with less variety in a batch.
    - A first clip that is all black is a condition like any other. The scripts take it for a missing one,
      since they mark videos that are too short with black.
    - The scripts measure R-FVD and FVD while they train, for which I3D is needed. Here PSNR and the error
      on held-out clips are measured as often, and "pvdm evaluate" takes the networks that a run leaves.
    - The seed is the scripts', the draws are not: data, steps and noise have generators of their own, so
      that a run which was stopped goes on bit for bit.
    """

  private static var smallConfiguration: TrainingConfiguration {
    var result = TrainingConfiguration(denoiser: .small)
    result.diffusionTraining.hasPlaneCodes = true
    return result
  }

  private static var skies: TrainingConfiguration {
    let autoencoder = AutoencoderConfiguration(
      resolution: 64, patchSide: 4, width: 96, layers: 3, headCount: 2, projectionLayers: 2,
      projectionHiddenWidth: 256)
    var losses = AutoencoderLossWeights()
    losses.gradientDifference = 4
    losses.temporalDifference = 6
    losses.latentL2 = 0.01
    return TrainingConfiguration(
      autoencoder: autoencoder,
      denoiser: DenoiserConfiguration(
        geometry: autoencoder.geometry, baseWidth: 64, widthMultipliers: [1, 2, 3],
        residualBlocks: 1, attentionFactors: [2, 4], headCount: 4, prediction: .velocity),
      autoencoderTraining: AutoencoderTrainingSettings(
        stage: StageSettings(
          steps: 14000, batch: 2, learningRate: 1e-3, warmUpSteps: 200, decay: .cosine,
          finalRateShare: 0.02, beta2: 0.99, maximumGradientNorm: 1, mirrors: true, seed: 1,
          sampleInterval: 500, checkpointInterval: 250), weights: losses, latentNoise: 0.1),
      diffusionTraining: DiffusionTrainingSettings(
        stage: StageSettings(
          steps: 8000, batch: 8, learningRate: 4e-4, warmUpSteps: 200, decay: .cosine,
          finalRateShare: 0.05, maximumGradientNorm: 1, averageDecay: 0.998, mirrors: true,
          seed: 1, sampleInterval: 1000, checkpointInterval: 250, validationClips: 64),
        conditionalShare: 0.5, hasPlaneCodes: true, cachesLatents: true, latentStride: 16,
        sampleSteps: 50, sampleClips: 4))
  }

  private static var tinyConfiguration: TrainingConfiguration {
    let autoencoder = AutoencoderConfiguration(
      resolution: 32, patchSide: 8, width: 32, layers: 1, headCount: 1, projectionLayers: 1,
      projectionHeadCount: 2, projectionHiddenWidth: 32)
    return TrainingConfiguration(
      autoencoder: autoencoder,
      denoiser: DenoiserConfiguration(
        geometry: autoencoder.geometry, baseWidth: 32, widthMultipliers: [1, 2],
        residualBlocks: 1, attentionFactors: [2], headCount: 2),
      autoencoderTraining: AutoencoderTrainingSettings(
        stage: StageSettings(
          steps: 200, batch: 2, learningRate: 3e-3, warmUpSteps: 10, decay: .cosine, beta2: 0.99,
          logInterval: 5, sampleInterval: 100, checkpointInterval: 50, validationClips: 2)),
      diffusionTraining: DiffusionTrainingSettings(
        stage: StageSettings(
          steps: 200, batch: 4, learningRate: 1e-3, warmUpSteps: 10, averageDecay: 0.99,
          logInterval: 5, sampleInterval: 100, checkpointInterval: 50, validationClips: 4),
        hasPlaneCodes: true, cachesLatents: true, sampleSteps: 10))
  }
}
