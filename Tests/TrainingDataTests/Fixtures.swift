import Foundation
import MediaIO
import TestSupport
import TrainingData
import VideoDiffusion

/// Videos whose pixels tell which video and frame they are of.
enum Fixture {
  /// Red counts frames, green names the video, blue is brighter on the left.
  static func frame(_ number: Int, video: Int = 0, side: Int = 8) -> RGBImage {
    var image = RGBImage(width: side, height: side)
    for y in 0..<side {
      for x in 0..<side {
        image[x, y] = (UInt8(number * 2), UInt8(video * 10), x < side / 2 ? 200 : 50)
      }
    }
    return image
  }

  /// Writes a lossless video, making the folders on the way.
  static func write(
    _ folder: TemporaryFolder, _ name: String, frames: Int, video: Int = 0, side: Int = 8
  ) throws {
    let url = folder.url.appending(path: name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let images = (0..<frames).map { frame($0, video: video, side: side) }
    try Video(frames: images, frameRate: FrameRate(8)).write(to: folder.path(name))
  }

  /// Writes a text file, making the folders on the way.
  static func write(_ folder: TemporaryFolder, _ name: String, text: String) throws {
    let url = folder.url.appending(path: name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Videos that are nowhere on disk, with so many frames.
  static func videos(_ frameCounts: [Int]) throws -> [DatasetVideo] {
    let stamp = try JSONDecoder().decode(
      FileStamp.self, from: Data(#"{"size": 1000, "digest": "0"}"#.utf8))
    return frameCounts.enumerated().map { number, count in
      DatasetVideo(
        path: "v\(number).mkv", frameCount: count, width: 8, height: 8, framesPerSecond: 8,
        stamp: stamp, split: .train)
    }
  }

  /// The 8-bit red value of a clip's frame, which is twice the frame's number.
  static func frameNumbers(_ clip: PixelClip) -> [Int] {
    let size = clip.side * clip.side * 3
    return (0..<clip.frames).map { Int(((clip.values[$0 * size] + 1) * 127.5 / 2).rounded()) }
  }
}

/// The error of this kind that `body` throws.
func datasetProblem(_ body: () throws -> Void) -> DatasetError.Problem? {
  do {
    try body()
    return nil
  } catch {
    return (error as? DatasetError)?.problem
  }
}
