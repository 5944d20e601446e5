import HandwrittenText
import RunKit

/// Where a clip is to lead that continues another.
public enum ClipLead: Sendable, Hashable, Codable {
  /// To the first frames of another clip of the video, by some frames between the two. A copy of that clip
  /// follows, so that the way and both its ends are one branch.
  case clip(ClipID, frames: Int)
  /// To where the branch begins, so that it is a loop.
  case start

  /// Clips that come of it.
  public var clipCount: Int {
    switch self {
    case .clip: 2
    case .start: 1
    }
  }

  /// Where it leads, in words.
  public var text: String {
    switch self {
    case .clip(_, let frames): "to another clip, by \(counted(frames, "frame"))"
    case .start: "back to the start"
    }
  }

  /// Frames that are made between two clips where nobody says how many.
  public static let usualFrames = 8
}
