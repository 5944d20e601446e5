import RunKit
import StudioKit
import StudioLink
import TerminalUI

extension StudioModel {
  /// Changes the studio for a message and says what else to do.
  package mutating func update(_ message: StudioMessage) -> [Errand] {
    switch message {
    case .key(let key): return handle(key)
    case .paste(let text): return paste(text)
    case .click(let column, let row): return click(column: column, row: row)
    case .drag(let column, let row): return drag(column: column, row: row)
    case .focus(let isWatched):
      self.isWatched = isWatched
      return []
    case .resized(let size):
      self.size = size
      app.windowSize = size
      return refreshed()
    case .interrupt: return interrupt()
    case .terminate: return follow([.quit])
    case .hangup: return hangUp()
    case .ready(let preferences, let folders): return restore(preferences, folders)
    case .failedToOpen(let error):
      if !isClosing { failure = error }
      return [.terminal(.leave)]
    case .workspace(let event): return take(event)
    case .frames(let frames, let asked):
      app.frames.put(frames, asked: asked)
      return refreshed()
    case .estimated(let key, let estimate):
      app.estimates[key] = estimate
      return refreshed()
    case .evaluationChecked(let check):
      guard !questions.isOutdated(.evaluation(check.task)) else { return [] }
      app.evaluationCheck = check
      return refreshed()
    case .trainingChecked(let check):
      guard !questions.isOutdated(.training(check.request)) else { return [] }
      app.trainingCheck = check
      return refreshed()
    case .trainingSample(let sample):
      guard !questions.isOutdated(.trainingSample(path: sample.path)) else { return [] }
      app.trainingSample = AppState.SampleView(sample)
      return refreshed()
    case .pathCompleted(let completion):
      guard !questions.isOutdated(.completion(typed: completion.typed)) else { return [] }
      app.pathCompletion = completion
      return complete(completion) + refreshed()
    case .footage(let footage):
      guard
        !questions.isOutdated(.footage(path: footage.path, firstFrame: footage.firstFrame))
      else { return [] }
      app.footage = AppState.FootageView(footage)
      return footage.notes.flatMap { note(Notice(.information, $0)) } + refreshed()
    case .opened(let tree):
      app.openVideo = tree.video
      app.trees[tree.video] = tree
      return [.remember(.video(tree.video))] + refreshed()
    case .answered(let question):
      return questions.answered(question).map { [.workspace(.query($0))] } ?? []
    case .refused(let notice):
      app.refusedOrders += 1
      return follow([.notify(notice)]) + refreshed()
    case .follow(let effects): return follow(effects)
    case .closed: return [.terminal(.leave)]
    case .frame:
      screens[screen].advance(app)
      return []
    }
  }

  /// Lets the screen that is shown follow the state, and the others do what they promised.
  mutating func refreshed() -> [Errand] {
    var effects = screens[screen].refresh(app)
    for other in ScreenID.allCases where other != screen {
      effects += screens[other].followHidden(app)
    }
    return follow(effects)
  }

  /// Follows the effects that concern the studio itself and leaves the rest to others.
  mutating func follow(_ effects: [StudioEffect]) -> [Errand] {
    effects.flatMap { follow($0) }
  }

  private mutating func follow(_ effect: StudioEffect) -> [Errand] {
    switch effect {
    case .show(let screen): return show(screen)
    case .command(let screen, let name, let argument):
      return show(screen) + follow(screens[screen].run(name, argument: argument, app))
    case .notify(let notice): return note(notice)
    case .confirm(let title, let lines, let confirmed):
      overlay = .question(.confirm(title: title, lines: lines), confirmed: confirmed)
      return []
    case .ask(let prompt, let text, let command, let isPath):
      overlay = .prompt(
        Prompt(title: prompt, input: TextInput(text: text), command: command, isPath: isPath))
      return lookUpFolder()
    case .copy(let text, let what):
      guard text.utf8.count <= TerminalSignal.copyLimit else {
        return note(Notice(.warning, "\(what) is too long for the clipboard of a terminal"))
      }
      return [.terminal(.signal(.copy(text)))]
        + note(Notice(.success, "\(what) copied to the clipboard, where the terminal allows it"))
    case .useModel(let id):
      app.modelID = id
      return [.remember(.model(id))] + fitSettings() + refreshed()
    case .useRecipe(let recipe, let name, let keepsSeeds):
      return use(recipe, of: name, keepsSeeds: keepsSeeds)
    case .workspace(let request): return pass(on: request)
    case .quit:
      isClosing = true
      return [.quit]
    }
  }

  /// Passes a request on, and shows at once what the workspace will confirm.
  private mutating func pass(on request: WorkspaceRequest) -> [Errand] {
    switch request {
    case .remember(.settings(let settings)):
      // Wherever they come from, they are for the model in use.
      app.settings = settings.fitting(app.model)
      return [.remember(.settings(app.settings))]
    case .query(let query):
      guard questions.ask(query) else { return [] }
    case .tree(let change):
      edit(change)
      return [.workspace(request)] + refreshed()
    case .job(let change): noteStop(change)
    case .video(let change): edit(change)
    case .remember(let preference): app.take(preference)
    case .order, .library, .open: break
    }
    return [.workspace(request)]
  }

