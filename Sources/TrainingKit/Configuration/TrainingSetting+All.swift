import RunKit
import VideoDiffusion

extension TrainingSetting {
  /// Every setting of a training, in the order of a configuration file.
  public static let all: [TrainingSetting] =
    autoencoderSettings + denoiserSettings
    + stageSettings(.autoencoder) + autoencoderTrainingSettings
    + stageSettings(.diffusion) + diffusionTrainingSettings

  /// The settings of a table.
  public static func settings(of table: Table) -> [TrainingSetting] {
    all.filter { $0.table == table }
  }

  /// The setting of a full name such as `denoiser.base_width`.
  public static func named(_ name: String) -> TrainingSetting? { all.first { $0.name == name } }

  private static let autoencoderSettings: [TrainingSetting] = [
    .integer(
      .autoencoder, "resolution", \.autoencoder.resolution, 8...2048,
      "Side of the square frames, in pixels; a multiple of patch_side"),
    .integer(
      .autoencoder, "patch_side", \.autoencoder.patchSide, 1...64,
      "Side of the square patch that becomes a token, in pixels; the authors' is 8"),
    .integer(
      .autoencoder, "frames", \.autoencoder.frames, 2...256, "Frames of a clip; the authors' is 16"),
    .integer(
      .autoencoder, "width", \.autoencoder.width, 8...8192, multipleOf: 8,
      "Width of the tokens"),
    .integer(
      .autoencoder, "layers", \.autoencoder.layers, 1...64,
      "Layers of the encoder, and of the decoder"),
    .integer(
      .autoencoder, "heads", \.autoencoder.headCount, 1...64,
      "Heads of their attentions, 64 channels each"),
    .integer(
      .autoencoder, "projection_layers", \.autoencoder.projectionLayers, 1...64,
      "Layers of the attention that projects onto each plane"),
    .integer(
      .autoencoder, "projection_heads", \.autoencoder.projectionHeadCount, 1...64,
      "Heads of that attention, an eighth of the width each"),
    .integer(
      .autoencoder, "projection_hidden_width", \.autoencoder.projectionHiddenWidth, 1...32768,
      "Width of that attention's hidden layer"),
  ]

  private static let denoiserSettings: [TrainingSetting] = [
    .integer(
      .denoiser, "base_width", \.denoiser.baseWidth, 32...4096, multipleOf: 32,
      "Width of the first level"),
    .list(
      .denoiser, "width_multipliers", 1...32, count: 1...8,
      "Width of each level as a multiple of the first; each level halves the planes",
      read: { $0.denoiser.widthMultipliers }, write: { $0.denoiser.widthMultipliers = $1 }),
    .integer(
      .denoiser, "residual_blocks", \.denoiser.residualBlocks, 1...16,
      "Residual blocks of each level"),
    // A list that is empty would say nothing of its kind, so that 0 stands for "at no level".
    .list(
      .denoiser, "attention_factors", 0...128, count: 1...8,
      "Levels with attention within each plane, as 1, 2, 4 ... by their halvings; [0] for none",
      read: { $0.denoiser.attentionFactors.isEmpty ? [0] : $0.denoiser.attentionFactors.sorted() },
      write: { $0.denoiser.attentionFactors = Set($1).subtracting([0]) }),
    .integer(
      .denoiser, "heads", \.denoiser.headCount, 1...64,
      "Heads of every attention; divides the width of every level"),
    // A setting always has a value, so that 0 stands for none.
    .integer(
      .denoiser, "head_width", \.denoiser.headWidthOrZero, 0...4096,
      "Channels of each head, in place of a number of heads; 0 goes by heads"),
    .flag(
      .denoiser, "new_attention_order", \.denoiser.newAttentionOrder,
      "Whether q, k and v are split before the heads, as guided diffusion's newer attention does"),
    .flag(
      .denoiser, "scale_shift_norm", \.denoiser.scaleShiftNorm,
      "Whether the time step scales and shifts normalised features, or is added to them"),
    .flag(
      .denoiser, "residual_resampling", \.denoiser.residualResampling,
      "Whether residual blocks change the planes' sizes, or plain layers"),
    .flag(
      .denoiser, "convolutional_resampling", \.denoiser.convolutionalResampling,
      "Whether such plain layers are convolutions, or average and repeat alone"),
    .flag(
      .denoiser, "conditional", \.denoiser.isConditional,
      "Whether it takes the clip before, so that videos can go on; without it they have one clip"),
    .choice(
      .denoiser, "prediction", \.denoiser.prediction,
      "What it predicts: the noise, as the authors' does, or the velocity of Salimans and Ho"),
  ]

