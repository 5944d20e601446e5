import TensorCore

/// The three planes that a clip is written as: their sides and their order.
///
/// A latent is `[4, tokenCount]` with the planes one after the other, each row-major: xy is
/// (height, width), yt is (time, width), xt is (time, height).
public struct PlaneGeometry: Sendable, Hashable, Codable {
  /// Latent side R: resolution / patch side.
  public let side: Int
  /// Frames of a clip, S.
  public let frames: Int

  /// Frames of a clip of the published models, and where nothing says otherwise.
  public static let usualFrames = 16

  /// Describes the planes of a clip.
  ///
  /// - Parameters:
  ///   - side: Latent side R, at least 1.
  ///   - frames: Frames of a clip S, at least 1.
  public init(side: Int, frames: Int = usualFrames) {
    self.side = side
    self.frames = frames
  }

  /// Channels of a latent.
  public static let channels = 4

  /// Tokens of the three planes together: `R R + 2 S R`.
  public var tokenCount: Int { side * side + 2 * frames * side }

  /// The planes as images of one width.
  public var stack: ImageStack { ImageStack(width: side, heights: [side, frames, frames]) }

  /// The clip's tokens before they are projected: time, height, width.
  public var volume: TokenVolume { TokenVolume(depth: frames, height: side, width: side) }

  /// The tokens of each plane within a latent, in the order xy, yt, xt.
  public var planes: [Range<Int>] {
    let xy = side * side
    let other = frames * side
    return [0..<xy, xy..<(xy + other), (xy + other)..<(xy + 2 * other)]
  }

  /// The side R of a latent with this many tokens, if there is one.
  public static func side(tokenCount: Int, frames: Int = usualFrames) -> Int? {
    (1...4096).first { $0 * $0 + 2 * frames * $0 == tokenCount }
  }

  /// The frames S of a latent with this many tokens and this side, if there are such planes.
  static func frames(tokenCount: Int, side: Int) -> Int? {
    let rest = tokenCount - side * side
    return rest > 0 && rest.isMultiple(of: 2 * side) ? rest / (2 * side) : nil
  }
}