  /// A distilled denoiser knows its own steps alone, and to no other they are of use.
  private mutating func fitSettings() -> [Errand] {
    let settings = app.settings.fitting(app.model)
    return settings == app.settings ? [] : follow([.remember(.settings(settings))])
  }

  /// Puts what made a video into Make, and says exactly what that is.
  private mutating func use(_ recipe: Recipe, of name: String, keepsSeeds: Bool) -> [Errand] {
    let use = RecipeUse(recipe, of: name, keepsSeeds: keepsSeeds, models: app.models, app.keys)
    var errands: [Errand] = []
    if let model = use.model { errands += follow([.useModel(model)]) }
    if let settings = use.settings { errands += follow([.remember(.settings(settings))]) }
    errands += follow([.remember(.recipe(use.recipe))])
    return errands + note(use.notice) + refreshed()
  }

  /// Changes the tree as the workspace will, so that keys which follow mean the tree that the user has
  /// in mind.
  private mutating func edit(_ change: TreeChange) {
    switch change {
    case .select(let video, let clip): app.trees[video]?.select(clip)
    case .drop(let video, let clip): app.trees[video]?.drop(clip)
    case .undo(let video): app.trees[video]?.undo()
    case .redo(let video): app.trees[video]?.redo()
    case .star(let video, let clip, let isStarred): app.trees[video]?.star(clip, isStarred)
    }
  }

  /// Changes the list of videos as the workspace will, so that undo means what was just done.
  private mutating func edit(_ change: VideoChange) {
    func video(_ id: VideoID) -> Int? { app.videos.firstIndex { $0.id == id } }
    switch change {
    case .trash(let id): if let index = video(id) { app.videos[index].isTrashed = true }
    case .restore(let id): if let index = video(id) { app.videos[index].isTrashed = false }
    case .mark(let id, let isMarked):
      if let index = video(id) { app.videos[index].isMarked = isMarked }
    case .star(let id, let isStarred):
      if let index = video(id) { app.videos[index].isStarred = isStarred }
    case .rename(let id, let title): if let index = video(id) { app.videos[index].title = title }
    case .open, .loadTree, .newCanvas, .emptyTrash, .keep, .saveStill: break
    }
  }

  /// Shows at once that a job stops; its own report comes with its next step.
  private mutating func noteStop(_ change: JobChange) {
    switch change {
    case .finish(let job, _), .pause(let job):
      app.noteStop(of: job)
      if job == app.training?.job { app.training?.isStopping = true }
    case .cancel(let job): app.noteStop(of: job)
    case .resume(let job): app.noteEndOfStop(of: job)
    case .cancelAll, .cancelOnCluster, .move, .edit, .preview, .clearFinished: break
    }
  }

  /// Shows a screen.
  mutating func show(_ screen: ScreenID) -> [Errand] {
    self.screen = screen
    hasMoved = true
    count = nil
    overlay = nil
    screens[screen].appear(app)
    // A command may have added scores or runs meanwhile.
    let reading: [Errand] =
      switch screen {
      case .evaluate, .compare: [.query(.findEvaluations)]
      case .train: [.query(.findTrainingRuns)]
      case .models, .make, .extend, .gallery, .queue: []
      }
    return [.remember(.screen(screen))] + reading + refreshed()
  }

  /// Says something: above the hints until the next key, and in the log.
  mutating func note(_ notice: Notice) -> [Errand] {
    status = notice
    write(notice.text, role: notice.level.role)
    return []
  }

  /// Adds a line to the log.
  private mutating func write(_ text: String, role: Role = .text) {
    log.append(LogPane.Line(text, time: clock(), role: role))
  }

  // MARK: The workspace

  /// Takes up where the last time ended.
  private mutating func restore(_ preferences: Preferences, _ folders: [String]) -> [Errand] {
    app.modelFolders = folders
    app.modelID = preferences.model ?? app.modelID
    chooseModel()
    app.stillSymbols = preferences.symbols
    if let ratio = preferences.cellRatio, Self.cellRatios.contains(ratio) { app.cellRatio = ratio }
    if let remembered = preferences.bytesPerSecond, remembered >= 0, !hasChosenLimit {
      bytesPerSecond = remembered == 0 ? nil : remembered
    }
    if !hasChosenTheme, let name = preferences.theme {
      theme = themes.first { $0.name == name } ?? theme
    }
    if !hasMoved { screen = preferences.screen ?? screen }
    app.settings = (preferences.settings ?? app.settings).fitting(app.model)
    app.recipe = preferences.recipe
    app.next = preferences.next
    if !hasChosenColor { colorMode = preferences.color }
    pictureGrade = preferences.graphics
    if !hasChosenMouse { usesMouse = preferences.usesMouse }
    announces = preferences.announces ?? announces
    app.evaluation = preferences.evaluation
    app.trainingRequest = preferences.training
    app.isReady = true
    var effects = refreshed()
    if screen == .train { effects.append(.query(.findTrainingRuns)) }
    if let video = preferences.video { effects.append(.video(.open(video))) }
    return effects
  }

