import Foundation
import MediaIO

extension FuzzTarget {
  /// Pictures and videos: what is embedded in them, their facts, and their first frames.
  static let media = FuzzTarget(name: "media") {
    try ["png", "gif", "mp4", "webm", "mkv"].map(video)
  } run: { bytes in
    ScratchFile.with(bytes) { path in
      _ = try? MediaMetadata.read(path)
      _ = try? MediaInfo.probe(path)
      guard let reader = try? VideoReader(path: path) else { return }
      for _ in 0..<4 {
        guard (try? reader.nextFrame()) != nil else { break }
      }
    }
  }

  /// Four small frames with embedded settings.
  private static func video(ending: String) throws -> [UInt8] {
    try written("seed.\(ending)") { path in
      let frames = (0..<4).map { index in
        RGBImage(
          width: 16, height: 16,
          pixels: (0..<16 * 16 * 3).map { UInt8(truncatingIfNeeded: $0 * index) })
      }
      try Video(
        frames: frames, frameRate: FrameRate(8), settings: #"{"a":1}"#
      ).write(to: path)
    }
  }

  /// The bytes of a file that `body` writes in a folder of its own.
  static func written(_ name: String, _ body: (String) throws -> Void) throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "pvdm-fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: name)
    try body(file.path)
    return Array(try Data(contentsOf: file))
  }
}
