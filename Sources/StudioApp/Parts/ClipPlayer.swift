import TerminalUI

/// Plays the frames of one clip, or of several clips one after the other, as a picture in a frame.
/// Which clips they are is for the screen to say.
package struct ClipPlayer: Sendable, Hashable {
  /// Where the player is: a clip of those it plays and a frame of that clip, both from 0.
  package struct Place: Sendable, Hashable {
    package var strip: Int
    package var frame: Int
  }

  /// The clips, in the order in which they are played.
  package private(set) var strips: [Filmstrip] = []
  /// Whether the picture should fill the screen.
  package var isZoomed = false
  private var player = Player(frameCount: 0, frameRate: 10)

  /// A player without frames, which moves once it has some.
  package init() {}

  // MARK: Frames

  /// Plays other clips, or the same ones after they grew.
  ///
  /// - Parameters:
  ///   - framesPerSecond: Their speed; what is not above 0 leaves it as it is.
  ///   - startsOver: Whether to go to the first frame, as for a clip that was not shown before.
  package mutating func show(
    _ strips: [Filmstrip], framesPerSecond: Double? = nil, startsOver: Bool = false
  ) {
    self.strips = strips
    setFrameCount(strips.reduce(0) { $0 + $1.images.count }, framesPerSecond: framesPerSecond)
    if startsOver { player.show(frame: 0) }
  }

  /// Keeps time for pictures that are drawn elsewhere, such as several side by side.
  package mutating func setFrameCount(_ count: Int, framesPerSecond: Double? = nil) {
    player.setFrameCount(count)
    if let framesPerSecond, framesPerSecond > 0 { player.frameRate = framesPerSecond }
  }

  /// The frame that is shown, from 0, counted over all clips.
  package var frame: Int { player.frame }
  /// Frames in all.
  package var frameCount: Int { player.frameCount }
  /// Whether it moves.
  package var isPlaying: Bool { player.isPlaying }

  /// Where the player is; `nil` without frames.
  package var place: Place? {
    var frame = player.frame
    for (index, strip) in strips.enumerated() {
      if frame < strip.images.count { return Place(strip: index, frame: frame) }
      frame -= strip.images.count
    }
    return nil
  }

  /// The picture that is shown.
  package var image: PixelImage? { place.map { strips[$0.strip].images[$0.frame] } }

  /// Goes to a frame counted over all clips, cut to those there are.
  package mutating func show(frame: Int) { player.show(frame: frame) }

  // MARK: Time and keys

  /// Time from one frame to the next, or `nil` while nothing moves.
  package var interval: Duration? { player.interval }

  /// Shows the next frame.
  package mutating func advance() { player.advance() }

  /// Does one of the actions of a player. False for any other.
  package mutating func perform(_ action: ActionName) -> Bool {
    switch action {
    case .play: player.perform(.pause)
    case .nextFrame: player.perform(.next)
    case .previousFrame: player.perform(.previous)
    case .slower: player.perform(.slower)
    case .faster: player.perform(.faster)
    case .loop: player.perform(.loop)
    case .zoom: isZoomed.toggle()
    default: return false
    }
    return true
  }

  /// Lets the picture fill the screen no longer. False if it does not.
  package mutating func leaveZoom() -> Bool {
    defer { isZoomed = false }
    return isZoomed
  }

  /// What can be done with a player, the same on every screen; the keys follow mpv.
  package static let section = HelpSection(
    title: "Player",
    entries: [
      ActionName.play.row("play", "play or pause"),
      ActionName.nextFrame.row("", "one frame on"),
      ActionName.previousFrame.row("", "one frame back"),
      ActionName.slower.row("", "slower"), ActionName.faster.row("", "faster"),
      ActionName.loop.row("loop", "loop, or stop at the end"),
      ActionName.zoom.row("zoom", "let the picture fill the screen"),
    ])

  // MARK: Drawing

  /// A line such as `> 07/16  x1.0  loop`.
  package var statusText: String { player.statusText }

  /// Draws the picture in a frame with a title above and the player's state below, or what is
  /// missing where there is no picture.
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, title: String, subtitle: String = "",
    missing: EmptyState = EmptyState(""), isFocused: Bool = false, _ app: AppState,
    _ context: ViewContext
  ) {
    let footer = frameCount == 0 ? "" : statusText
    let inner = Border(title: title, subtitle: subtitle, footer: footer, isFocused: isFocused)
      .draw(in: &buffer, area: area)
    if let image {
      buffer.addTarget(inner, .press(.space))
      Self.draw(image, isMoving: isPlaying, in: &buffer, area: inner, app, context)
    } else {
      missing.draw(in: &buffer, area: inner)
    }
  }

  /// Draws one picture as large as fits: with half blocks while it moves, more finely at rest.
  package static func draw(
    _ image: PixelImage, isMoving: Bool, in buffer: inout CellBuffer, area: Rectangle,
    _ app: AppState, _ context: ViewContext
  ) {
    let symbols =
      isMoving
      ? context.capabilities.symbols : context.capabilities.stillSymbols(asked: app.stillSymbols)
    ImageView(image, cellRatio: app.cellRatio).draw(
      in: &buffer, area: area, context: context, symbols: symbols)
  }

  /// Columns of a framed square picture in so many rows.
  package static func paneWidth(rows: Int, _ app: AppState) -> Int {
    Int((Double(max(rows - 2, 1)) / app.cellRatio).rounded()) + 2
  }
}
