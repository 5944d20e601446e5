import RunKit

/// A video as a tree of clips: every continuation that was tried, where the user stands, and the
/// edits that can be undone. A value; the workspace stores it.
public struct ClipTree: Sendable, Hashable, Codable {
  /// The video.
  public let video: VideoID
  /// Every clip, dropped ones included.
  public private(set) var clips: [ClipID: Clip]
  /// Clips that are out of sight until the edit that dropped them is undone.
  public private(set) var dropped: Set<ClipID>
  /// Clips that the user gave a star. It is no edit: undo leaves it.
  public private(set) var starred: Set<ClipID>
  /// The clip where the user stands; `nil` on an empty canvas.
  public private(set) var position: ClipID?
  /// The roll that was last visited at each place.
  private var chosenRolls: [Place: ClipID] = [:]
  /// Edits that can be undone, the latest last, and redone.
  public private(set) var edits: [Edit]
  public private(set) var undoneEdits: [Edit]

  /// Where rolls stand beside each other.
  public struct Place: Sendable, Hashable, Codable {
    /// The clip that they continue; `nil` for the start.
    public let parent: ClipID?
    /// Which of its continuations.
    public let fork: Int
  }

  /// A change of the tree that can be undone.
  public enum Edit: Sendable, Hashable, Codable {
    /// A clip was added.
    case add(ClipID)
    /// A clip and everything after it were dropped.
    case drop([ClipID], from: ClipID?)
  }

  /// A tree as it was stored, or an empty canvas.
  public init(
    video: VideoID, clips: [Clip] = [], dropped: Set<ClipID> = [], position: ClipID? = nil,
    edits: [Edit] = [], undoneEdits: [Edit] = [], starred: Set<ClipID> = []
  ) {
    self.video = video
    self.clips = Self.rooted(clips)
    self.dropped = dropped
    self.edits = edits
    self.undoneEdits = undoneEdits
    self.starred = starred.filter { id in clips.contains { $0.id == id } }
    self.position = nil
    if let position, self.clips[position] != nil, !dropped.contains(position) {
      select(position)
    } else if let last = visible.max(by: { $0.id < $1.id }) {
      select(last.id)
    }
  }

