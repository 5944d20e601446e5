import RunKit
import TerminalUI

extension MakeScreen {
  /// What a key means on this screen.
  enum Action: Sendable, Hashable {
    case run, reroll, add, stop, pause, export, still, newSeed, preview, presets, save, otherPane
  }

  static let keyMap = KeyMap<Action>(
    title: "Make",
    [
      KeyBinding([.character("r")], name: "run", help: "make a video with these settings", .run),
      KeyBinding([.character("R")], name: "reroll", help: "the same with a new seed", .reroll),
      KeyBinding([.character("a")], name: "queue", help: "add it to the queue", .add),
      KeyBinding(
        [.character("x")], name: "stop+keep",
        help: "stop after the clip, again after the step; complete clips are kept", .stop),
      KeyBinding([.character("P")], name: "pause", help: "pause, go on or try again", .pause),
      KeyBinding([.character("w")], name: "export", help: "write the video to files", .export),
      KeyBinding([.character("s")], name: "still", help: "write this frame to a PNG file", .still),
      KeyBinding([.character("*")], name: "new seed", help: "draw a new seed", .newSeed),
      KeyBinding(
        [.character("V")], name: "preview",
        help: "the next kind of preview, of what runs now too", .preview),
      KeyBinding([.character("p")], name: "presets", help: "take settings of a preset", .presets),
      KeyBinding([.character("S")], name: "save", help: "keep the settings as a preset", .save),
      KeyBinding([.tab, .backTab], name: "pane", help: "settings or preview", .otherPane),
    ])

  package var helpSections: [HelpSection] {
    [
      Self.keyMap.helpSection, recipe == nil ? SettingsForm.helpSection : RecipeView.helpSection,
      player.keyMap.helpSection,
    ]
  }

  /// Keys of the player that mean nothing to the form.
  private static let playerKeys: Set<Key> = [
    .space, .character("."), .character(","), .character("["), .character("]"), .character("z"),
  ]

  package mutating func handle(_ key: Key, _ app: AppState) -> [StudioEffect] {
    // A question that was open was left without an answer.
    (still, exported) = (nil, nil)
    if picker != nil { return handleInPicker(key, app) }
    // What another screen put here counts from the first key on.
    if recipe == nil, form.isTyping { return handleInForm(key, app) }
    if let action = Self.keyMap.action(for: key) { return perform(action, app) }
    if pane == .preview || player.isZoomed || Self.playerKeys.contains(key) {
      _ = player.handle(key)
      return []
    }
    if let recipe { return handleInRecipe(key, recipe, app) }
    return handleInForm(key, app)
  }

  private mutating func handleInRecipe(
    _ key: Key, _ recipe: Recipe, _ app: AppState
  ) -> [StudioEffect] {
    let runs = recipe.generated
    let texts = runs.map { RecipeView.text(of: $0) }
    guard case .activated(let row) = recipeRow.handle(key, texts: texts, page: runs.count) else {
      return []
    }
    // One run's settings, to make something else with.
    var settings = runs[row].settings
    settings.clipCount = runs[row].clipCount
    settings.seed = runs[row].seed
    leaveRecipe()
    let model = app.models.first { $0.reference == runs[row].reference }
    return [.remember(.recipe(nil))] + (model.map { [.useModel($0.id)] } ?? [])
      + change(app) { $0 = settings }
      + [
        .notify(
          Notice(
            .information, "took the settings of \(runs[row].clipText) into the form",
            remedy: "u brings the form back as it was"))
      ]
  }

  private mutating func handleInForm(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard case .changed = form.handle(key) else { return [] }
    return settingsChanged(app)
  }

  private mutating func handleInPicker(_ key: Key, _ app: AppState) -> [StudioEffect] {
    switch picker?.handle(key, app.presets) {
    case .chosen(let preset):
      picker = nil
      return take(preset, app)
    case .delete(let preset):
      guard !preset.isBuiltIn else {
        return [
          .notify(Notice(.warning, "the preset \(preset.name) comes with the program and stays"))
        ]
      }
      return [
        .confirm(
          title: "Delete the preset \(preset.name)?", lines: [preset.settings.shortText],
          confirmed: [.library(.deletePreset(name: preset.name))])
      ]
    case .closed: picker = nil
    case .open, nil: break
    }
    return estimate(app)
  }

  private mutating func perform(_ action: Action, _ app: AppState) -> [StudioEffect] {
    switch action {
    case .run: return run(app)
    case .reroll:
      return drawSeed(app) + run(app)
    case .add: return make(app)
    case .stop: return app.shownJob?.stop(app) ?? [Self.nothingRuns]
    case .pause: return app.shownJob?.pauseOrResume() ?? [Self.nothingRuns]
    case .export: return askForExport(app)
    case .still: return askForStill(app)
    case .newSeed: return drawSeed(app) + settingsChanged(app)
    case .preview: return changePreview(app)
    case .presets:
      picker = PresetPicker()
      return estimate(app)
    case .save:
      return [.ask(prompt: "Name of the preset", text: "", command: Command.savePreset.rawValue)]
    case .otherPane: pane = pane == .settings ? .preview : .settings
    }
    return []
  }

