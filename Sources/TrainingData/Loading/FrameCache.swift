import MediaIO
import Synchronization

/// Frames held in memory, so that a set that fits is decoded once and not in every epoch.
///
/// Held are the 8-bit frames of whole videos that already have the model's size, so that clips are the
/// same with and without. When the memory is used up nothing more is taken in: epochs go through
/// all videos, so that dropping one for another would gain nothing.
public final class FrameCache: Sendable {
  private struct Contents {
    var videos: [String: [RGBImage]] = [:]
    var byteCount = 0
  }

  private let byteLimit: Int
  private let contents = Mutex(Contents())

  /// An empty cache.
  ///
  /// - Parameter byteLimit: The most memory that frames take, in bytes.
  public init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// Memory that frames take now, in bytes.
  public var byteCount: Int { contents.withLock { $0.byteCount } }

  /// The frames of a video, read now if they are not held yet; nil if they do not fit or cannot be
  /// read to the end without an error.
  func frames(of video: DatasetVideo, path: String, side: Int) -> [RGBImage]? {
    guard video.width == side, video.height == side else { return nil }
    let size = video.frameCount * side * side * 3
    let (held, fits) = contents.withLock {
      ($0.videos[path], $0.byteCount + size <= byteLimit)
    }
    if let held { return held }
    guard fits, let frames = try? Video.read(path, limit: video.frameCount).frames else {
      return nil
    }
    contents.withLock {
      guard $0.videos[path] == nil, $0.byteCount + size <= byteLimit else { return }
      $0.videos[path] = frames
      $0.byteCount += size
    }
    return frames
  }
}
