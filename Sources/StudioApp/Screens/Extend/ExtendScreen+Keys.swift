import RunKit
import TerminalUI
import VideoDiffusion

extension ExtendScreen {
  package mutating func handle(_ key: Key, _ app: AppState) -> [StudioEffect] {
    // A question that was open was left without an answer.
    exported = nil
    if form != nil { return handleForm(key, app) }
    if picker != nil { return handlePicker(key, app) }
    if let action = ExtendAction.keyMap.action(for: key) {
      if ![.extend, .extendOn].contains(action) { isAsked = false }
      let effects = perform(action, app)
      return effects + refresh(app)
    }
    if player.handle(key) { return [] }
    return move(key, app)
  }

  private mutating func handleForm(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if form?.isTyping == false, key == .character("c") {
      form = nil
      return []
    }
    guard case .changed = form?.handle(key) else { return [] }
    nextSettings = form?.settings
    return rememberNext()
  }

  /// Keeps how the next clips are made, for this time and the next.
  func rememberNext() -> [StudioEffect] {
    guard let tree else { return [] }
    let next = NextClips(video: tree.video, settings: nextSettings, model: otherModel)
    return [.remember(.next(nextSettings == nil && otherModel == nil ? nil : next))]
  }

  private mutating func handlePicker(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard let outcome = picker?.handle(key, app), let path = picker?.path else { return [] }
    switch outcome {
    case .handled: return readAround(app)
    case .goTo(let typed):
      return [.ask(prompt: "Frame to go to", text: typed, command: "frame")]
    case .ignored: return key == .character("o") ? askForFootage() : []
    case .taken(let firstFrame):
      guard let model = app.model, model.canGenerate else { return [.notify(.noModel)] }
      picker = nil
      return [
        .order(
          .makeFromFootage(
            path: path, firstFrame: firstFrame, model: model.reference, settings: app.settings))
      ]
    }
  }

  // MARK: Moving

  /// Moves in the tree as it is drawn.
  private mutating func move(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard let outline, let tree else { return [] }
    var view = TreeView(roots: outline.roots, selected: selectedNode)
    guard view.handle(key), view.selected != selectedNode else { return [] }
    if view.selected == TreeOutline.growthID {
      isWatching = true
      return refresh(app)
    }
    guard let number = view.selected.flatMap(Int64.init) else { return [] }
    let wasWatching = isWatching
    isWatching = false
    let clip = ClipID(rawValue: number)
    guard clip != tree.position || !wasWatching else { return refresh(app) }
    return go(to: clip, app)
  }

  /// The node where the user stands.
  var selectedNode: String? {
    isWatching ? TreeOutline.growthID : tree?.position.map { "\($0.rawValue)" }
  }

  private mutating func go(to clip: ClipID, _ app: AppState) -> [StudioEffect] {
    guard let video = tree?.video else { return [] }
    (isWatching, wantsToWatch) = (false, false)
    ahead = clip
    tree?.select(clip)
    return [.tree(.select(video, clip))] + refresh(app)
  }

  private mutating func cycleRolls(by step: Int, _ app: AppState) -> [StudioEffect] {
    guard let tree, let position = tree.position else { return [] }
    let rolls = tree.rolls(of: position)
    guard rolls.count > 1, let index = rolls.firstIndex(where: { $0.id == position }) else {
      return [.notify(Notice(.information, "this clip has one roll", remedy: "R makes another"))]
    }
    return go(to: rolls[(index + step + rolls.count) % rolls.count].id, app)
  }

  // MARK: Making

  private mutating func perform(_ action: ExtendAction, _ app: AppState) -> [StudioEffect] {
    switch action {
    case .extend: return extend(count: 1, app)
    case .extendOn: return extend(count: nil, app)
    case .reroll: return reroll(near: false, app)
    case .near: return reroll(near: true, app)
    case .nextRoll: return cycleRolls(by: 1, app)
    case .previousRoll: return cycleRolls(by: -1, app)
    case .branch: return branch(app)
    case .drop: return drop()
    case .playMore:
      let scopes = Scope.allCases
      scope = scopes[((scopes.firstIndex(of: scope) ?? 0) + 1) % scopes.count]
      return []
    case .settings:
      form = SettingsForm(settings: settings(app))
      return []
    case .export: return askForExport(app)
    case .still: return saveStill(app)
    case .footage: return askForFootage()
    case .newCanvas:
      return [.video(.newCanvas(app.model?.reference))]
    case .otherModel: return chooseModel(app)
    case .title:
      guard let tree else { return [.notify(.noVideo)] }
      return [
        .ask(prompt: "Name of this video", text: app.name(of: tree.video), command: "rename")
      ]
    case .stop, .pause: return steer(action, app)
    }
  }

  /// Adds clips at the end of the branch. Their noise goes on from the branch's own seed, so that
  /// the result is what one run of as many clips would have made.
  mutating func extend(count: Int?, _ app: AppState) -> [StudioEffect] {
    guard let tree else { return makeVideo(count: count, app) }
    if isTipGrowing(app) { return extendLater(count: count) }
    let tip = tree.tip.flatMap { tree.clips[$0] }
    var next = settings(app)
    let wasTried = tree.clips.values.contains {
      $0.parent == tip?.id && $0.seed == tip?.seed
    }
    if !next.isSeedLocked { next.seed = wasTried ? seeds.next() : tip?.seed ?? seeds.next() }
    let effects = make(
      next, after: tip?.id, fork: tree.nextFork(of: tip?.id), count: count, app)
    if case .workspace(.order(.extend))? = effects.first { isAsked = true }
    return effects
  }

