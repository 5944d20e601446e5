import RunKit
import VideoDiffusion

extension TrainingConfiguration {
  /// Settings that are in range one by one and cannot be used together.
  struct Conflict: Sendable, Hashable {
    /// The setting's full name.
    let setting: String
    /// Its value.
    let found: String
    /// What would do.
    let expected: String
    /// Why.
    let reason: String
  }

  /// Checks every setting's range, and that the networks can be built.
  ///
  /// - Throws: ``TrainingConfigurationError`` naming the first setting that cannot be used.
  public func validate() throws {
    for setting in TrainingSetting.all {
      var copy = self
      let value = setting.value(in: self)
      guard !setting.set(value, in: &copy) else { continue }
      throw TrainingConfigurationError(
        .value(setting: setting.name, found: value.text, expected: setting.range))
    }
    if let conflict { throw conflict.error(file: nil, line: nil) }
  }

  /// The first that is found of settings which do not fit together.
  var conflict: Conflict? { autoencoderConflict ?? denoiserConflict ?? trainingConflict }

  /// Takes the autoencoder of a checkpoint in place of its own, and the planes that the denoiser then
  /// has.
  ///
  /// - Throws: `ModelError` if the file holds no autoencoder, ``TrainingConfigurationError`` if the
  ///   denoiser cannot work on such planes.
  mutating func take(_ file: NetworkFile) throws {
    guard case .autoencoder(let found) = file.network else {
      throw ModelError(path: file.path, .otherNetwork(expected: .autoencoder, found: file.kind))
    }
    autoencoder = found
    denoiser.geometry = found.geometry
    // What the autoencoder was trained with is no concern of the second stage.
    if let conflict = denoiserConflict ?? trainingConflict {
      throw conflict.error(file: nil, line: nil)
    }
  }

  private var autoencoderConflict: Conflict? {
    let patch = autoencoder.patchSide
    guard autoencoder.resolution.isMultiple(of: patch), autoencoder.resolution >= 2 * patch else {
      return Conflict(
        setting: "autoencoder.resolution", found: "\(autoencoder.resolution)",
        expected: "a multiple of \(patch), at least \(2 * patch)",
        reason: "frames are cut into patches of \(patch) pixels a side")
    }
    let isPerceptual = autoencoderTraining.weights.perceptual > 0
    guard !isPerceptual || PerceptualEngine.takes(side: autoencoder.resolution) else {
      return Conflict(
        setting: "autoencoder.resolution", found: "\(autoencoder.resolution)",
        expected:
          "a multiple of \(PerceptualEngine.sideMultiple), or 0 for autoencoder_training.perceptual_weight",
        reason: "the perceptual distance halves frames four times")
    }
    return nil
  }

  private var denoiserConflict: Conflict? {
    let levels = denoiser.widthMultipliers.count
    // The range of the settings allows 8 levels, which a shift cannot overflow.
    let factor = 1 << (levels - 1)
    let side = autoencoder.geometry.side
    for (name, count) in [("latent side", side), ("number of frames", autoencoder.frames)]
    where !count.isMultiple(of: factor) {
      return Conflict(
        setting: "denoiser.width_multipliers", found: shown(denoiser.widthMultipliers),
        expected: "fewer levels, or a \(name) that is a multiple of \(factor)",
        reason: "\(levels) levels halve the planes \(levels - 1) times, and the \(name) is \(count)"
      )
    }
    let (name, divisor) =
      denoiser.headWidth.map { ("denoiser.head_width", $0) }
      ?? ("denoiser.heads", denoiser.headCount)
    for multiplier in denoiser.widthMultipliers
    where !(multiplier * denoiser.baseWidth).isMultiple(of: divisor) {
      return Conflict(
        setting: name, found: "\(divisor)",
        expected: "a divisor of \(multiplier * denoiser.baseWidth)",
        reason: "a level of that width shares its channels out among the heads")
    }
    let factors = (0..<levels).map { 1 << $0 }
    guard denoiser.attentionFactors.isSubset(of: factors) else {
      return Conflict(
        setting: "denoiser.attention_factors", found: shown(denoiser.attentionFactors.sorted()),
        expected: "some of \(shown(factors))",
        reason: "these are the \(levels) levels of width_multipliers")
    }
    return nil
  }

  private var trainingConflict: Conflict? {
    let stride = diffusionTraining.latentStride
    guard autoencoder.frames.isMultiple(of: stride) else {
      return Conflict(
        setting: "diffusion_training.latent_stride", found: "\(stride)",
        expected: "a divisor of \(autoencoder.frames)",
        reason:
          "the clip that goes on after a cached one of \(autoencoder.frames) frames is cached too")
    }
    let limit = diffusionTraining.ratioLimit
    guard diffusionTraining.distilledSteps == 0 || limit == 0 else {
      return Conflict(
        setting: "diffusion_training.snr_limit", found: SettingValue.number(limit).text,
        expected: "0 where distilled_steps is \(diffusionTraining.distilledSteps)",
        reason: "steps that are learnt from a teacher count by where they lead")
    }
    guard limit == 0 || diffusionTraining.distance == .l2 else {
      return Conflict(
        setting: "diffusion_training.loss", found: diffusionTraining.distance.rawValue,
        expected: "l2 where snr_limit is \(SettingValue.number(limit).text)",
        reason: "the ratio of signal to noise is that of squares")
    }
    guard diffusionTraining.distilledSteps == 0 || diffusionTraining.distance == .l2 else {
      return Conflict(
        setting: "diffusion_training.loss", found: diffusionTraining.distance.rawValue,
        expected: "l2 where distilled_steps is \(diffusionTraining.distilledSteps)",
        reason: "the squares of steps that are learnt from a teacher count by where they lead")
    }
    return nil
  }

  private func shown(_ numbers: [Int]) -> String { SettingValue.integers(numbers).text }
}

extension TrainingConfiguration.Conflict {
  /// The conflict as an error of a file, or of the command line.
  package func error(file: String?, line: Int?) -> TrainingConfigurationError {
    TrainingConfigurationError(
      file: file, line: line,
      .unfit(setting: setting, found: found, expected: expected, reason: reason))
  }
}
