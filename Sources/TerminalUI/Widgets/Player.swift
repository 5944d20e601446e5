/// The state of a loop of frames: which one is shown, and how it goes on.
public struct Player: Sendable, Hashable {
  /// Frames in all, at least 0.
  public private(set) var frameCount: Int
  /// The frame shown, from 0.
  public private(set) var frame = 0
  /// Whether it moves.
  public var isPlaying: Bool
  /// Whether the first frame follows the last; otherwise playing stops there.
  public var loops: Bool
  /// Speed as an index of `speeds`.
  private var speedIndex = 3
  /// Frames a second at normal speed, above 0.
  public var frameRate: Double

  private static let speeds = [0.125, 0.25, 0.5, 1, 2, 4]

  /// - Precondition: `frameRate` is above 0.
  public init(frameCount: Int, frameRate: Double, isPlaying: Bool = true, loops: Bool = true) {
    precondition(frameRate > 0, "a player needs a frame rate")
    self.frameCount = max(frameCount, 0)
    self.frameRate = frameRate
    self.isPlaying = isPlaying
    self.loops = loops
  }

  /// Times the normal speed.
  public var speed: Double { Self.speeds[speedIndex] }

  /// Time from one frame to the next, or nil while it does not move.
  public var interval: Duration? {
    isPlaying && frameCount > 1 ? .seconds(1 / (frameRate * speed)) : nil
  }

  /// Goes to the next frame; to be called after each `interval`.
  public mutating func advance() {
    guard isPlaying, frameCount > 0 else { return }
    if frame + 1 < frameCount {
      frame += 1
    } else if loops {
      frame = 0
    } else {
      isPlaying = false
    }
  }

  /// Takes another number of frames, as when a clip grows; the frame stays if there is one.
  public mutating func setFrameCount(_ count: Int) {
    frameCount = max(count, 0)
    frame = min(frame, max(frameCount - 1, 0))
  }

  /// Shows a frame, cut to those there are.
  public mutating func show(frame index: Int) {
    frame = min(max(index, 0), max(frameCount - 1, 0))
  }

  /// What can be done with it.
  public enum Action: Sendable, Hashable { case pause, next, previous, slower, faster, loop }

  /// Carries out an action. Stepping pauses, as in mpv, and goes around the ends.
  public mutating func perform(_ action: Action) {
    switch action {
    case .pause:
      // Playing on from the end of what does not loop starts again.
      if !isPlaying, !loops, frame == frameCount - 1 { frame = 0 }
      isPlaying.toggle()
    case .next, .previous:
      isPlaying = false
      guard frameCount > 0 else { return }
      frame = (frame + (action == .next ? 1 : frameCount - 1)) % frameCount
    case .slower: speedIndex = max(speedIndex - 1, 0)
    case .faster: speedIndex = min(speedIndex + 1, Self.speeds.count - 1)
    case .loop: loops.toggle()
    }
  }

  /// A line such as `> 07/16  x1.0  loop`.
  public var statusText: String {
    let digits = String(frameCount).count
    let number = String(frameCount == 0 ? 0 : frame + 1)
    let padded = String(repeating: "0", count: max(digits - number.count, 0)) + number
    let sign = isPlaying ? ">" : "="
    let tempo = speed < 0.2 ? "0.12" : speed < 0.3 ? "0.25" : "\(speed)"
    return "\(sign) \(padded)/\(frameCount)  x\(tempo)  \(loops ? "loop" : "once")"
  }
}
