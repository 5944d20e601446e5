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

  @OptionGroup var settings: SettingOptions<Scope>

  /// The settings of the sampler and of the video; the number of clips is each command's own.
  enum Scope: SettingScope {
    static let settings = GenerationSetting.all(first: [.steps, .laterSteps]).filter {
      [.sampler, .video].contains($0.group) && $0.optionHelp != nil
    }
  }

  /// What was given, and what follows from it.
  ///
  /// - Parameter preset: The settings that the preset makes.
  func given(over preset: Set<GenerationSetting>) -> [GenerationSetting: SettingValue] {
    var given = settings.given
    // One number alone means every clip.
    if given[.laterSteps] == nil, !preset.contains(.laterSteps) {
      given[.laterSteps] = given[.steps]
    }
    return given
  }

  /// Checks settings that were chosen.
  ///
  /// - Throws: `SamplingError` if a number of steps was given to a solver that has no choice of it.
  func check(_ chosen: GenerationSettings) throws {
    let all = DiffusionSchedule.published.stepCount
    let steps = [GenerationSetting.steps, .laterSteps].compactMap { settings.given[$0]?.integer }
    if chosen.method.takesEveryStep, let found = steps.first(where: { $0 != all }) {
      throw SamplingError.ancestralNeedsEveryStep(found: found, schedule: all)
    }
  }
}

/// Several videos at once.
struct BatchOptions: ParsableArguments {
  @Option(
    help: """
      Videos to make at once; video b has the seed plus b. Outputs of several are named by their seeds.
      """)
  var batch = 1
}
