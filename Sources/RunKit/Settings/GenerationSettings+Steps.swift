/// One number of steps alone means every clip: on the command line, in presets, sweeps and forms.
extension GenerationSettings {
  /// Whether the steps of later clips look like a number that somebody gave: neither the usual one, which
  /// a number of steps replaces, nor that of the first clip.
  package var givesLaterSteps: Bool {
    let usual = GenerationSettings()
    return steps != laterSteps && (steps, laterSteps) != (usual.steps, usual.laterSteps)
  }
}
