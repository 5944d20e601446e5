import MediaIO
import TrainingData
import VideoDiffusion

/// Clips that a run is measured on, always the same ones.
enum HeldOutClips {
  /// Reads windows of the held-out videos, each from another video as far as there are so many.
  ///
  /// - Returns: The clips, and the videos that were passed over because they cannot be read.
  /// - Throws: `DatasetError` if no video is long enough, `MediaError` if none can be read.
  static func read(
    _ videos: TrainingVideos, reader: ClipReader, frames: Int, count: Int
  ) throws -> (clips: [PixelClip], broken: [BrokenVideo]) {
    var clips: [PixelClip] = []
    var broken: [BrokenVideo] = []
    var failure: MediaError?
    var windows = try EvaluationWindows(videos.heldOut, of: videos.root, frames: frames)
    while clips.count < count, let window = windows.next() {
      guard !broken.contains(where: { $0.path == window.video.path }) else { continue }
      do {
        clips.append(try reader.clip(window).pixels)
      } catch let error as MediaError {
        failure = failure ?? error
        broken.append(BrokenVideo(path: window.video.path, reason: error.description))
      }
    }
    if clips.isEmpty, let failure { throw failure }
    return (clips, broken)
  }
}

/// A video of several videos in rows.
enum SampleVideo {
  /// Small frames are enlarged, so that players show them at a useful size.
  private static let leastSide = 128
  private static let gutter = 2

  /// Writes a video, whole or not at all.
  ///
  /// - Parameter rows: From the top, each with its videos from the left, each of these a list of clips
  ///   that follow one another. All are of one size and length.
  /// - Throws: `MediaError` if it cannot be written.
  static func write(rows: [[[PixelClip]]], framesPerSecond: Double, to path: String) throws {
    let films = rows.map { $0.map { $0.flatMap(\.images) } }
    guard let first = films.first?.first?.first, let count = films.first?.first?.count else {
      return
    }
    let columns = films.map(\.count).max() ?? 1
    let pitch = (width: first.width + gutter, height: first.height + gutter)
    // H.264 wants even sides.
    let width = (columns * pitch.width - gutter + 1) & ~1
    let height = (films.count * pitch.height - gutter + 1) & ~1
    let frames = (0..<count).map { index in
      var image = RGBImage(width: width, height: height)
      for (row, videos) in films.enumerated() {
        for (column, video) in videos.enumerated() {
          image.paste(video[index], x: column * pitch.width, y: row * pitch.height)
        }
      }
      return image
    }
    let rate = FrameRate(framesPerSecond: framesPerSecond) ?? FrameRate(8)
    let scale = max(1, leastSide / first.width)
    try Video(frames: frames, frameRate: rate).write(
      to: path, options: OutputOptions(scale: scale, overwrite: true))
  }
}
