import CheckpointIO
import Foundation
import MediaIO
import VideoDiffusion

/// The files of clips: `<id>.safetensors` with the latent, `<id>.png` with the decoded frames, one
/// below the other.
///
/// Each file is written to a temporary name, synced and renamed. A clip counts once the database has
/// its row, which comes after both files.
struct ClipFiles: Sendable {
  /// The folder that holds them.
  let folder: String

  private func latentPath(_ clip: ClipID) -> String { "\(folder)/\(clip.rawValue).safetensors" }
  private func framesPath(_ clip: ClipID) -> String { "\(folder)/\(clip.rawValue).png" }

  /// Writes both files of a clip, safe from power loss.
  ///
  /// - Throws: `CheckpointError` or `MediaError`; files of a clip without a row are removed later.
  func write(_ clip: Clip, latent: Latent, images: [RGBImage]) throws {
    let settings = try RunSettings(branch: [clip]).json
    try LatentFile.write([latent], metadata: ["pvdm": settings], to: latentPath(clip.id))
    guard let first = images.first else { return }
    let strip = RGBImage(
      width: first.width, height: first.height * images.count, pixels: images.flatMap(\.pixels))
    let path = framesPath(clip.id)
    let bytes = try PNGFile.encode(strip, settings: settings, file: path)
    try AtomicFile.write(to: path) { try $0.write(bytes) }
  }

  /// Reads a clip's latent.
  ///
  /// - Throws: ``StudioError`` if it is gone, `CheckpointError` or `ModelError` if it is damaged.
  func latent(_ clip: ClipID) throws -> Latent {
    let path = latentPath(clip)
    guard FileManager.default.fileExists(atPath: path) else {
      throw StudioError(path, .clipGone)
    }
    // A file of latents has at least one.
    return try LatentFile(contentsOf: path).latents[0]
  }

  /// Reads a clip's frames.
  ///
  /// - Throws: ``StudioError`` if they are gone, `MediaError` if they are damaged.
  func images(_ clip: ClipID) throws -> [RGBImage] {
    let path = framesPath(clip)
    guard FileManager.default.fileExists(atPath: path) else {
      throw StudioError(path, .clipGone)
    }
    let strip = try PNGFile.read(path)
    let size = strip.width * strip.width * 3
    return (0..<(strip.height / strip.width)).map {
      RGBImage(
        width: strip.width, height: strip.width,
        pixels: Array(strip.pixels[($0 * size)..<(($0 + 1) * size)]))
    }
  }

  /// Deletes a clip's files.
  func remove(_ clip: ClipID) {
    for path in [latentPath(clip), framesPath(clip)] {
      try? FileManager.default.removeItem(atPath: path)
    }
  }

  /// Deletes files that a process left which was killed between a file and its row, and temporary
  /// ones. Only names that the studio gives are touched.
  ///
  /// - Parameters:
  ///   - folder: Of clips or of saved runs.
  ///   - numbers: Those whose files are kept.
  static func removeLeftovers(in folder: String, keeping numbers: Set<Int64>) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      let isTemporary = name.wholeMatch(of: /\.\d+\.(?:safetensors|png)\.[0-9a-z]+\.partial/) != nil
      let number = name.wholeMatch(of: /(\d+)\.(?:safetensors|png)/).flatMap { Int64($0.1) }
      if isTemporary || number.map({ !numbers.contains($0) }) ?? false {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    }
  }
}
