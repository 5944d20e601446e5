import VideoDiffusion

extension TrainingConfiguration {
  /// How few steps are learnt from a denoiser where nothing else is said: short, since the network begins as
  /// its teacher, and in few batches of what it was trained on.
  ///
  /// - Parameter teacher: A denoiser's file.
  /// - Throws: `ModelError` if it holds an autoencoder.
  public init(distilling teacher: NetworkFile) throws {
    guard case .denoiser(let denoiser) = teacher.network else {
      throw ModelError(
        path: teacher.path, .otherNetwork(expected: .denoiser, found: teacher.kind))
    }
    self.init(
      denoiser: denoiser,
      diffusionTraining: DiffusionTrainingSettings(
        stage: StageSettings(
          steps: 2000, batch: 8, learningRate: 2e-4, warmUpSteps: 50, decay: .cosine,
          finalRateShare: 0.02, maximumGradientNorm: 1, averageDecay: 0.99, mirrors: true,
          sampleInterval: 500, checkpointInterval: 250, validationClips: 64),
        conditionalShare: 0.5, distilledSteps: 4, cachesLatents: true,
        latentStride: denoiser.geometry.frames))
  }
}

extension DiffusionTrainingSettings {
  /// How the denoiser learns to sample in few steps; `nil` learns from noise.
  package var distillation: StepDistillation? {
    guard distilledSteps > 0 else { return nil }
    return StepDistillation(steps: distilledSteps, teacherSteps: teacherSteps)
  }
}
