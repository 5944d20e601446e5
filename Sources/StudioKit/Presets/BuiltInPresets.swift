import VideoDiffusion

extension PresetLibrary {
  /// The presets that come with the program. They choose the solver and its steps, and leave precision,
  /// threads, seed, previews and the number of clips alone.
  public static let builtIn: [Preset] = [
    // Second order and deterministic: at 15 steps the picture is that of many more, at a seventh of
    // the work of the paper's fast setting.
    preset(
      "draft", "A quick look: DPM-Solver++ 2M in 15 steps, 10 for each later clip",
      .dpmSolverPlusPlus2M, steps: 15, laterSteps: 10),
    preset(
      "paper 100/20", "The paper's fast setting, 100/20-s: DDIM, 100 steps, then 20", .ddim,
      steps: 100, laterSteps: 20),
    preset(
      "paper 400/400", "The paper's best long videos, 400/400-s: DDIM, 400 steps for every clip",
      .ddim, steps: 400, laterSteps: 400),
    // Fresh noise in each step corrects the errors of the steps before it; later clips get as many
    // steps as the first, because a clip hands its faults on to all that follow.
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
      keys: [.sampler, .spacing, .steps, .laterSteps, .eta, .guidance])
  }
}
