import HandwrittenText
import RunKit
import TerminalUI

/// Chooses the frames of a user's video that a new video begins with: a window of one clip's
/// length on the video's timeline, which plays.
package struct FramePicker: Sendable, Hashable {
  /// The video, as it was asked for.
  package let path: String
  /// Frames of a clip.
  package let clipLength: Int
  /// The window's first frame, from 0.
  package private(set) var firstFrame = 0
  /// Plays the window.
  package private(set) var player = ClipPlayer()
  private var frameCount = 0

  package init(path: String, clipLength: Int) {
    self.path = path
    self.clipLength = clipLength
  }

  /// What can be done while frames are chosen.
  package static let section = HelpSection(
    title: "Choosing frames",
    entries: [
      ActionName.choose.row("take these", "begin with these frames"),
      ActionName.goTo.row("go to", "go to a frame; a digit begins its number"),
      ActionName.open.row("another file", "open another video"),
    ])

  /// What can be done with a video that is too short.
  static let shortSection = HelpSection(
    title: "Choosing frames", entries: [ActionName.open.row("another file", "open another video")])

  static let movements = HelpSection(
    title: "Moving",
    entries: [
      HelpEntry(
        keys: [.character("h"), .character("l"), .left, .right], name: "frame",
        help: "one frame back and on"),
      HelpEntry(
        keys: [.character("k"), .character("j"), .up, .down], name: "clip",
        help: "one clip back and on"),
      HelpEntry(
        keys: [.character("g"), .character("G"), .home, .end], name: "ends",
        help: "to the start, to the end"),
    ])

  /// Whether the video is long enough.
  package var canTake: Bool { frameCount >= clipLength }

  /// The window's first frame, from 0, if all of it can be seen and taken.
  package func chosenFrame(_ app: AppState) -> Int? {
    canTake && missingFrame(app) == nil ? firstFrame : nil
  }

  /// Handles a key that is no action.
  package mutating func take(_ key: Key, _ app: AppState) {
    switch Movement(key) {
    case .left: move(to: firstFrame - 1, app)
    case .right: move(to: firstFrame + 1, app)
    case .up: move(to: firstFrame - clipLength, app)
    case .down: move(to: firstFrame + clipLength, app)
    case .pageUp: move(to: firstFrame - 10 * clipLength, app)
    case .pageDown: move(to: firstFrame + 10 * clipLength, app)
    case .first: move(to: 0, app)
    case .last: move(to: frameCount - clipLength, app)
    case nil: break
    }
  }

  /// Does an action of a player.
  package mutating func perform(_ action: ActionName) { _ = player.perform(action) }

  /// Lets the picture fill the screen no longer. False if it does not.
  package mutating func leaveZoom() -> Bool { player.leaveZoom() }

  private mutating func move(to frame: Int, _ app: AppState) {
    firstFrame = min(max(frame, 0), max(frameCount - clipLength, 0))
    refresh(app)
  }

  /// Goes to a frame, from 0, cut to those there are.
  package mutating func go(to frame: Int, _ app: AppState) { move(to: frame, app) }

  /// The frame around which more of the video has to be read to show the window; `nil` if all of it is
  /// there.
  package func missingFrame(_ app: AppState) -> Int? {
    guard let footage = footage(app) else { return nil }
    let known = footage.firstFrame..<(footage.firstFrame + footage.strip.images.count)
    return known.contains(firstFrame) && firstFrame + clipLength <= known.upperBound
      ? nil : firstFrame
  }

  /// The video, once it has been read.
  private func footage(_ app: AppState) -> AppState.FootageView? {
    app.footage.flatMap { $0.path == path ? $0 : nil }
  }

  /// Follow the state: the video may have been read.
  package mutating func refresh(_ app: AppState) {
    guard let footage = footage(app) else { return }
    frameCount = footage.frameCount
    let window =
      missingFrame(app) == nil
      ? footage.strip.images.dropFirst(firstFrame - footage.firstFrame).prefix(clipLength) : []
    player.show([Filmstrip(pictures: Array(window))], framesPerSecond: footage.framesPerSecond)
  }

  /// Time from one frame to the next.
  package var interval: Duration? { player.interval }
  /// Shows the next frame.
  package mutating func advance() { player.advance() }
  /// Hints, the most important first.
  package var hints: [HelpEntry] {
    canTake
      ? Self.section.rows([.choose, .goTo]) + Self.movements.entries + Self.section.rows([.open])
      : Self.shortSection.entries
  }

  // MARK: Drawing

  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    guard let footage = footage(app) else { return }
    guard canTake, !footage.strip.images.isEmpty else {
      let inner = Border(title: "Frames", isFocused: true).draw(in: &buffer, area: area)
      EmptyState(
        "\(path) is too short",
        lines: ["It has \(counted(frameCount, "frame")); a clip of this model has \(clipLength)."],
        keys: [app.keys.line(.open, "opens another video")],
        role: .error
      ).draw(in: &buffer, area: inner)
      return
    }
    let timelineRows = player.isZoomed ? 0 : min(max(area.height / 4, 6), 10)
    let parts = Layout.split(area, .vertical, [.fill(), .fixed(timelineRows)])
    player.draw(
      in: &buffer, area: parts[0], title: "Frames", subtitle: windowText(footage),
      missing: EmptyState("Reading frames ..."), isFocused: true, app, context)
    drawTimeline(footage, in: &buffer, area: parts[1], app, context)
  }

  /// Such as `33-48 of 240  at 0:04`.
  private func windowText(_ footage: AppState.FootageView) -> String {
    let time = PaceText.time(
      (Double(firstFrame) / max(footage.framesPerSecond, 0.001))
        .rounded(.down))
    let crop = footage.cropText.isEmpty ? "" : "  \(footage.cropText)"
    return "\(firstFrame + 1)-\(firstFrame + clipLength) of \(frameCount)  at \(time)\(crop)"
  }

  /// The part of the video that is in memory as a row of pictures, and below them the whole of it with
  /// that part and the window marked.
  private func drawTimeline(
    _ footage: AppState.FootageView, in buffer: inout CellBuffer, area: Rectangle, _ app: AppState,
    _ context: ViewContext
  ) {
    let last = footage.firstFrame + footage.strip.images.count
    let part =
      footage.strip.images.count < frameCount
      ? "pictures of frames \(footage.firstFrame + 1) to \(last)" : ""
    let inner = Border(title: "Timeline", subtitle: part).draw(in: &buffer, area: area)
    guard inner.height >= 2, inner.width >= 4 else { return }
    let pictures = inner.inset(bottom: 1)
    let width = max(ClipPlayer.paneWidth(rows: pictures.height + 2, app) - 2, 1)
    let count = max(pictures.width / width, 1)
    for index in 0..<count {
      let place = Rectangle(
        column: pictures.column + index * pictures.width / count, row: pictures.row,
        width: pictures.width / count, height: pictures.height)
      let held = footage.strip.images.count
      let image = footage.strip.images[min((2 * index + 1) * held / (2 * count), held - 1)]
      ClipPlayer.draw(image, isMoving: true, in: &buffer, area: place, app, context)
    }
    let ruler = Rectangle(
      column: inner.column, row: inner.endRow - 1, width: inner.width, height: 1)
    buffer.fill(ruler, with: "─", style: Style(.graphAxis))
    if !part.isEmpty {
      let from = footage.firstFrame * ruler.width / frameCount
      let to = max(last * ruler.width / frameCount, from + 1)
      buffer.fill(
        Rectangle(column: ruler.column + from, row: ruler.row, width: to - from, height: 1),
        with: "━", style: Style(.text))
    }
    let start = firstFrame * ruler.width / frameCount
    let end = min(
      max((firstFrame + clipLength) * ruler.width / frameCount, start + 1), ruler.width)
    buffer.fill(
      Rectangle(column: ruler.column + start, row: ruler.row, width: end - start, height: 1),
      with: "█", style: Style(.accent))
  }
}
