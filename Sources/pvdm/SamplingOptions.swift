import ArgumentParser
import RunKit
import VideoDiffusion

/// Settings of the sampler. What is given wins over the preset, and the preset over the paper's
/// settings.
struct SamplingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Settings under a name, for what no option gives; \"pvdm presets\" lists them.",
      valueName: "name"))
  var preset: String?

  @Option(help: "Sampling steps of a clip made from nothing, 1 to 1000. (default: 100)")
  var steps: Int?

  @Option(
    name: .customLong("later-steps"),
    help: """
      Sampling steps of each clip that continues another, 1 to 1000. (default: the preset's, else as \
      many as --steps where that is given, else 20)
      """)
  var laterSteps: Int?

  @Option(
    help: """
      The solver: ddpm (all 1000 steps), ddim, dpmpp-2m, dpmpp-2m-sde or unipc. 20 steps of the \
      last three are about as good as 100 of ddim. (default: ddim)
      """)
  var sampler: SolverMethod?

  @Option(
    help: """
      How steps are spaced: published (the original's), trailing, linear or karras. (default: \
      published for ddpm and ddim, karras for the others)
      """)
  var spacing: TimestepSpacing?

  @Option(
    help: """
      Fresh noise in each ddim step, 0 (none) to 1 (as much as ddpm). With little of it many steps lose \
      contrast, as in the original; --recompute-noise keeps it. (default: 1)
      """)
  var eta: Double?

  @Flag(
    inversion: .prefixedNo,
    help: """
      Go on in each ddim step with the noise that follows from the clamped estimate, in place of the \
      network's. (default: no, as the original)
      """)
  var recomputeNoise: Bool?

  @Option(
    help: """
      Guidance of clips that continue another, 0 or more; above 0 doubles the work. (default: 0)
      """)
  var guidance: Double?

  @Option(help: "Seed of the run; the same seed gives the same video. (default: 0)")
  var seed: UInt64?

  @Flag(
    inversion: .prefixedNo,
    help: "Decode and encode each clip again before the next continues it. (default: no)")
  var reencode: Bool?

  /// Puts what was given in the place of a preset's settings.
  ///
  /// - Parameter preset: The settings that the preset makes.
  /// - Returns: The settings that were given.
  /// - Throws: `SamplingError` if a number of steps was given to ddpm, which has no choice of it.
  func apply(
    to settings: inout GenerationSettings, over preset: Set<SettingKey>
  ) throws -> Set<SettingKey> {
    var given: Set<SettingKey> = []
    func set<Value>(
      _ key: SettingKey, _ path: WritableKeyPath<GenerationSettings, Value>, _ value: Value?
    ) {
      guard let value else { return }
      settings[keyPath: path] = value
      given.insert(key)
    }
    set(.sampler, \.method, sampler)
    set(.steps, \.steps, steps)
    // One number alone means every clip.
    set(.laterSteps, \.laterSteps, laterSteps ?? (preset.contains(.laterSteps) ? nil : steps))
    set(.eta, \.eta, eta)
    set(.recomputeNoise, \.recomputesNoise, recomputeNoise)
    set(.guidance, \.guidanceScale, guidance)
    set(.seed, \.seed, seed)
    set(.reencode, \.reencodesCondition, reencode)
    if sampler != nil { settings.spacing = nil }
    set(.spacing, \.spacing, spacing.map(Optional.some))
    let all = DiffusionSchedule.published.stepCount
    if settings.method == .ddpm,
      let steps = [steps, laterSteps].compactMap({ $0 }).first(
        where: { $0 != all })
    {
      throw SamplingError.ancestralNeedsEveryStep(found: steps, schedule: all)
    }
    return given
  }
}

/// Several videos at once.
struct BatchOptions: ParsableArguments {
  @Option(
    help: """
      Videos to make at once; video b has the seed plus b. Outputs of "pvdm sample" are named by it.
      """)
  var batch = 1
}
