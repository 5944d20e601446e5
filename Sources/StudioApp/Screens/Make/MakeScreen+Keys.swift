import RunKit
import StudioLink
import TerminalUI

extension MakeScreen {
  /// What can be done here.
  package static let section = HelpSection(
    title: "Make",
    entries: [
      ActionName.run.row("run", "make a video with these settings"),
      ActionName.reroll.row(
        "reroll", "the same with a new seed; :reroll 4 makes four side by side, to pick one"),
      ActionName.add.row("queue", "add it to the queue"),
      ActionName.stop.row(
        "stop+keep", "stop after the clip, again after the step; complete clips are kept"),
      ActionName.pause.row("pause", "pause, go on or try again"),
      ActionName.model.row("model", "the next model that can make videos"),
      ActionName.export.row("export", "write the video to files"),
      ActionName.still.row("still", "write this frame to a PNG file"),
      ActionName.newSeed.row("new seed", "draw a new seed"),
      ActionName.reuse.row("seed shown", "take the seed of the video that is shown"),
      ActionName.preview.row("preview", "the next kind of preview, of what runs now too"),
      ActionName.presets.row("presets", "take settings of a preset"),
      ActionName.savePreset.row("save", "keep the settings as a preset"),
      ActionName.copy.row("", "copy the settings and the seed of the next run to the clipboard"),
      ActionName.pane.row("pane", "settings or preview"),
    ])

  package func sections(_ app: AppState) -> [HelpSection] {
    guard picker == nil else { return [PresetPicker.section] }
    guard batch == nil else { return [Self.batchSection, ClipPlayer.section] }
    return [
      Self.section, ClipPlayer.section,
      recipe == nil ? SettingsForm.helpSection : RecipeView.helpSection,
    ]
  }

