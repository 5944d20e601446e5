import VideoDiffusion

extension PresetLibrary {
  /// The presets that come with the program. They choose the solver and its steps, and leave precision,
  /// threads, seed, previews and the number of clips alone.
  public static let builtIn: [Preset] = [
    // The fresh noise in each step matters: at so few steps the deterministic solvers leave the
    // sample model's first clips in blocks, and this one does not.
    preset(
      "draft", "A quick look: stochastic DPM-Solver++ 2M in 20 steps, 12 for each later clip",
      .dpmSolverPlusPlus2MStochastic, steps: 20, laterSteps: 12),
    preset(
      "paper 100/20", "The paper's fast setting, 100/20-s: DDIM, 100 steps, then 20", .ddim,
      steps: 100, laterSteps: 20),
    preset(
      "paper 400/400", "The paper's best long videos, 400/400-s: DDIM, 400 steps for every clip",
      .ddim, steps: 400, laterSteps: 400),
    // Later clips get as many steps as the first: a clip hands its faults on to all that follow.
    preset(
      "fine", "Careful: stochastic DPM-Solver++ 2M in 60 steps for every clip",
      .dpmSolverPlusPlus2MStochastic, steps: 60, laterSteps: 60),
  ]

  private static func preset(
    _ name: String, _ summary: String, _ method: SolverMethod, steps: Int, laterSteps: Int
  ) -> Preset {
    var settings = GenerationSettings()
    settings.method = method
    settings.steps = steps
    settings.laterSteps = laterSteps
    return Preset(
      name: name, summary: summary, settings: settings, isBuiltIn: true,
      keys: Set(GenerationSetting.all.filter { $0.group == .sampler }))
  }
}