  private static func stageSettings(_ stage: TrainingStage) -> [TrainingSetting] {
    let table = Table(stage)
    return [
      .integer(table, "steps", \.[stage].steps, 1...1_000_000_000, "Steps of the optimiser"),
      .integer(table, "batch", \.[stage].batch, 1...4096, "Clips of a batch"),
      .integer(
        table, "accumulation", \.[stage].accumulation, 1...4096,
        "Batches whose gradients make up one step"),
      .number(
        table, "learning_rate", \.[stage].learningRate, .aboveZeroToOne,
        "The highest learning rate"),
      .integer(
        table, "warm_up_steps", \.[stage].warmUpSteps, 0...1_000_000_000,
        "Steps in which the learning rate rises to it"),
      .choice(
        table, "decay", \.[stage].decay,
        "Whether the learning rate then stays, or falls with a cosine until the last step"),
      .number(
        table, "final_rate_share", \.[stage].finalRateShare, .zeroToOne,
        "The share of the learning rate that is left at the end of a cosine"),
      .number(
        table, "beta1", \.[stage].beta1, .zeroToBelowOne,
        "AdamW: decay of the gradient's running mean"),
      .number(
        table, "beta2", \.[stage].beta2, .zeroToBelowOne,
        "AdamW: decay of the running mean of its square"),
      .number(
        table, "weight_decay", \.[stage].weightDecay, .zeroToOne,
        "AdamW: decay of the weights, times the learning rate"),
      .number(
        table, "maximum_gradient_norm", \.[stage].maximumGradientNorm, .zeroOrMore,
        "The longest gradient; a longer one is shortened to it, and 0 sets no limit"),
      .number(
        table, "average_decay", \.[stage].averageDecay, .zeroToBelowOne,
        "Decay of the weights' moving average (EMA); 0 keeps none"),
      .integer(
        table, "average_interval", \.[stage].averageInterval, 1...1_000_000,
        "Steps from one update of that average to the next; the authors' scripts: 25"),
      .flag(
        table, "mirrors", \.[stage].mirrors, "Whether half of the clips exchange left and right"),
      .choice(
        table, "precision", \.[stage].precision,
        "Precision of products and features; weights, gradients and the optimiser are f32"),
      .choice(
        table, "gradient_type", \.[stage].gradientType,
        "Precision in which machines that train together send gradients; bf16 halves what is sent"),
      .flag(
        table, "gradient_checkpointing", \.[stage].gradientCheckpointing,
        "Whether blocks run twice in place of keeping what gradients need: less memory, more time"),
      .seed(
        table, "seed", \.[stage].seed,
        "Decides the first weights, the order of the data and every draw"),
      .integer(
        table, "log_interval", \.[stage].logInterval, 1...1_000_000,
        "Steps from one line of the log to the next"),
      .integer(
        table, "sample_interval", \.[stage].sampleInterval, 1...1_000_000_000,
        "Steps from one set of samples and scores on held-out clips to the next"),
      .integer(
        table, "checkpoint_interval", \.[stage].checkpointInterval, 1...1_000_000_000,
        "Steps from one checkpoint to the next"),
      .integer(
        table, "kept_checkpoints", \.[stage].keptCheckpoints, 1...1000,
        "Checkpoints that are kept, the newest ones"),
      .integer(
        table, "validation_clips", \.[stage].validationClips, 1...100_000,
        "Held-out clips that scores are taken of"),
    ]
  }