  private static let nothingRuns = StudioEffect.notify(
    Notice(.information, "nothing runs", remedy: "r makes a video"))

  /// Changes settings as one step that can be undone.
  mutating func change(
    _ app: AppState, _ change: (inout GenerationSettings) -> Void
  ) -> [StudioEffect] {
    var settings = form.settings
    change(&settings)
    form.replace(with: settings)
    return settingsChanged(app)
  }

  /// Takes a preset's settings; the seed stays, since a preset is for any.
  mutating func take(_ preset: Preset, _ app: AppState) -> [StudioEffect] {
    if recipe != nil { leaveRecipe() }
    form.replace(
      with: preset.settings.keepingSeed(of: form.settings),
      givesLaterSteps: preset.keys.contains(.laterSteps))
    return settingsChanged(app) + (app.recipe == nil ? [] : [.remember(.recipe(nil))])
  }

  /// The next kind of preview, for the next run and for the one that is at work.
  private mutating func changePreview(_ app: AppState) -> [StudioEffect] {
    let modes = PreviewMode.allCases
    let running = app.runningJob.flatMap { job in job.generation.map { (job.id, $0) } }
    let shown = running?.1.settings.preview ?? form.settings.preview
    let mode = modes[((modes.firstIndex(of: shown) ?? 0) + 1) % modes.count]
    let effects = change(app) { $0.preview = mode }
    guard let running else { return effects }
    return effects + [
      .job(.preview(running.0, mode)),
      .notify(
        Notice(.information, mode == .off ? "previews are off" : "previews are \(mode.rawValue)")),
    ]
  }

  // MARK: Runs

  /// Draws a new seed, or of a recipe one for each that it has.
  private mutating func drawSeed(_ app: AppState) -> [StudioEffect] {
    usedSeed = nil
    guard let old = recipe else {
      var settings = form.settings
      settings.seed = seeds.next()
      form.replace(with: settings)
      return []
    }
    let new = old.reseeded { seeds.next() }
    recipe = new
    return [.remember(.recipe(new))]
  }

  /// Makes a video, and says so where it has to wait.
  private mutating func run(_ app: AppState) -> [StudioEffect] {
    let effects = make(app)
    let ahead = app.jobs.filter { $0.state == .running || $0.state == .waiting }
    guard let first = ahead.first, effects.contains(where: \.isMake) else { return effects }
    let others = ahead.count > 1 ? " and \(ahead.count - 1) more" : ""
    return effects + [
      .notify(
        Notice(
          .information,
          "seed \(recipe?.generated.first?.seed ?? form.settings.seed) waits for job "
            + "\(first.id.rawValue)\(others)"))
    ]
  }

  /// Adds a video to the queue, which begins it if nothing else runs. The seed in the form is the
  /// one that is used; one that was used already gives way to a new one unless it is locked.
  private mutating func make(_ app: AppState) -> [StudioEffect] {
    if var recipe {
      // What is shown meanwhile is for whoever watches.
      for index in recipe.runs.indices {
        recipe.runs[index].settings.preview = form.settings.preview
      }
      return [.order(.remake(recipe))]
    }
    guard let model = app.model else {
      return [
        .notify(Notice(.warning, "no model is chosen", remedy: "Choose one on the screen Models"))
      ]
    }
    guard model.canGenerate else {
      return [.notify(Notice(.error, model.reasonNotToGenerate, remedy: "Choose another model"))]
    }
    if !form.settings.isSeedLocked, form.settings.seed == usedSeed { _ = drawSeed(app) }
    usedSeed = form.settings.seed
    return [.remember(.settings(form.settings)), .order(.make(model.reference, form.settings))]
  }
}

extension StudioEffect {
  /// Whether it makes a new video.
  fileprivate var isMake: Bool {
    switch self {
    case .workspace(.order(.make)), .workspace(.order(.remake)): true
    default: false
    }
  }
}

extension GenerationSettings {
  /// These settings with the seed of others, and whether that is locked.
  package func keepingSeed(of other: GenerationSettings) -> GenerationSettings {
    var settings = self
    settings.seed = other.seed
    settings.isSeedLocked = other.isSeedLocked
    return settings
  }
}

extension ModelEntry {
  /// Why no video can be made with it; empty if one can.
  package var reasonNotToGenerate: String {
    if let problem { return problem }
    if autoencoder == nil { return "\(reference.name) has no autoencoder" }
    return denoiser == nil ? "\(reference.name) has no denoiser" : ""
  }
}
