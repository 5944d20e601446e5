import HandwrittenText
import RunKit
import StudioKit
import StudioLink
import TerminalUI
import VideoDiffusion

extension ExtendScreen {
  package mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect] {
    // A question that was open was left without an answer.
    exported = nil
    if form != nil { return takeInForm(key) }
    if picker != nil { return takeInPicker(key, app) }
    if rolls != nil { return moveInRolls(key, app) }
    return move(key, app)
  }

  package mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    exported = nil
    guard sections(app).contains(where: { $0.actions.contains(action) }) else { return nil }
    if form != nil {
      form = nil
      return []
    }
    if picker != nil { return performInPicker(action, app) }
    if player.perform(action) { return [] }
    if ![.extend, .extendOn].contains(action) { isAsked = false }
    let effects =
      rolls == nil
      ? performInTree(action, count: count, app) : performInRolls(action, count: count, app)
    return effects + refresh(app)
  }

  private mutating func takeInForm(_ key: Key) -> [StudioEffect] {
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

  private mutating func takeInPicker(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if picker?.canTake == true, let digit = key.digit { return askForFrame("\(digit)") }
    picker?.take(key, app)
    return readAround(app)
  }

  private func askForFrame(_ typed: String) -> [StudioEffect] {
    [.ask(prompt: "Frame to go to", text: typed, command: "frame")]
  }

  private mutating func performInPicker(
    _ action: ActionName, _ app: AppState
  ) -> [StudioEffect] {
    switch action {
    case .goTo: return askForFrame("")
    case .open: return askForFootage()
    case .choose:
      guard let picker, let first = picker.chosenFrame(app) else { return [] }
      guard let model = app.model, model.canGenerate else { return [.notify(.noModel)] }
      self.picker = nil
      return [
        .order(
          .makeFromFootage(
            path: picker.path, firstFrame: first, model: model.reference, settings: app.settings))
      ]
    default:
      picker?.perform(action)
      return []
    }
  }

  // MARK: Moving

  /// Moves in the strip as it is drawn.
  private mutating func move(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard let movement = Movement(key), let target = grid.moved(from: selectedNode, movement),
      target != selectedNode
    else { return [] }
    return stand(on: target, app)
  }

  /// Goes to a node of the strip.
  mutating func stand(on node: String, _ app: AppState) -> [StudioEffect] {
    guard let tree else { return [] }
    if node == TreeOutline.growthID {
      isWatching = true
      return refresh(app)
    }
    guard let number = Int64(node) else { return [] }
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

  mutating func go(to clip: ClipID, _ app: AppState) -> [StudioEffect] {
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
      return [
        .notify(
          Notice(
            .information, "this clip has one roll", remedy: "\(app.keys[.reroll]) makes another"))
      ]
    }
    return go(to: rolls[(index + step + rolls.count) % rolls.count].id, app)
  }

  // MARK: Making

  private mutating func performInTree(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect] {
    switch action {
    case .extend: return extend(count: min(max(count ?? 1, 1), Self.clipLimit), app)
    case .extendOn: return extend(count: nil, app)
    case .reroll: return reroll(near: false, count: count, app)
    case .near: return reroll(near: true, count: count, app)
    case .next: return cycleRolls(by: 1, app)
    case .previous: return cycleRolls(by: -1, app)
    case .choose: return pickRolls(app)
    case .branch: return branch(count: count, app)
    case .mark: return mark(app)
    case .bridge: return bridge(count: count, app)
    case .closeLoop: return closeLoop(app)
    case .star: return star(isWatching ? nil : tree?.position, app)
    case .remove: return drop(tree?.position, app)
    case .pane:
      let scopes = Scope.allCases
      scope = scopes[((scopes.firstIndex(of: scope) ?? 0) + 1) % scopes.count]
      return []
    case .settings:
      form = SettingsForm(settings: settings(app))
      return []
    case .export: return askForExport(app)
    case .still: return saveStill(app)
    case .open: return askForFootage()
    case .new:
      return [.video(.newCanvas(app.model?.reference))]
    case .model: return chooseModel(app)
    case .rename:
      guard let tree else { return [.notify(.noVideo(app))] }
      return [
        .ask(prompt: "Name of this video", text: app.name(of: tree.video), command: "rename")
      ]
    case .copy: return copySeed(of: tree?.position, app)
    case .stop, .pause: return steer(action, app)
    default: return []
    }
  }

  /// Clips that one key asks for at most.
  static let clipLimit = 1_000
  /// Rolls or branches that one key asks for at most.
  static let tryLimit = 16

  func copySeed(of clip: ClipID?, _ app: AppState) -> [StudioEffect] {
    guard let clip = clip.flatMap({ tree?.clips[$0] }) else { return [.notify(.noClip(app))] }
    return [.copy("\(clip.seed)", what: "the seed \(clip.seed)")]
  }

  /// Adds clips at the end of the branch. Their noise goes on from the branch's own seed, so that
  /// the result is what one run of as many clips would have made.
  mutating func extend(count: Int?, _ app: AppState) -> [StudioEffect] {
    guard let tree else { return makeVideo(count: count, app) }
    if isTipGrowing(app) { return extendLater(count: count, app) }
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
  /// turned a little. Several are shown side by side as they come.
  mutating func reroll(near: Bool, count: Int?, _ app: AppState) -> [StudioEffect] {
    guard let tree, let clip = tree.current else { return [.notify(.noClip(app))] }
    if case .footage = clip.source {
      return [
        .notify(
          Notice(
            .warning, "this clip comes from a file",
            remedy: "\(app.keys[.extend]) or \(app.keys[.branch]) continues it"))
      ]
    }
    if case .copy(let other) = clip.source {
      return [
        .notify(
          Notice(
            .warning, "this clip is a copy of \(outline?.labels[other] ?? "another")",
            remedy: "\(app.keys[.reroll]) on the clip before makes another way to it"))
      ]
    }
    let count = min(max(count ?? 1, 1), Self.tryLimit)
    var effects: [StudioEffect] = []
    for _ in 0..<count {
      var next = near ? clip.settings : settings(app)
      if near {
        next.variation = NoiseVariation(seed: seeds.next(), share: Self.nearShare)
      } else {
        next.seed = seeds.next()
      }
      if let lead = clip.source.lead, let parent = clip.parent {
        effects += self.lead(next, after: parent, fork: clip.fork, lead, asking: nil, app)
      } else {
        effects += make(next, after: clip.parent, fork: clip.fork, count: 1, app)
      }
      guard case .workspace(.order)? = effects.last else { return effects }
    }
    if count > 1 { openRolls(of: clip) }
    return effects
  }

  /// How far the noise of a near roll is turned: the scene stays, its clouds move.
  private static let nearShare = 0.2

  private mutating func branch(count: Int?, _ app: AppState) -> [StudioEffect] {
    guard let tree, let clip = tree.current else { return [.notify(.noClip(app))] }
    let first = nextFork(of: clip.id, tree, app)
    var effects: [StudioEffect] = []
    for index in 0..<min(max(count ?? 1, 1), Self.tryLimit) {
      var next = settings(app)
      if !next.isSeedLocked || index > 0 { next.seed = seeds.next() }
      effects += make(next, after: clip.id, fork: first + index, count: 1, app)
      guard case .workspace(.order)? = effects.last else { return effects }
    }
    return effects
  }

  /// A number for a new branch, those that are still to be made being taken.
  func nextFork(of clip: ClipID?, _ tree: ClipTree, _ app: AppState) -> Int {
    let asked = app.openJobs.compactMap { job -> Int? in
      guard let task = job.generation, task.video == tree.video, job.finishedClips == 0 else {
        return nil
      }
      switch task.origin {
      case .clip(let origin): return origin == clip ? task.fork : nil
      case .nothing, .footage: return clip == nil ? task.fork : nil
      }
    }
    return max(tree.nextFork(of: clip), (asked.max() ?? -1) + 1)
  }

  private mutating func make(
    _ settings: GenerationSettings, after clip: ClipID?, fork: Int, count: Int?, _ app: AppState
  ) -> [StudioEffect] {
    guard let tree else { return [.notify(.noVideo(app))] }
    if let problem = modelProblem(app) { return [.notify(problem)] }
    guard let model = usableModel(app) else { return [] }
    var settings = settings.fitting(model)
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

  /// Gives a clip a star, or takes it away.
  mutating func star(_ clip: ClipID?, _ app: AppState) -> [StudioEffect] {
    guard let tree, let clip, tree.clips[clip] != nil else {
      return [
        .notify(isWatching ? Notice(.information, "this clip is being made") : .noClip(app))
      ]
    }
    let isStarred = !tree.starred.contains(clip)
    self.tree?.star(clip, isStarred)
    return [.tree(.star(tree.video, clip, isStarred))]
  }

  mutating func drop(_ dropped: ClipID?, _ app: AppState) -> [StudioEffect] {
    guard let tree, let clip = dropped.flatMap({ tree.clips[$0] }), !isWatching || rolls != nil
    else {
      return [
        .notify(
          isWatching
            ? Notice(
              .information, "this clip is being made", remedy: "\(app.keys[.stop]) stops the run")
            : .noClip(app))
      ]
    }
    let name = outline?.labels[clip.id] ?? "the clip"
    let follows = !tree.continuations(of: clip.id).isEmpty
    return [
      .tree(.drop(tree.video, clip.id)),
      .notify(
        Notice(
          .information, "dropped \(name)\(follows ? " and what follows it" : "")",
          remedy: "\(app.keys[.undo]) undoes this")),
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

  mutating func steer(_ action: ActionName, _ app: AppState) -> [StudioEffect] {
    let activity = tree.map { VideoActivity(of: $0.video, app) } ?? .none
    switch (action, activity) {
    case (.stop, .running(let job)):
      laterRun = nil
      return job.stop(app)
    case (.stop, .waiting(let job)), (.stop, .held(let job)): return job.stop(app)
    case (.pause, .running(let job)), (.pause, .waiting(let job)), (.pause, .held(let job)),
      (.pause, .failed(let job, _, _)):
      return job.pauseOrResume()
    default: return [.notify(Notice(.information, "no run of this video is under way"))]
    }
  }

  package func undoText(_ app: AppState) -> String? {
    if let form { return form.undoText }
    switch tree?.edits.last {
    case .add(let clip): return "takes \(outline?.labels[clip] ?? "the last clip") away"
    case .drop(let clips, _):
      return "brings \(counted(clips.count, "clip")) back"
    case nil: return nil
    }
  }

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    if form != nil {
      guard form?.undo() == true else { return [.notify(.nothingToUndo)] }
      nextSettings = form?.settings
      return rememberNext()
    }
    guard let tree, tree.canUndo else { return [.notify(.nothingToUndo)] }
    return [.tree(.undo(tree.video))]
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    if form != nil {
      guard form?.redo() == true else { return [.notify(.nothingToRedo)] }
      nextSettings = form?.settings
      return rememberNext()
    }
    guard let tree, tree.canRedo else { return [.notify(.nothingToRedo)] }
    return [.tree(.redo(tree.video))]
  }
}
