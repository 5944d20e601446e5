import RunKit
import StudioKit
import TerminalUI

/// Models or settings side by side, in step and with the same seeds; grids of settings.
package struct CompareScreen: StudioScreen {
  /// What is shown.
  package enum Page: Sendable, Hashable {
    /// The comparisons that there are.
    case list
    /// Models and settings to compare.
    case variants(VariantEditor)
    /// A grid to make.
    case sweep(SweepForm)
    /// A comparison.
    case comparison(ComparisonID)
    /// The videos that are marked in the gallery.
    case marked
  }

  /// What is shown.
  package internal(set) var page = Page.list
  /// The selected row of the list.
  package internal(set) var listState = TableState()
  /// The focused cell, from 0.
  package internal(set) var focus = 0
  /// The cell that differences are taken from.
  package internal(set) var base = 0
  /// Whether differences are shown.
  package internal(set) var showsDifference = false
  /// Whether the stored scores are shown, where there are some.
  package internal(set) var showsScores = true
  /// How much differences are amplified.
  package internal(set) var amplification = 4
  /// The clock of all players; zoomed while one picture fills the screen.
  package internal(set) var player = ClipPlayer()

  var requests = FrameRequests()
  var estimates = EstimateRequests()
  /// The sweep that was set up last, whose values are offered again.
  var lastSweep: SweepForm?
  /// Trees that were asked for, with the number of clips that they had then.
  var askedTrees: [VideoID: Int] = [:]
  /// The comparisons that there were when a new one was asked for, which is shown when it comes.
  var known: Set<ComparisonID>?

  /// Ratios of each cell to the base over all frames, and what they were worked out from: they take
  /// too long for every drawing.
  var ratios: [Double?] = []
  var ratiosKey: RatiosKey?

  /// What the ratios depend on.
  struct RatiosKey: Sendable, Hashable {
    var base: Int
    /// The clips of each cell that are in memory.
    var clips: [[ClipID]]
  }

  /// Clips whose frames are held at most, fewer than the shelf of frames keeps.
  static let clipLimit = 90
  static let amplifications = [1, 2, 4, 8, 16]

  package init() {}

  // MARK: What is compared

  /// The videos that are marked in the gallery, the first four.
  func markedVideos(_ app: AppState) -> [VideoSummary] {
    Array(app.videos.filter { $0.isMarked && !$0.isTrashed }.prefix(4))
  }

  /// The comparison that is open.
  func comparison(_ app: AppState) -> Comparison? {
    guard case .comparison(let id) = page else { return nil }
    return app.comparisons.first { $0.id == id }
  }

  /// The cells of what is open, row by row.
  package func cells(_ app: AppState) -> [CompareCell] {
    if case .marked = page { return markedVideos(app).map { CompareCell($0, app) } }
    return comparison(app)?.cells.map { CompareCell($0, app) } ?? []
  }

  /// The pictures of a cell, of all its clips that are in memory up to the first that is not.
  func pictures(_ cell: CompareCell, cellCount: Int, _ app: AppState) -> [PixelImage] {
    var pictures: [PixelImage] = []
    for clip in shownClips(cell, cellCount: cellCount) {
      guard let strip = app.frames[clip] else { break }
      pictures += strip.images
    }
    return pictures
  }

  func shownClips(_ cell: CompareCell, cellCount: Int) -> [ClipID] {
    Array(cell.clips.prefix(max(Self.clipLimit / max(cellCount, 1), 1)))
  }

  // MARK: Follow the state

  package mutating func refresh(_ app: AppState) -> [StudioEffect] {
    if let known, let new = app.comparisons.first(where: { !known.contains($0.id) }) {
      open(.comparison(new.id))
      self.known = nil
    }
    if case .comparison = page, comparison(app) == nil { page = .list }
    if case .marked = page, markedVideos(app).count < 2 { page = .list }
    listState.scroll(count: rowCount(app), page: max(app.windowSize.rows - 6, 1))
    let cells = cells(app)
    focus = min(max(focus, 0), max(cells.count - 1, 0))
    base = min(base, max(cells.count - 1, 0))
    let longest = cells.map { pictures($0, cellCount: cells.count, app).count }.max() ?? 0
    player.setFrameCount(
      longest, framesPerSecond: cells.first.flatMap { app.video($0.video)?.framesPerSecond })
    updateRatios(cells, app)
    return load(cells, app)
  }

  private mutating func updateRatios(_ cells: [CompareCell], _ app: AppState) {
    guard showsDifference, cells.indices.contains(base) else { return }
    let clips = cells.map { cell in
      shownClips(cell, cellCount: cells.count).filter { app.frames[$0] != nil }
    }
    let key = RatiosKey(base: base, clips: clips)
    guard key != ratiosKey else { return }
    ratiosKey = key
    let strips = cells.map { pictures($0, cellCount: cells.count, app) }
    ratios = strips.map { PictureDifference.decibels($0, strips[base]) }
  }

  private mutating func load(_ cells: [CompareCell], _ app: AppState) -> [StudioEffect] {
    var effects: [StudioEffect] = []
    for cell in cells {
      let count = app.video(cell.video)?.totalClipCount ?? 0
      guard app.trees[cell.video]?.visible.count ?? -1 < count, askedTrees[cell.video] != count
      else { continue }
      askedTrees[cell.video] = count
      effects.append(.video(.loadTree(cell.video)))
    }
    let clips = cells.flatMap { shownClips($0, cellCount: cells.count) }
    return effects + requests.load(clips, app)
  }

  mutating func open(_ page: Page) {
    self.page = page
    (focus, base, showsDifference) = (0, 0, false)
    ratiosKey = nil
    player = ClipPlayer()
  }

  package func frameInterval(_ app: AppState) -> Duration? { player.interval }

  package mutating func advance(_ app: AppState) { player.advance() }

  // MARK: Leaving parts, typing

  package var isTyping: Bool {
    switch page {
    case .list: listState.search.isTyping
    case .variants(let editor): editor.isTyping
    case .sweep(let form): form.isTyping
    case .comparison, .marked: false
    }
  }

  package func takesDigits(_ app: AppState) -> Bool {
    switch page {
    case .variants(let editor): editor.takesDigits
    case .sweep(let form): form.takesDigits
    case .list, .comparison, .marked: false
    }
  }

  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] {
    switch page {
    case .list: listState.paste(text, texts: listRows(app).map(\.text), page: listPage(app))
    case .variants(var editor):
      editor.paste(text)
      page = .variants(editor)
    case .sweep(var form):
      form.paste(text)
      page = .sweep(form)
    case .comparison, .marked: break
    }
    return []
  }

  package mutating func goBack() -> Bool {
    switch page {
    case .list: return false
    case .variants(var editor):
      if editor.goBack() { page = .variants(editor) } else { leaveSetup() }
    case .sweep(var form):
      if form.goBack() { page = .sweep(form) } else { leaveSetup() }
    case .comparison, .marked:
      if player.leaveZoom() {
        return true
      } else if showsDifference {
        showsDifference = false
      } else {
        page = .list
        player.setFrameCount(0)
      }
    }
    return true
  }

  /// Leaves what was set up; what was asked for is found in the list.
  private mutating func leaveSetup() { (page, known) = (.list, nil) }

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    switch page {
    case .variants(var editor):
      guard editor.undo(app) else { return [.notify(.nothingToUndo)] }
      page = .variants(editor)
      return []
    case .sweep(var form):
      guard form.undo() else { return [.notify(.nothingToUndo)] }
      return setUp(form, app)
    case .list, .comparison, .marked: return [.notify(.nothingToUndo)]
    }
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    switch page {
    case .variants(var editor):
      guard editor.redo(app) else { return [.notify(.nothingToRedo)] }
      page = .variants(editor)
      return []
    case .sweep(var form):
      guard form.redo() else { return [.notify(.nothingToRedo)] }
      return setUp(form, app)
    case .list, .comparison, .marked: return [.notify(.nothingToRedo)]
    }
  }
}
