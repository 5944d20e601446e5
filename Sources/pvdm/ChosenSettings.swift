import RunKit

/// The settings of a run: the paper's, a preset's in their place, and what was given.
struct ChosenSettings {
  /// What runs.
  let settings: GenerationSettings
  /// The settings that the preset or an option made.
  let keys: Set<GenerationSetting>
  /// What a person should know: the preset's settings, and what was left out of its file.
  let notes: [String]

  /// Gathers the settings.
  ///
  /// - Parameters:
  ///   - previews: `nil` where nothing is shown.
  ///   - clips: Clips that were asked for; `nil` for the preset's number, else 1.
  ///   - distilledSteps: Steps that the model's denoiser was distilled for, which leave nobody a choice; `nil`
  ///     for one that was not.
  ///   - basis: A preset in place of the one that the options name.
  /// - Throws: `StudioError` if there is no such preset, and what ``SamplingOptions/check(_:)`` throws.
  init(
    _ sampling: SamplingOptions, _ compute: ComputeOptions, _ previews: PreviewOptions?,
    clips: Int?, distilledSteps: Int? = nil, basis: Preset? = nil,
    library: PresetLibrary = PresetLibrary(folder: StudioFolders().presets)
  ) throws {
    var settings = GenerationSettings()
    var notes: [String] = []
    let preset = try basis ?? sampling.preset.map(library.preset(named:))
    if let preset {
      settings = preset.applied(to: settings)
      if !preset.isBuiltIn { notes = library.load().issues.map(\.description) }
    }
    var given = sampling.given(over: preset?.keys ?? [])
    given.merge(compute.settings.given) { _, new in new }
    given.merge(previews?.settings.given ?? [:]) { _, new in new }
    given[.clips] = clips.map { .integer($0) }
    // The spacing is chosen for a solver.
    if given[.sampler] != nil { settings.assign(.spacing, nil) }
    for (setting, value) in given { settings.assign(setting, value) }
    let keys = Set(given.keys).union(preset?.keys ?? [])
    if let distilledSteps, keys.isDisjoint(with: GenerationSetting.ofSteps) {
      settings = settings.fitting(distilledSteps: distilledSteps)
      notes.append("steps \(distilledSteps), for which the denoiser was distilled")
    }
    try sampling.check(settings)
    if let preset {
      let taken = GenerationSetting.ofPresets.filter {
        preset.keys.contains($0) && given[$0] == nil
      }
      let text = taken.map { "\($0.title) \(settings[$0].plainText)" }.joined(separator: ", ")
      notes.insert("preset \(preset.name): \(text.isEmpty ? "nothing left to set" : text)", at: 0)
    }
    self.settings = settings
    self.keys = keys
    self.notes = notes
  }
}
