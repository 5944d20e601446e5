import RunKit
import VideoDiffusion

extension TrainingConfiguration {
  /// How few steps are learnt from a model where nothing else is said: short, since the network begins as its
  /// teacher, and in few batches of what it was trained on.
  ///
  /// - Parameter model: Both networks.
  /// - Throws: `ModelError` if one is missing, ``TrainingConfigurationError`` if they cannot be trained.
  public init(distilling model: ModelFiles) throws {
    guard let autoencoder = model.autoencoder else { throw ModelError(.notLoaded(.autoencoder)) }
    guard let file = model.denoiser, case .denoiser(let denoiser) = file.network else {
      throw ModelError(.notLoaded(.denoiser))
    }
    self.init(
      denoiser: denoiser,
      diffusionTraining: DiffusionTrainingSettings(
        stage: StageSettings(
          steps: 2000, batch: 8, learningRate: 2e-4, warmUpSteps: 50, decay: .cosine,
          finalRateShare: 0.02, maximumGradientNorm: 1, averageDecay: 0.99, mirrors: true,
          sampleInterval: 500, checkpointInterval: 250, validationClips: 64),
        conditionalShare: 0.5, distilledSteps: PresetLibrary.instantSteps, cachesLatents: true,
        latentStride: denoiser.geometry.frames))
    try take(autoencoder)
  }
}

extension DiffusionTrainingSettings {
  /// How the denoiser learns to sample in few steps; `nil` learns from noise.
  package var distillation: StepDistillation? {
    guard distilledSteps > 0 else { return nil }
    return StepDistillation(steps: distilledSteps, teacherSteps: teacherSteps)
  }
}
