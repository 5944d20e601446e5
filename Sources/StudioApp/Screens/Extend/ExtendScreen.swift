import RunKit
import StudioKit
import TerminalUI

/// A video as a tree of clips: extends it, tries other continuations, plays and exports branches.
package struct ExtendScreen: StudioScreen {
  /// What is played.
  package enum Scope: Sendable, Hashable, CaseIterable {
    /// The clip at the position.
    case clip
    /// The clip with the one before it, to judge the seam between them.
    case seam
    /// The whole branch.
    case branch
  }

  /// A run that begins once the tip has grown.
  package enum LaterRun: Sendable, Hashable {
    case clips(Int)
    case untilStopped
  }

  /// The tree that is shown, moved ahead of the workspace's by keys that it has not answered yet.
  package internal(set) var tree: ClipTree?
  /// The tree as it is drawn.
  package internal(set) var outline: TreeOutline? {
    didSet { grid = FilmGrid(outline) }
  }
  /// Where its clips stand in the filmstrip.
  private(set) var grid = FilmGrid(nil)
  /// Whether the user stands on the clip that is being made.
  package internal(set) var isWatching = false
  /// What is played.
  package internal(set) var scope = Scope.clip
  /// Plays it.
  package internal(set) var player = ClipPlayer()
  /// Settings of the next clips, where they are not those of the clip at the position.
  package internal(set) var nextSettings: GenerationSettings?
  /// The settings of the next clips while they are edited.
  package internal(set) var form: SettingsForm?
  /// Chooses frames of a user's video.
  package internal(set) var picker: FramePicker?
  /// Plays the rolls of a place side by side, to pick one.
  package internal(set) var rolls: RollPicker?
  /// The clips that are marked: the one to lead from, and the one to lead to.
  package internal(set) var marked: [ClipID] = []
  /// A model to continue with in place of the one that made the video.
  package internal(set) var otherModel: ModelReference?

  var seeds: SeedSource
  /// A user's video that is being read, and the frames of a clip of the model that it is read for.
  var wantedFootage: String?
  /// The first frame that was asked for, so that nothing is asked for twice.
  var askedFrame = 0
  var clipLength = 16
  var requests = FrameRequests()
  /// How much clips change at the seam to the one before, against their inside.
  var seams: [ClipID: Double] = [:]
  /// Where the user went, until the workspace's tree follows.
  var ahead: ClipID?
  /// Whether to go to the clip that was asked for once it is being made.
  var wantsToWatch = false
  /// Clips that were asked for while the tip was growing: they continue a clip that is not there
  /// yet, so their run begins when it is. `nil` while none is wanted.
  package internal(set) var laterRun: LaterRun?
  /// The branch that the question about an export is for: it may have grown when it is answered.
  var exported: (video: VideoID, last: ClipID)?
  /// Whether a run at the tip was asked for that the queue does not show yet.
  var isAsked = false
  /// Orders that had been refused when it last looked.
  private var knownRefusals = 0
  /// What is in the player, so that something else starts at its first frame.
  var played: [ClipID] = []
  var playedGrowth = false

  /// An Extend screen.
  ///
  /// - Parameter seeds: Where seeds of new runs come from.
  package init(seeds: SeedSource = SeedSource()) { self.seeds = seeds }

  // MARK: Follow the state

  package mutating func refresh(_ app: AppState) -> [StudioEffect] {
    adoptTree(app)
    if let path = wantedFootage, app.footage?.path == path {
      picker = FramePicker(path: path, clipLength: clipLength)
      wantedFootage = nil
    }
    picker?.refresh(app)
    if knownRefusals != app.refusedOrders {
      (knownRefusals, isAsked, laterRun) = (app.refusedOrders, false, nil)
    }
    outline = tree.map { TreeOutline($0, growth: growth(app)) }
    if outline?.growthLabel == nil {
      isWatching = false
    } else if wantsToWatch {
      (isWatching, wantsToWatch) = (true, false)
    }
    // Undo may have taken all of them away.
    if tiles(app).isEmpty { rolls = nil }
    checkMarks()
    return beginLaterRun(app) + refreshPlayer(app) + loadThumbnails(app)
  }

  /// Asks for the small pictures of the strip, each once.
  private mutating func loadThumbnails(_ app: AppState) -> [StudioEffect] {
    guard form == nil, picker == nil else { return [] }
    let here = grid.place(of: selectedNode)
    func distance(_ place: FilmGrid.Place) -> Int {
      max(abs(place.slot - (here?.slot ?? 0)), abs(place.row - (here?.row ?? 0)))
    }
    // What may be seen, nearest first: as wide and high as no window shows more.
    let clips = grid.places.filter { distance($0) <= Self.thumbnailReach }
      .enumerated().sorted { (distance($0.1), $0.0) < (distance($1.1), $1.0) }
      .compactMap(\.element.node.clip)
    let rolls = tree?.position.map { tree?.rolls(of: $0).map(\.id) ?? [] } ?? []
    return requests.load(app.frames.missingThumbnails(rolls + clips), app)
  }

  /// Slots and rows from the selected clip whose pictures are read.
  private static let thumbnailReach = 24

  /// Begins the run that was put off, wherever the user is by now.
  package mutating func followHidden(_ app: AppState) -> [StudioEffect] {
    guard laterRun != nil else { return [] }
    adoptTree(app)
    return beginLaterRun(app)
  }

  private mutating func adoptTree(_ app: AppState) {
    guard var new = app.tree else {
      (tree, ahead, nextSettings, otherModel) = (nil, nil, nil, nil)
      return
    }
    if new.video != tree?.video {
      let next = app.next.flatMap { $0.video == new.video ? $0 : nil }
      (ahead, isWatching) = (nil, false)
      (nextSettings, otherModel) = (next?.settings, next?.model)
      (laterRun, isAsked, marked) = (nil, false, [])
    } else if let wanted = ahead {
      // An answer to an earlier key does not move the user back; a change of the clips does.
      let isSameTree = tree.map { $0.visible.count == new.visible.count } ?? false
      if new.position == wanted || !isSameTree { ahead = nil } else { new.select(wanted) }
    }
    tree = new
  }

  /// The clip that a job is making for this video.
  func growth(_ app: AppState) -> TreeOutline.Growth? {
    guard let tree, case .running(let job) = VideoActivity(of: tree.video, app),
      let task = job.generation
    else { return nil }
    let progress = app.progress(of: job)
    let note = ProgressNotes.short(progress)
    // Only the running job adds clips, so its last one is the newest of all.
    if job.finishedClips > 0, let last = tree.clips.values.max(by: { $0.id < $1.id }) {
      guard !tree.dropped.contains(last.id), task.goesOn(after: job.finishedClips) else {
        return nil
      }
      return .init(parent: last.id, fork: 0, note: note)
    }
    switch task.origin {
    case .nothing, .footage: return .init(parent: nil, fork: task.fork, note: note)
    case .clip(let clip):
      guard tree.clips[clip] != nil, !tree.dropped.contains(clip) else { return nil }
      return .init(parent: clip, fork: task.fork, note: note)
    }
  }

  // MARK: Playing

  /// The clips that are played, in order; the one that is being made is not among them.
  func playedClips(_ app: AppState) -> [ClipID] {
    guard let tree, let position = tree.position else { return [] }
    let path = tree.path(to: isWatching ? growth(app)?.parent : position).map(\.id)
    switch scope {
    case .clip: return isWatching ? [] : [position]
    case .seam:
      if isWatching { return path.suffix(1) }
      // At the start the only seam is the one after the clip.
      return path.count > 1 ? path.suffix(2) : tree.branch.prefix(2).map(\.id)
    case .branch:
      return (isWatching ? path : tree.branch.map(\.id)).suffix(FrameShelf.playedLimit)
    }
  }

  private mutating func refreshPlayer(_ app: AppState) -> [StudioEffect] {
    if rolls != nil { return refreshRolls(app) }
    let clips = playedClips(app)
    var strips = clips.compactMap { app.frames[$0] }
    // Half of a branch would hide where it has a gap.
    if strips.count < clips.count { strips = [] }
    if isWatching, strips.count == clips.count, let preview = preview(app) {
      strips.append(preview.strip)
    }
    let isOther = clips != played || isWatching != playedGrowth
    let rate = app.openVideo.flatMap { app.video($0)?.framesPerSecond }
    player.show(strips, framesPerSecond: rate, startsOver: isOther)
    if isOther, !isWatching, scope == .seam, let first = strips.first, strips.count == 2 {
      // A little before the seam, which is what the user wants to see.
      player.show(frame: max(first.images.count - 4, 0))
    }
    (played, playedGrowth) = (clips, isWatching)
    let before = tree?.current?.parent.map { [$0] } ?? []
    measureSeams(tree?.current.map { [$0] } ?? [], app)
    return requests.load(clips + before, app)
  }

  /// Lets the rolls that are side by side play in step.
  private mutating func refreshRolls(_ app: AppState) -> [StudioEffect] {
    let clips = tileClips(app)
    let length = clips.compactMap { app.frames[$0]?.images.count }.max()
    player.show([])
    player.setFrameCount(
      length ?? preview(app)?.strip.images.count ?? 0,
      framesPerSecond: app.openVideo.flatMap { app.video($0)?.framesPerSecond })
    (played, playedGrowth) = ([], false)
    measureSeams(clips.compactMap { tree?.clips[$0] }, app)
    return requests.load(clips + (rolls?.parent.map { [$0] } ?? []), app)
  }

  /// Measures the seams of some clips to those before them, once each.
  private mutating func measureSeams(_ clips: [Clip], _ app: AppState) {
    for clip in clips where seams[clip.id] == nil {
      guard let parent = clip.parent, let before = app.frames[parent],
        let strip = app.frames[clip.id]
      else { continue }
      seams[clip.id] = ClipSeam.ratio(from: before, to: strip)
    }
  }

  /// What the clip that is being made looks like.
  func preview(_ app: AppState) -> AppState.PreviewView? {
    guard let tree, case .running(let job) = VideoActivity(of: tree.video, app),
      let preview = app.preview, preview.job == job.id
    else { return nil }
    return preview
  }

  package func frameInterval(_ app: AppState) -> Duration? {
    if form != nil { return nil }
    return picker.map(\.interval) ?? player.interval
  }

  package mutating func advance(_ app: AppState) {
    if picker != nil { picker?.advance() } else { player.advance() }
  }

  // MARK: Leaving parts, typing

  package var isTyping: Bool { form?.isTyping ?? false }

  package func takesDigits(_ app: AppState) -> Bool {
    form?.takesDigits ?? (picker != nil)
  }

  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] {
    form?.paste(text)
    return []
  }

  package mutating func goBack() -> Bool {
    if let isTyping = form?.goBack(), isTyping { return true }
    if form != nil {
      form = nil
    } else if picker?.leaveZoom() == true {
      return true
    } else if picker != nil {
      picker = nil
    } else if player.isZoomed {
      player.isZoomed = false
    } else if rolls != nil {
      rolls = nil
    } else if scope != .clip {
      scope = .clip
    } else {
      return false
    }
    return true
  }
}