  private mutating func take(_ event: WorkspaceEvent) -> [Errand] {
    switch event {
    case .models(let models):
      app.models = models
      guard app.isReady else { break }
      chooseModel()
      return fitSettings() + refreshed()
    case .modelSearch(let isRunning): app.isLookingForModels = isRunning
    case .presets(let presets): app.presets = presets
    case .videos(let videos):
      // A video that was just begun may be opened before the list has it.
      let wasListed = app.openVideo.map { app.video($0) != nil } ?? false
      app.videos = videos
      if wasListed, let open = app.openVideo, app.video(open) == nil { app.openVideo = nil }
    case .tree(let tree): app.trees[tree.video] = tree
    case .clipFinished(let clip, let frames):
      app.frames.put(frames)
      // The finished clip takes the place of its estimates.
      if app.preview?.job == app.runningJob?.id { app.preview = nil }
      write("clip \(clip.index + 1) of \(app.name(of: clip.video)) is complete")
    case .jobs(let jobs): return takeJobs(jobs)
    case .progress(let progress):
      app.progress = progress
    case .preview(let preview): app.preview = AppState.PreviewView(preview)
    case .comparisons(let comparisons): app.comparisons = comparisons
    case .evaluations(let evaluations): app.evaluations = evaluations
    case .trainingRuns(let runs): app.trainingRuns = runs
    case .clusterJobs(let jobs):
      app.hasCluster = true
      app.clusterJobs = jobs
    case .training(let watch): app.training = watch
    case .notice(let notice): return note(notice) + refreshed()
    }
    return refreshed()
  }

  /// Takes the first model that works while the one that was used is not there.
  private mutating func chooseModel() {
    // Where none was found yet, the one that is remembered may come.
    guard app.model == nil, let first = app.models.first(where: \.canGenerate) else { return }
    app.modelID = first.id
  }

  private mutating func takeJobs(_ jobs: [Job]) -> [Errand] {
    let before = Dictionary(app.jobs.map { ($0.id, $0.state) }) { first, _ in first }
    app.jobs = jobs
    if app.runningJob?.id != app.progress?.job { app.progress = nil }
    if app.runningJob == nil { app.preview = nil }
    if app.runningJob?.id != app.training?.job { app.training = nil }
    var effects: [Errand] = []
    for job in jobs where before[job.id] != nil && before[job.id] != job.state {
      // Of one that is over it stays known that it was stopped.
      if job.state == .running { app.noteEndOfStop(of: job.id) }
      if before[job.id] == .running, job.generation != nil { app.noteMeasuredRun() }
      if before[job.id] == .running, job.state.isOver { effects += announce(job) }
      if case .failed(let sentence, let remedy) = job.state {
        effects += note(Notice(.error, "job \(job.id.rawValue): \(sentence)", remedy: remedy))
      }
    }
    if isHungUp, app.runningJob == nil { effects += follow([.quit]) }
    return effects + refreshed()
  }

  // MARK: Ending

  private mutating func interrupt() -> [Errand] {
    guard let job = app.runningJob else {
      return note(Notice(.information, "nothing is running; \(app.keys[.quit]) quits"))
    }
    guard job.evaluation == nil else {
      return note(Notice(.information, "stopping the evaluation; what was computed is kept"))
        + follow([.job(.pause(job.id))])
    }
    if let task = job.training {
      return note(Notice(.information, "stopping \(task.name) after this step and saving it"))
        + follow([.job(.pause(job.id))])
    }
    // As on the command line, the second time keeps the clip in progress as it is, to go on from.
    guard !app.isStopping(job.id) else {
      return note(
        Notice(
          .information, "pausing after this step; the clip in progress is kept as it is",
          remedy: "\(app.keys[.pause]) lets it go on")) + follow([.job(.pause(job.id))])
    }
    return note(
      Notice(
        .information, "finishing the clip, then stopping",
        remedy: "Ctrl-C again pauses after this step"))
      + follow([.job(.finish(job.id, atOnce: false))])
  }

  /// The terminal is gone: the work goes on without it, is saved, or the running clip finished first.
  private mutating func hangUp() -> [Errand] {
    isHungUp = true
    guard keepsRunning, !isAttached, let job = app.runningJob, job.generation != nil else {
      return follow([.quit])
    }
    return [.job(.finish(job.id, atOnce: false))]
  }
}

extension AppState {
  /// Takes the preferences that screens begin with.
  fileprivate mutating func take(_ preference: Preference) {
    switch preference {
    case .settings(let settings): self.settings = settings
    case .recipe(let recipe): self.recipe = recipe
    case .next(let next): self.next = next
    case .training(let request): trainingRequest = request
    case .evaluation(let task): evaluation = task
    case .screen, .theme, .bytesPerSecond, .symbols, .cellRatio, .color, .graphics, .usesMouse,
      .announces,
      .model, .video:
      break
    }
  }
}

extension Notice.Level {
  /// How it looks.
  var role: Role {
    switch self {
    case .information: .text
    case .success: .success
    case .warning: .warning
    case .error: .error
    }
  }
}
