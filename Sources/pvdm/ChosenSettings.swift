import RunKit

/// The settings of a run: the paper's, a preset's in their place, and what was given.
struct ChosenSettings {
  /// What runs.
  let settings: GenerationSettings
  /// The settings that the preset or an option made.
  let keys: Set<SettingKey>
  /// What a person should know: the preset's settings, and what was left out of its file.
  let notes: [String]

  /// Gathers the settings.
  ///
  /// - Parameters:
  ///   - previews: `nil` where nothing is shown.
  ///   - clips: Clips that were asked for; `nil` for the preset's number, else 1.
  ///   - basis: A preset in place of the one that the options name.
  /// - Throws: `StudioError` if there is no such preset.
  init(
    _ sampling: SamplingOptions, _ compute: ComputeOptions, _ previews: PreviewOptions?,
    clips: Int?, basis: Preset? = nil,
    library: PresetLibrary = PresetLibrary(folder: StudioFolders().presets)
  ) throws {
    var settings = GenerationSettings()
    var notes: [String] = []
    let preset = try basis ?? sampling.preset.map(library.preset(named:))
    if let preset {
      settings = preset.applied(to: settings)
      if !preset.isBuiltIn { notes = library.load().issues.map(\.description) }
    }
    var given = try sampling.apply(to: &settings, over: preset?.keys ?? [])
    func set<Value>(
      _ key: SettingKey, _ path: WritableKeyPath<GenerationSettings, Value>, _ value: Value?
    ) {
      guard let value else { return }
      settings[keyPath: path] = value
      given.insert(key)
    }
    set(.clips, \.clipCount, clips.map(Optional.some))
    set(.precision, \.precision, compute.givenPrecision)
    set(.threads, \.threadCount, compute.threads.map(Optional.some))
    set(.preview, \.preview, previews?.previewMode)
    set(.previewEvery, \.previewInterval, previews?.previewEvery)
    if let preset {
      let taken = SettingKey.allCases.filter { preset.keys.contains($0) && !given.contains($0) }
      let text = taken.map { "\($0.title) \(settings[$0].plainText)" }.joined(separator: ", ")
      notes.insert("preset \(preset.name): \(text.isEmpty ? "nothing left to set" : text)", at: 0)
    }
    self.settings = settings
    self.keys = given.union(preset?.keys ?? [])
    self.notes = notes
  }
}
