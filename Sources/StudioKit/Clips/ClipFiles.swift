import CheckpointIO
import Foundation
import MediaIO
import OutputFiles
import RunKit
import VideoDiffusion

/// The files of clips: `<id>.safetensors` with the latent, `<id>.png` with the decoded frames, one
/// below the other.
///
/// Each file is written to a temporary name, synced and renamed. A clip counts once the database has
/// its row, which comes after both files. The latent's file says all that the row does, so that a
/// database which is lost can be made again.
struct ClipFiles: Sendable {
  /// The folder that holds them.
  let folder: String

  private func latentPath(_ clip: ClipID) -> String { "\(folder)/\(clip.rawValue).safetensors" }
  private func framesPath(_ clip: ClipID) -> String { "\(folder)/\(clip.rawValue).png" }

  /// Writes both files of a clip, safe from power loss.
  ///
  /// - Throws: `CheckpointError` or `MediaError`; files of a clip without a row are removed later.
  ///
  /// - Parameter recipe: What made the clip.
  func write(_ note: ClipNote, _ recipe: Recipe, latent: Latent, images: [RGBImage]) throws {
    let clip = note.clip
    let settings = try RunSettings(branch: [clip], recipe: recipe).json
    try LatentFile.write(
      [latent], metadata: ["pvdm": settings, ClipNote.key: try JSONText.encode(note)],
      to: latentPath(clip.id))
    PrivateFolder.tightenAlone(latentPath(clip.id))
    guard let first = images.first else { return }
    let strip = RGBImage(
      width: first.width, height: first.height * images.count, pixels: images.flatMap(\.pixels))
    let path = framesPath(clip.id)
    let bytes = try PNGFile.encode(strip, settings: settings, file: path)
    try AtomicFile.write(to: path) { try $0.write(bytes) }
    PrivateFolder.tightenAlone(path)
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

  // MARK: Files without rows

  /// The clips that have a file of latents, in their order.
  var clips: [ClipID] {
    Self.names(in: folder).filter { $0.hasSuffix(".safetensors") }.compactMap(Self.number)
      .sorted().map(ClipID.init)
  }

  /// Whether a clip's frames are there too; they are written last, and whole or not at all.
  func hasFrames(_ clip: ClipID) -> Bool {
    FileManager.default.fileExists(atPath: framesPath(clip))
  }

  /// What a whole file of latents says of its clip, and when it was written.
  ///
  /// - Returns: `nil` if the file is damaged or says nothing.
  func told(of clip: ClipID) -> (note: ClipNote?, settings: RunSettings, written: Date)? {
    let path = latentPath(clip)
    guard let metadata = try? LatentFile(contentsOf: path).metadata,
      let settings = RunSettings(metadata: metadata)
    else { return nil }
    let note = metadata[ClipNote.key].flatMap { try? JSONText.decode(ClipNote.self, $0) }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (
      note?.clip.id == clip ? note : nil, settings,
      attributes?[.modificationDate] as? Date ?? Date(timeIntervalSinceReferenceDate: 0)
    )
  }

  /// Deletes files that a process left which was killed between a file and its row, and temporary
  /// ones. Only names that the studio gives are touched.
  ///
  /// - Parameters:
  ///   - folder: Of clips or of saved runs.
  ///   - numbers: Those whose files are kept.
  static func removeLeftovers(in folder: String, keeping numbers: Set<Int64>) {
    for name in names(in: folder) where isLeftover(name, keeping: numbers) {
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }

  /// Moves what ``removeLeftovers(in:keeping:)`` would delete into a folder beside, for where a row
  /// may be missing because it was lost.
  ///
  /// - Returns: That folder; `nil` if there was nothing to move.
  /// - Throws: ``StudioError`` if it cannot be made or written.
  static func setAsideLeftovers(
    in folder: String, keeping numbers: Set<Int64>, stamp: String
  ) throws -> String? {
    let left = names(in: folder).filter { isLeftover($0, keeping: numbers) }
    guard !left.isEmpty else { return nil }
    let place = "\(folder).without-database-\(stamp)"
    do {
      try PrivateFolder.make(place)
      for name in left where !FileManager.default.fileExists(atPath: "\(place)/\(name)") {
        try FileManager.default.moveItem(
          atPath: "\(folder)/\(name)", toPath: "\(place)/\(name)")
      }
      for changed in [place, folder] { try DurableFolder.sync(changed) }
    } catch {
      throw StudioError(
        place, .notWritable(reason: "files cannot be moved into it: \(error.systemReason)"))
    }
    return place
  }

  private static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }

  /// The number in a name that the studio gives.
  private static func number(_ name: String) -> Int64? {
    name.wholeMatch(of: /(\d+)\.(?:safetensors|png)/).flatMap { Int64($0.1) }
  }

  private static func isLeftover(_ name: String, keeping numbers: Set<Int64>) -> Bool {
    if name.wholeMatch(of: /\.\d+\.(?:safetensors|png)\.(?:pvdm-)?[0-9a-z]+\.partial/) != nil {
      return true
    }
    return number(name).map { !numbers.contains($0) } ?? false
  }
}