  /// Begins a video where none is open.
  private mutating func makeVideo(count: Int?, _ app: AppState) -> [StudioEffect] {
    guard let model = app.model, model.canGenerate else { return [.notify(.noModel)] }
    var settings = app.settings
    settings.clipCount = count
    wantsToWatch = true
    return [.order(.make(model.reference, settings))]
  }

  /// Makes the clip here again: with another seed, or near what it is, in its own way but with its noise
  /// turned a little.
  private mutating func reroll(near: Bool, _ app: AppState) -> [StudioEffect] {
    guard let tree, let clip = tree.current else { return [.notify(.noClip)] }
    if case .footage = clip.source {
      return [
        .notify(
          Notice(.warning, "this clip comes from a file", remedy: "e or b continues it"))
      ]
    }
    var next = near ? clip.settings : settings(app)
    if near {
      next.variation = NoiseVariation(seed: seeds.next(), share: Self.nearShare)
    } else {
      next.seed = seeds.next()
    }
    return make(next, after: clip.parent, fork: clip.fork, count: 1, app)
  }

  /// How far the noise of a near roll is turned: the scene stays, its clouds move.
  private static let nearShare = 0.2

  private mutating func branch(_ app: AppState) -> [StudioEffect] {
    guard let tree, let clip = tree.current else { return [.notify(.noClip)] }
    var next = settings(app)
    if !next.isSeedLocked { next.seed = seeds.next() }
    return make(next, after: clip.id, fork: tree.nextFork(of: clip.id), count: 1, app)
  }

  private mutating func make(
    _ settings: GenerationSettings, after clip: ClipID?, fork: Int, count: Int?, _ app: AppState
  ) -> [StudioEffect] {
    guard let tree else { return [.notify(.noVideo)] }
    if let problem = modelProblem(app) { return [.notify(problem)] }
    guard let model = usableModel(app) else { return [] }
    var settings = settings
    settings.clipCount = count
    // The seed was chosen here; the workspace is not to choose another.
    settings.isSeedLocked = true
    wantsToWatch = true
    return [
      .order(
        .extend(
          tree.video, after: clip, fork: fork, model: model.reference, settings: settings))
    ]
  }

  private mutating func drop() -> [StudioEffect] {
    guard let tree, let clip = tree.current, !isWatching else {
      return [
        .notify(
          isWatching
            ? Notice(.information, "this clip is being made", remedy: "x stops the run") : .noClip)
      ]
    }
    let name = outline?.labels[clip.id] ?? "the clip"
    return [
      .tree(.drop(tree.video, clip.id)),
      .notify(Notice(.information, "dropped \(name) and what follows it", remedy: "u undoes this")),
    ]
  }

  private mutating func chooseModel(_ app: AppState) -> [StudioEffect] {
    if otherModel != nil {
      otherModel = nil
      return rememberNext()
        + [.notify(Notice(.information, "continuing with the video's own model"))]
    }
    guard let model = app.model, model.canGenerate else { return [.notify(.noModel)] }
    otherModel = model.reference
    return rememberNext()
      + [.notify(Notice(.information, "continuing with \(model.reference.name)"))]
  }

  // MARK: Jobs

  private mutating func steer(_ action: ExtendAction, _ app: AppState) -> [StudioEffect] {
    let activity = tree.map { VideoActivity(of: $0.video, app) } ?? .none
    switch (action, activity) {
    case (.stop, .running(let job)):
      laterRun = nil
      return [.job(.finish(job.id, atOnce: app.isStopping(job.id)))]
    case (.stop, .waiting(let job)), (.stop, .held(let job)): return [.job(.cancel(job.id))]
    case (.pause, .running(let job)), (.pause, .waiting(let job)): return [.job(.pause(job.id))]
    case (.pause, .held(let job)), (.pause, .failed(let job, _, _)):
      return [.job(.resume(job.id))]
    default: return [.notify(Notice(.information, "no run of this video is under way"))]
    }
  }

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    if form != nil {
      if form?.undo() == true { nextSettings = form?.settings }
      return rememberNext()
    }
    guard let tree, tree.canUndo else {
      return [.notify(Notice(.information, "there is nothing to undo"))]
    }
    return [.tree(.undo(tree.video))]
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    if form != nil {
      if form?.redo() == true { nextSettings = form?.settings }
      return rememberNext()
    }
    guard let tree, tree.canRedo else {
      return [.notify(Notice(.information, "there is nothing to redo"))]
    }
    return [.tree(.redo(tree.video))]
  }
}

extension Notice {
  static let noModel = Notice(.warning, "no model is chosen", remedy: "1 lists the models")
  static let noVideo = Notice(
    .warning, "no video is open", remedy: "O begins one, 5 lists the videos")
  static let noClip = Notice(.warning, "there is no clip yet", remedy: "e makes the first")
}
