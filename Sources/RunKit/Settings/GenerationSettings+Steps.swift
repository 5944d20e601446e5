import VideoDiffusion

extension GenerationSetting {
  /// What a distilled denoiser leaves no choice of.
  public static let ofSteps: Set<GenerationSetting> = [.sampler, .spacing, .steps, .laterSteps]
}

/// One number of steps alone means every clip: on the command line, in presets, sweeps and forms.
extension GenerationSettings {
  /// Whether the steps of later clips look like a number that somebody gave: neither the usual one, which
  /// a number of steps replaces, nor that of the first clip.
  package var givesLaterSteps: Bool {
    let usual = GenerationSettings()
    return steps != laterSteps && (steps, laterSteps) != (usual.steps, usual.laterSteps)
  }

  /// The settings with what a denoiser leaves no choice of.
  ///
  /// - Parameter distilledSteps: Steps that it was distilled for, which take the place of the sampler's; of a
  ///   denoiser that was not, `nil`, for which the usual ones take the place of such steps.
  public func fitting(distilledSteps: Int?) -> GenerationSettings {
    guard distilledSteps != nil || method == .distilled else { return self }
    let usual = GenerationSettings()
    var result = self
    result.assign(.spacing, nil)
    result.method = distilledSteps.map { _ in .distilled } ?? usual.method
    result.steps = distilledSteps ?? usual.steps
    result.laterSteps = distilledSteps ?? usual.laterSteps
    return result
  }
}