  /// The clips by name, each on a branch that has a start: one whose parent is not there, or follows
  /// from itself, begins a branch of its own.
  private static func rooted(_ clips: [Clip]) -> [ClipID: Clip] {
    var known = Dictionary(clips.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var next = (known.values.filter { $0.parent == nil }.map(\.fork).max() ?? -1) + 1
    // Clips that are known to lead to a start, in the order of their making, so that each is walked
    // over once.
    var settled: Set<ClipID> = []
    for clip in known.values.sorted(by: { $0.id < $1.id }) {
      var walked: Set<ClipID> = []
      var here = clip
      while !settled.contains(here.id) {
        walked.insert(here.id)
        guard let parent = here.parent else { break }
        guard let before = known[parent], !walked.contains(parent) else {
          known[here.id] = here.beginning(fork: next)
          next += 1
          break
        }
        here = before
      }
      settled.formUnion(walked)
    }
    return known
  }

  // MARK: Reading

  /// The clips in sight, in the order in which they were made.
  public var visible: [Clip] {
    clips.values.filter { !dropped.contains($0.id) }.sorted { $0.id < $1.id }
  }

  /// The clip where the user stands.
  public var current: Clip? { position.flatMap { clips[$0] } }

  /// The clips in sight that continue `parent`, in order of fork, then of making.
  public func continuations(of parent: ClipID?) -> [Clip] {
    visible.filter { $0.parent == parent }.sorted { ($0.fork, $0.id) < ($1.fork, $1.id) }
  }

  /// The forks of `parent` that have a clip in sight.
  public func forks(of parent: ClipID?) -> [Int] {
    Set(continuations(of: parent).map(\.fork)).sorted()
  }

  /// A number for a new branch of `parent`, dropped ones never being used again.
  public func nextFork(of parent: ClipID?) -> Int {
    (clips.values.filter { $0.parent == parent }.map(\.fork).max() ?? -1) + 1
  }

  /// The tries at a clip's place, the clip included.
  public func rolls(of clip: ClipID) -> [Clip] {
    guard let clip = clips[clip] else { return [] }
    return continuations(of: clip.parent).filter { $0.fork == clip.fork }
  }

  /// The roll that stands for a place: the one last visited, else the latest.
  public func chosenRoll(parent: ClipID?, fork: Int) -> Clip? {
    chosen(among: continuations(of: parent).filter { $0.fork == fork })
  }

  /// Of all the rolls of a place, in the order of making, the one that stands for it.
  public func chosen(among rolls: [Clip]) -> Clip? {
    guard let last = rolls.last else { return nil }
    let chosen = chosenRolls[Place(parent: last.parent, fork: last.fork)]
    return rolls.first { $0.id == chosen } ?? last
  }

  /// The clips from the start up to and including one.
  public func path(to clip: ClipID?) -> [Clip] {
    var path: [Clip] = []
    var next = clip
    while let id = next, let clip = clips[id] {
      path.append(clip)
      next = clip.parent
    }
    return path.reversed()
  }

  /// The branch through the position, up to its tip.
  public var branch: [Clip] { path(to: tip) }

  /// The last clip of the branch through the position, following the rolls last visited.
  public var tip: ClipID? {
    // All at once, since a branch may be long.
    let continuations = Dictionary(grouping: visible, by: \.parent)
    func next(after parent: ClipID?) -> ClipID? {
      let clips = continuations[parent] ?? []
      let fork = clips.map(\.fork).min()
      return chosen(among: clips.filter { $0.fork == fork })?.id
    }
    var last = position ?? next(after: nil)
    while let here = last, let clip = next(after: here) { last = clip }
    return last
  }

  // MARK: Moving and editing

  /// Goes to a clip in sight.
  public mutating func select(_ clip: ClipID) {
    guard clips[clip] != nil, !dropped.contains(clip) else { return }
    position = clip
    for step in path(to: clip) {
      chosenRolls[Place(parent: step.parent, fork: step.fork)] = step.id
    }
  }

  /// Gives a clip in sight a star, or takes it away.
  public mutating func star(_ clip: ClipID, _ isStarred: Bool) {
    guard clips[clip] != nil, !dropped.contains(clip) else { return }
    if isStarred { starred.insert(clip) } else { starred.remove(clip) }
  }

  /// Adds a finished clip.
  ///
  /// - Parameter following: Whether the user goes along to the new clip.
  public mutating func add(_ clip: Clip, following: Bool) {
    clips[clip.id] = clip
    edits.append(.add(clip.id))
    undoneEdits = []
    if following || position == nil { select(clip.id) }
  }

  /// Drops a clip and all that continues it; the user goes to another roll, else to its parent.
  public mutating func drop(_ clip: ClipID) {
    guard clips[clip] != nil, !dropped.contains(clip) else { return }
    apply(.drop(descendants(of: clip), from: position))
    undoneEdits = []
  }

  /// Whether there is an edit to undo, or to redo.
  public var canUndo: Bool { !edits.isEmpty }
  public var canRedo: Bool { !undoneEdits.isEmpty }

  /// Takes the last edit back: a clip that was added goes out of sight, what was dropped returns.
  public mutating func undo() {
    guard let edit = edits.popLast() else { return }
    undoneEdits.append(edit)
    switch edit {
    case .add(let clip): hide(descendants(of: clip))
    case .drop(let clips, let origin):
      dropped.subtract(clips)
      if let origin { select(origin) }
    }
  }

  /// Does the edit again that was undone last.
  public mutating func redo() {
    guard let edit = undoneEdits.popLast() else { return }
    apply(edit)
  }

  private mutating func apply(_ edit: Edit) {
    edits.append(edit)
    switch edit {
    case .add(let clip):
      dropped.remove(clip)
      select(clip)
    case .drop(let clips, _): hide(clips)
    }
  }

  private mutating func hide(_ hidden: [ClipID]) {
    let first = hidden.first.flatMap { clips[$0] }
    dropped.formUnion(hidden)
    guard let here = position, dropped.contains(here) else { return }
    position = nil
    let beside = first.flatMap { chosenRoll(parent: $0.parent, fork: $0.fork)?.id }
    if let next = beside ?? first?.parent ?? visible.last?.id { select(next) }
  }

  /// A clip and the clips in sight that follow it, each after the one that it continues.
  private func descendants(of clip: ClipID) -> [ClipID] {
    let followers = Dictionary(grouping: visible, by: \.parent)
    var found: [ClipID] = []
    // A list in place of recursion: branches may be thousands of clips long.
    var open = [clip]
    while let next = open.popLast() {
      found.append(next)
      let later = (followers[next] ?? []).sorted { ($0.fork, $0.id) < ($1.fork, $1.id) }
      open += later.reversed().map(\.id)
    }
    return found
  }
}
