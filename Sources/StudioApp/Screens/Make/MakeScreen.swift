import RunKit
import StudioKit
import TerminalUI

/// Makes new videos: settings with what they would cost, the clip in progress or the last one, and
/// the job.
package struct MakeScreen: StudioScreen {
  /// The parts of the screen, of which one has the keys.
  package enum Pane: Sendable, Hashable { case settings, preview }

  /// The settings of the next run; while the seed is that of the last one, they are its settings.
  package internal(set) var form: SettingsForm
  /// The part that has the keys.
  package internal(set) var pane = Pane.settings
  /// The clips that are shown, or the estimates of the one in progress.
  var player = ClipPlayer()
  var picker: PresetPicker?
  var seeds: SeedSource
  /// The seed that the last run took: the next run takes it again only if it is locked.
  var usedSeed: UInt64?
  /// What is made again: a video that settings alone do not make. The form waits below it.
  package internal(set) var recipe: Recipe?
  /// Several seeds side by side, to pick one.
  package internal(set) var batch: SeedBatch?
  /// Videos of the batch whose trees were asked for.
  var askedTrees: Set<VideoID> = []
  /// The run of the recipe that is selected.
  var recipeRow = TableState()
  private var hasLeftRecipe = false
  private var knownSettings: GenerationSettings?
  private var shownVideo: VideoID?
  private var requestedTree: VideoID?
  private var requests = FrameRequests()
  private var estimates = EstimateRequests()
  /// The frame that the question about a still is for.
  var still: StillRequest?
  /// The video that the question about an export is for: another may be shown when it is answered.
  var exported: (video: VideoID, last: ClipID)?

  /// A frame of a clip.
  struct StillRequest: Sendable, Hashable {
    var clip: ClipID
    var frame: Int
  }

  /// - Parameter seeds: Where new seeds come from.
  package init(seeds: SeedSource = SeedSource()) {
    self.seeds = seeds
    form = SettingsForm(settings: GenerationSettings())
  }

  package var isTyping: Bool {
    picker?.isTyping ?? (recipe == nil ? form.isTyping : recipeRow.search.isTyping)
  }

  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] {
    guard picker == nil else {
      picker?.paste(text, app.presets)
      return estimate(app)
    }
    if recipe == nil {
      form.paste(text)
    } else {
      recipeRow.paste(text, texts: recipeTexts, page: recipeTexts.count)
    }
    return []
  }

  package mutating func goBack() -> Bool {
    if picker != nil {
      picker = nil
    } else if player.leaveZoom() {
      return true
    } else if batch != nil {
      batch = nil
    } else if recipe != nil {
      leaveRecipe()
    } else {
      return form.goBack()
    }
    return true
  }

  /// Goes back to the form; the recipe is forgotten with the next look at the state.
  mutating func leaveRecipe() { (recipe, hasLeftRecipe) = (nil, true) }

  package func takesDigits(_ app: AppState) -> Bool {
    pane == .settings && picker == nil && recipe == nil && batch == nil && !player.isZoomed
      && form.takesDigits
  }

  // MARK: Follow the state

  package mutating func refresh(_ app: AppState) -> [StudioEffect] {
    guard app.isReady else { return [] }
    return followRecipe(app) + takeSettings(app) + showFrames(app) + estimate(app)
  }

  private mutating func followRecipe(_ app: AppState) -> [StudioEffect] {
    guard hasLeftRecipe else {
      if recipe != app.recipe { recipeRow = TableState() }
      recipe = app.recipe
      return []
    }
    hasLeftRecipe = false
    return app.recipe == nil ? [] : [.remember(.recipe(nil))]
  }

  /// Takes over settings that were remembered, or that another screen put there. What is remembered
  /// has been run, so that a seed that is not locked gives way to a new one.
  private mutating func takeSettings(_ app: AppState) -> [StudioEffect] {
    guard app.settings != knownSettings else { return [] }
    defer { knownSettings = app.settings }
    if let knownSettings {
      if app.settings == knownSettings.fitting(app.model) {
        // What the model that was chosen leaves no choice of, and nothing else.
        form.fit(app.model)
      } else if app.settings != form.settings {
        form.replace(with: app.settings)
        usedSeed = nil
      }
      return []
    }
    var settings = app.settings
    if !settings.isSeedLocked { settings.seed = seeds.next() }
    form = SettingsForm(settings: settings)
    return settings == app.settings ? [] : [.remember(.settings(settings))]
  }

  /// Shows the estimates of the clip in progress, else the clips of the video that was made last.
  private mutating func showFrames(_ app: AppState) -> [StudioEffect] {
    if batch != nil {
      shownVideo = nil
      let effects = refreshBatch(app)
      if batch != nil { return effects }
    }
    let job = app.shownGeneration
    guard let video = app.shownMade else {
      player.show([])
      return []
    }
    let startsOver = video != shownVideo
    shownVideo = video
    let rate = app.video(video)?.framesPerSecond ?? job?.generation?.model.framesPerSecond
    if let job, let preview = app.preview, preview.job == job.id, job.state == .running {
      player.show([preview.strip], framesPerSecond: rate, startsOver: startsOver)
      return []
    }
    if app.trees[video] == nil, requestedTree != video {
      requestedTree = video
      return [.video(.loadTree(video))]
    }
    let clips = Self.playedClips(of: video, app)
    player.show(
      clips.compactMap { app.frames[$0] }, framesPerSecond: rate, startsOver: startsOver)
    return requests.load(clips, app)
  }

  /// Asks for frames of clips that are not here.
  mutating func load(_ clips: [ClipID], _ app: AppState) -> [StudioEffect] {
    requests.load(clips, app)
  }

  /// The clips of a video that are played.
  static func playedClips(of video: VideoID, _ app: AppState) -> [ClipID] {
    app.shownClips(of: video).suffix(FrameShelf.playedLimit)
  }

  /// Asks what the settings would cost, once for each that differ in what they cost.
  mutating func estimate(_ app: AppState) -> [StudioEffect] {
    estimates.ask(estimateKeys(app), app)
  }

  /// What is shown, by its cost: the settings of the preset under the cursor, the runs of the recipe, or
  /// the settings of the form.
  func estimateKeys(_ app: AppState) -> [AppState.EstimateKey] {
    if picker == nil, let recipe {
      let footage: RunEstimator.Start = recipe.footage == nil ? .nothing : .footage
      return recipe.steps.filter { $0.run.source == nil }.enumerated().map { place, step in
        var settings = step.run.lockedSettings
        // A copy costs nothing.
        if step.run.lead != nil { settings.clipCount = 1 }
        let start: RunEstimator.Start =
          step.run.lead != nil
          ? .known : place == 0 ? footage : step.place == .start ? .nothing : .clip
        return AppState.EstimateKey(costOf: settings, step.run.reference, from: start)
      }
    }
    guard let model = app.model, model.canGenerate else { return [] }
    return [AppState.EstimateKey(costOf: shownSettings(app), model.reference)]
  }

  /// The settings of the form, or while a preset is selected, those that it would bring.
  func shownSettings(_ app: AppState) -> GenerationSettings {
    guard let preset = picker?.selected(app.presets) else { return form.settings }
    return preset.settings.keepingSeed(of: form.settings).fitting(app.model)
  }

  package func frameInterval(_ app: AppState) -> Duration? { player.interval }

  package mutating func advance(_ app: AppState) { player.advance() }

  // MARK: Undo

  package func undoText(_ app: AppState) -> String? {
    recipe == nil && batch == nil ? form.undoText : nil
  }

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    // The settings are out of sight.
    guard batch == nil else {
      return [.notify(Notice(.information, "there is nothing to undo here", remedy: "Esc leaves"))]
    }
    return form.undo() ? settingsChanged(app) : [.notify(.nothingToUndo)]
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    form.redo() ? settingsChanged(app) : [.notify(.nothingToRedo)]
  }

  /// Remembers settings that changed, and asks what they cost.
  ///
  /// - Parameter model: The one that they are for; `nil` for the one that runs use.
  mutating func settingsChanged(
    _ app: AppState, for model: ModelEntry? = nil
  ) -> [StudioEffect] {
    form.fit(model ?? app.model)
    return [.remember(.settings(form.settings))] + estimate(app)
  }
}

extension AppState {
  /// The video that Make shows: the one that is made now, else of those that have a clip the one
  /// that was made last, else the latest there is.
  var shownMade: VideoID? {
    if let video = runningJob?.generation?.video { return video }
    let made = begunGenerations.sorted { $0.lastActive > $1.lastActive }
      .compactMap { $0.generation?.video }
    return made.first { video($0)?.isTrashed != true && !shownClips(of: $0).isEmpty }
      ?? videos.first { !$0.isTrashed && $0.comparison == nil && $0.poster != nil }?.id
  }

  /// The job that last made clips of a video.
  func lastGeneration(of video: VideoID) -> Job? {
    begunGenerations.filter { $0.generation?.video == video }
      .max { $0.lastActive < $1.lastActive }
  }

  /// The clips of a video from its start to the end of the branch where the user stands; its poster
  /// while its tree is not known.
  func shownClips(of video: VideoID) -> [ClipID] {
    trees[video]?.branch.map(\.id) ?? self.video(video)?.poster.map { [$0] } ?? []
  }
}