  private static let autoencoderTrainingSettings: [TrainingSetting] = [
    .flag(
      .autoencoderTraining, "discriminators", \.autoencoderTraining.usesDiscriminators,
      "Whether this is the second phase, with both discriminators, from the first phase's run"),
    .number(
      .autoencoderTraining, "absolute_weight", \.autoencoderTraining.weights.absolute,
      .zeroOrMore, "Factor of the pixels' mean absolute difference"),
    .number(
      .autoencoderTraining, "gradient_difference_weight",
      \.autoencoderTraining.weights.gradientDifference, .zeroOrMore,
      "Factor of the differences between neighbouring pixels' changes; the paper: none"),
    .number(
      .autoencoderTraining, "temporal_difference_weight",
      \.autoencoderTraining.weights.temporalDifference, .zeroOrMore,
      "Factor of the differences between changes over 1, 4 and 12 frames; the paper: none"),
    .number(
      .autoencoderTraining, "plane_square_weight", \.autoencoderTraining.weights.latentL2,
      .zeroOrMore,
      "Factor of the mean square of the planes before tanh, so that none sticks; the paper: none"),
    .number(
      .autoencoderTraining, "latent_noise", \.autoencoderTraining.latentNoise, .zeroOrMore,
      "Standard deviation of noise on the planes before they are decoded; the paper: none"),
    .number(
      .autoencoderTraining, "perceptual_weight", \.autoencoderTraining.weights.perceptual,
      .zeroOrMore, "Factor of the perceptual distance (LPIPS) of one frame of each clip"),
    .number(
      .autoencoderTraining, "adversarial_weight", \.autoencoderTraining.weights.adversarial,
      .zeroOrMore, "Factor of the discriminators' logits"),
    .number(
      .autoencoderTraining, "feature_matching_weight",
      \.autoencoderTraining.weights.featureMatching, .zeroOrMore,
      "Factor of the differences of the discriminators' activations"),
  ]

  private static let diffusionTrainingSettings: [TrainingSetting] = [
    .choice(
      .diffusionTraining, "loss", \.diffusionTraining.distance,
      "How the predicted noise's error is measured: squares, as the authors' code does, or l1"),
    .number(
      .diffusionTraining, "conditional_share", \.diffusionTraining.conditionalShare, .zeroToOne,
      "Share of batches that have the clip before as a condition; the paper: 0.3, for SkyTimelapse 0.2"
    ),
    .number(
      .diffusionTraining, "condition_noise", \.diffusionTraining.conditionNoise, .zeroOrMore,
      "Standard deviation of noise that is added to the condition's latent"),
    .number(
      .diffusionTraining, "snr_limit", \.diffusionTraining.ratioLimit, .zeroOrMore,
      "Ratio of signal to noise up to which time steps count by it (min-SNR: 5); 0 counts all alike"
    ),
    // A setting always has a value, so that 0 stands for none.
    .integer(
      .diffusionTraining, "distilled_steps", \.diffusionTraining.distilledSteps,
      0...StepDistillation.stepRange.upperBound,
      "Steps to sample in, learnt from the network that the run begins with; 0 learns from noise"),
    .integer(
      .diffusionTraining, "teacher_steps", \.diffusionTraining.teacherSteps,
      StepDistillation.teacherStepRange,
      "Steps of that network in place of each of distilled_steps"),
    .flag(
      .diffusionTraining, "plane_codes", \.diffusionTraining.hasPlaneCodes,
      "Whether the place of a missing condition tells planes of one shape apart; the paper: no"),
    .flag(
      .diffusionTraining, "cache_latents", \.diffusionTraining.cachesLatents,
      "Whether latents are computed once and kept on disk, or for every batch anew"),
    .integer(
      .diffusionTraining, "latent_stride", \.diffusionTraining.latentStride, 1...256,
      "Frames from one cached clip's start to the next; divides the clip's frames"),
    .integer(
      .diffusionTraining, "sample_steps", \.diffusionTraining.sampleSteps, 1...1000,
      "DDIM steps of sample videos; of a distilled denoiser, its own"),
    .integer(
      .diffusionTraining, "sample_clips", \.diffusionTraining.sampleClips, 1...1000,
      "Clips of each sample video"),
  ]
}

extension DenoiserConfiguration {
  /// ``headWidth``, with 0 for none.
  fileprivate var headWidthOrZero: Int {
    get { headWidth ?? 0 }
    set { headWidth = newValue == 0 ? nil : newValue }
  }
}
