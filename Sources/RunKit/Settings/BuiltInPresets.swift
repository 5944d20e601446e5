import VideoDiffusion

extension PresetLibrary {
  /// The presets that come with the program. They choose the solver, its steps and what is done about a
  /// model's weaknesses, and leave precision, threads, seed, previews and the number of clips alone. The
  /// paper's do as the original does.
  public static let builtIn: [Preset] = [
    // What 100 deterministic steps of DDIM make of the same seed, in a tenth of them (`samples/README.md`).
    preset("draft", "A quick look: UniPC in 10 steps", .uniPC, steps: 10, laterSteps: 10),
    preset(
      "paper 100/20", "The paper's fast setting, 100/20-s: DDIM, 100 steps, then 20", .ddim,
      steps: 100, laterSteps: 20, isPaper: true),
    preset(
      "paper 400/400", "The paper's best long videos, 400/400-s: DDIM, 400 steps for every clip",
      .ddim, steps: 400, laterSteps: 400, isPaper: true),
    // Later clips get as many steps as the first: a clip hands its faults on to all that follow.
    preset(
      "fine", "Careful: stochastic DPM-Solver++ 2M in 60 steps for every clip",
      .dpmSolverPlusPlus2MStochastic, steps: 60, laterSteps: 60),
    preset(
      "instant", "A clip at once: \(instantSteps) steps, for a denoiser distilled to them",
      .distilled, steps: instantSteps, laterSteps: instantSteps),
  ]

  /// Steps that a denoiser is distilled for where nobody says how many.
  public static let instantSteps = 4

  /// What shows no seam at least cost of detail, as measured on the model that comes with the program
  /// (`samples/README.md`).
  private static let shownFade = 15

  private static func preset(
    _ name: String, _ summary: String, _ method: SolverMethod, steps: Int, laterSteps: Int,
    isPaper: Bool = false
  ) -> Preset {
    var settings = GenerationSettings()
    settings.method = method
    settings.steps = steps
    settings.laterSteps = laterSteps
    settings.ordersPlanes = !isPaper
    settings.seamFade = isPaper ? 0 : shownFade
    return Preset(
      name: name, summary: summary, settings: settings, isBuiltIn: true,
      keys: Set(GenerationSetting.all.filter { $0.group == .sampler } + [.seamFade, .orderPlanes]))
  }
}
