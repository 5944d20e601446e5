import RunKit
import StudioKit
import TerminalUI

/// The videos that were made, as pictures; the focused one plays.
package struct GalleryScreen: StudioScreen {
  /// What is listed.
  package enum Shelf: Sendable, Hashable { case videos, trash, exports }

  /// A file that was written of a video.
  package struct Export: Sendable, Hashable {
    package var path: String
    package var video: VideoSummary
  }

  /// What is listed.
  package internal(set) var shelf = Shelf.videos
  /// The order of the videos.
  package internal(set) var order = GalleryOrder.changed
  /// The focused video.
  package internal(set) var focus: VideoID?
  /// Only videos with these words are listed; empty for all.
  package internal(set) var query = ""
  /// The words while they are typed.
  package internal(set) var search: TextInput?
  /// What Tab offers for the words while they are typed, and which of it was taken.
  var offers: (texts: [String], index: Int) = ([], 0)
  /// Plays the focused video.
  package internal(set) var player = ClipPlayer()
  /// The selected export.
  var exportState = TableState()
  var requests = FrameRequests()
  /// Videos whose trees were asked for.
  var askedTrees: Set<VideoID> = []
  /// Videos that were put into the trash together, the latest last, and those that were taken out again.
  var trashed: [[VideoID]] = []
  /// Where seeds of videos come from that are to be like others.
  var seeds: SeedSource
  var restored: [[VideoID]] = []
  /// What is in the player.
  var played: ClipID?

  /// - Parameter seeds: Where new seeds come from.
  package init(seeds: SeedSource = SeedSource()) { self.seeds = seeds }

  // MARK: What is listed

  /// The videos that are listed, in order. Those of comparisons are listed there, and those that only
  /// wait for their first clip in the queue, as do those whose first was cancelled.
  package func videos(_ app: AppState) -> [VideoSummary] {
    let waiting = waitingVideos(app)
    return order.sorted(
      app.videos.filter {
        $0.isTrashed == (shelf == .trash) && $0.comparison == nil && matches($0)
          && !waiting.contains($0.id) && !$0.isLeftEmpty(by: app.jobs)
      })
  }

  /// Videos without a clip whose job waits for its turn.
  func waitingVideos(_ app: AppState) -> Set<VideoID> {
    let waiting = Set(app.jobs.filter { $0.state == .waiting }.compactMap { $0.generation?.video })
    return Set(
      app.videos.filter { $0.poster == nil && !$0.isTrashed && waiting.contains($0.id) }.map(\.id))
  }

  /// The files that are listed.
  package func exports(_ app: AppState) -> [Export] {
    app.videos.filter { !$0.isTrashed && $0.comparison == nil }.flatMap { video in
      video.exports.map { Export(path: $0, video: video) }
    }.filter { query.isEmpty || !SearchState.ranges(of: query, in: $0.path).isEmpty }
  }

  private func matches(_ video: VideoSummary) -> Bool {
    GalleryFilter(query).fits(video)
  }

  /// The focused video.
  package func focused(_ app: AppState) -> VideoSummary? {
    if shelf == .exports {
      let exports = exports(app)
      return exports.indices.contains(exportState.selected)
        ? exports[exportState.selected].video : nil
    }
    return videos(app).first { $0.id == focus }
  }

  // MARK: Follow the state

  package mutating func refresh(_ app: AppState) -> [StudioEffect] {
    if shelf == .exports {
      exportState.scroll(count: exports(app).count, page: 1)
    } else {
      let listed = videos(app)
      if !listed.contains(where: { $0.id == focus }) { focus = listed.first?.id }
    }
    return loadVisible(app)
  }

  /// Asks for what can be seen: the pictures around the focus, and the focused video's settings.
  private mutating func loadVisible(_ app: AppState) -> [StudioEffect] {
    let focused = focused(app)
    let poster = focused?.poster
    player.show(
      [poster.flatMap { app.frames[$0] }].compactMap { $0 },
      framesPerSecond: focused?.framesPerSecond, startsOver: poster != played)
    played = poster
    var clips = [poster].compactMap { $0 }
    if shelf != .exports {
      let listed = videos(app)
      let grid = GalleryGrid(window: app.windowSize, app)
      let page = grid.page(of: listed.firstIndex { $0.id == focus } ?? 0, count: listed.count)
      // The page that is seen and the next one.
      clips += listed[page.lowerBound..<min(page.upperBound + page.count, listed.count)]
        .compactMap(\.poster)
    }
    var effects = requests.load(clips, app)
    if let focused, app.trees[focused.id] == nil, askedTrees.insert(focused.id).inserted {
      effects.append(.video(.loadTree(focused.id)))
    }
    return effects
  }

  package func frameInterval(_ app: AppState) -> Duration? { player.interval }

  package mutating func advance(_ app: AppState) { player.advance() }

  // MARK: Leaving parts, typing

  package var isTyping: Bool { search != nil }

  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] {
    search?.insert(text)
    guard let search else { return [] }
    (query, offers) = (search.text, ([], 0))
    return refresh(app)
  }

  package mutating func goBack() -> Bool {
    if player.leaveZoom() {
      return true
    } else if !query.isEmpty {
      query = ""
    } else if shelf != .videos {
      shelf = .videos
    } else {
      return false
    }
    return true
  }
}