  package mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect] {
    // A question that was open was left without an answer.
    (still, exported) = (nil, nil)
    if picker != nil { return handleInPicker(key, app) }
    if batch != nil {
      moveInBatch(key, app)
      return []
    }
    // What another screen put here counts from the first key on.
    if recipe == nil, form.isTyping { return handleInForm(key, app) }
    if pane == .preview || player.isZoomed { return [] }
    if let recipe { return handleInRecipe(key, recipe, app) }
    return handleInForm(key, app)
  }

  private mutating func handleInRecipe(
    _ key: Key, _ recipe: Recipe, _ app: AppState
  ) -> [StudioEffect] {
    let runs = recipe.generated
    let outcome = recipeRow.handle(key, texts: recipeTexts, page: runs.count)
    guard case .activated(let row) = outcome else { return recipeRow.effects(of: outcome) }
    // One run's settings, to make something else with.
    var settings = runs[row].settings
    settings.clipCount = runs[row].clipCount
    settings.seed = runs[row].seed
    leaveRecipe()
    let model = app.models.first { $0.reference == runs[row].reference }
    return [.remember(.recipe(nil))] + (model.map { [.useModel($0.id)] } ?? [])
      + change(app, for: model) { $0 = settings }
      + [
        .notify(
          Notice(
            .information, "took the settings of \(runs[row].clipText) into the form",
            remedy: "\(app.keys[.undo]) brings the form back as it was"))
      ]
  }

  private mutating func handleInForm(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard case .changed = form.handle(key) else { return [] }
    return settingsChanged(app)
  }

  private mutating func handleInPicker(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard let picked = picker?.handle(key, app.presets) else { return [] }
    guard let preset = picked.preset else { return picked.effects + estimate(app) }
    picker = nil
    return take(preset, app)
  }

  /// The runs of the recipe in words, for the search.
  var recipeTexts: [String] { (recipe?.generated ?? []).map { RecipeView.text(of: $0) } }

  private mutating func performInPicker(
    _ action: ActionName, _ app: AppState
  ) -> [StudioEffect]? {
    switch action {
    case .presets: picker = nil
    case .remove:
      guard let preset = picker?.selected(app.presets) else { return [] }
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
    default: return nil
    }
    return estimate(app)
  }

  package mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    (still, exported) = (nil, nil)
    if picker != nil { return performInPicker(action, app) }
    if player.perform(action) { return [] }
    if batch != nil {
      guard let effects = performInBatch(action, count: count, app) else { return nil }
      return effects + refresh(app)
    }
    switch action {
    case .run: return run(app)
    case .reroll: return reroll(count: count, app)
    case .add: return make(app)
    case .stop: return app.shownJob?.stop(app) ?? [Self.nothingRuns(app)]
    case .pause: return app.shownJob?.pauseOrResume() ?? [Self.nothingRuns(app)]
    case .model: return nextModel(app)
    case .export: return askForExport(app)
    case .still: return askForStill(app)
    case .newSeed: return drawSeed(app) + settingsChanged(app)
    case .reuse: return takeShownSeed(app)
    case .copy: return copySettings(app)
    case .preview: return changePreview(app)
    case .presets:
      picker = PresetPicker()
      return estimate(app)
    case .savePreset:
      return [.ask(prompt: "Name of the preset", text: "", command: Command.savePreset.rawValue)]
    case .pane: pane = pane == .settings ? .preview : .settings
    default: return nil
    }
    return []
  }

  /// Makes as many videos as a number says, each with a seed of its own.
  ///
  /// Several, and more of those that are side by side already, are shown side by side.
  mutating func reroll(count: Int?, _ app: AppState) -> [StudioEffect] {
    let count = max(count ?? 1, 1)
    guard count <= Self.batchLimit else {
      return [
        .notify(
          Notice(
            .warning, "\(count) videos are too many to queue at once",
            remedy: "\(Self.batchLimit) is the most; \"pvdm work create\" makes lists of more"))
      ]
    }
    guard count > 1 || batch != nil else { return drawSeed(app) + run(app) }
    var effects: [StudioEffect] = []
    var drawn: [UInt64] = []
    for _ in 0..<count {
      effects += drawSeed(app) + make(app)
      drawn.append(recipe?.generated.first?.seed ?? form.settings.seed)
    }
    // Where nothing can be made, that is said once.
    guard effects.contains(where: \.isMake) else { return Array(effects.prefix(1)) }
    guard count <= Self.sideBySideLimit else {
      return effects + [
        .notify(
          Notice(
            .success, "\(count) videos with seeds of their own are queued",
            remedy: "\(ScreenID.gallery.keyName) shows them as they come"))
      ]
    }
    if batch == nil {
      batch = SeedBatch(seeds: drawn)
      player.isZoomed = false
    } else {
      batch?.add(drawn)
    }
    return effects
  }

  /// Videos side by side at most; more go to the gallery alone.
  private static let sideBySideLimit = 16

  /// Videos that are queued at once at most.
  private static let batchLimit = 100

  /// Goes to the next model that can make videos.
  private func nextModel(_ app: AppState) -> [StudioEffect] {
    let models = app.models.filter(\.canGenerate)
    guard !models.isEmpty else { return [.notify(.noModel)] }
    let index = models.firstIndex { $0.id == app.modelID } ?? -1
    let next = models[(index + 1) % models.count]
    guard models.count > 1 || next.id != app.modelID else {
      return [
        .notify(
          Notice(
            .information, "\(next.reference.name) is the only model that can make videos",
            remedy: "\(ScreenID.models.keyName) opens others"))
      ]
    }
    return [
      .useModel(next.id),
      .notify(
        Notice(
          .success,
          "\(next.reference.name) is used from now on, \((index + 1) % models.count + 1) of \(models.count)"
        )
      ),
    ]
  }

  /// Takes the seed of the video in the preview, locked, since it is that one which is wanted.
  private mutating func takeShownSeed(_ app: AppState) -> [StudioEffect] {
    guard recipe == nil, let seed = shownSeed(app) else {
      return [.notify(Notice(.information, "no seed is shown"))]
    }
    return takeSeed(seed, app)
  }

  /// Takes a seed, locked.
  mutating func takeSeed(_ seed: UInt64, _ app: AppState) -> [StudioEffect] {
    usedSeed = nil
    return change(app) {
      $0.seed = seed
      $0.isSeedLocked = true
    } + [
      .notify(
        Notice(.success, "took the seed \(seed), locked", remedy: "\(app.keys[.undo]) undoes this"))
    ]
  }

  /// The seed of what is in the preview: of the clip that plays, or of the run that is being made.
  private func shownSeed(_ app: AppState) -> UInt64? {
    if isShowingEstimate(app) { return app.runningJob?.generation?.settings.seed }
    return playedClip(app)?.seed ?? app.shownMade.flatMap { app.video($0)?.seed }
  }

  private func copySettings(_ app: AppState) -> [StudioEffect] {
    let text =
      recipe.map { $0.generated.map { RecipeView.text(of: $0) }.joined(separator: "\n") }
      ?? "seed \(form.settings.seed)  \(form.settings.shortText)"
    return [.copy(text, what: recipe == nil ? "the settings" : "the recipe")]
  }

  static func nothingRuns(_ app: AppState) -> StudioEffect {
    .notify(Notice(.information, "nothing runs", remedy: "\(app.keys[.run]) makes a video"))
  }

  /// Changes settings as one step that can be undone.
  ///
  /// - Parameter model: The one that they are for; `nil` for the one that runs use.
  mutating func change(
    _ app: AppState, for model: ModelEntry? = nil,
    _ change: (inout GenerationSettings) -> Void
  ) -> [StudioEffect] {
    var settings = form.settings
    change(&settings)
    form.replace(with: settings)
    return settingsChanged(app, for: model)
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
    if let recipe {
      // What is shown meanwhile is for whoever watches.
      let preview = form.settings.preview
      return [.order(.remake(recipe.changingRuns { $0.settings.preview = preview }))]
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
