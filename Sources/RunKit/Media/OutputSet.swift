import CheckpointIO
import Foundation
import MediaIO
import OutputFiles
import VideoDiffusion

/// Where the frames and latents of one video go: any number of files and folders at once.
///
/// Nothing appears under a final name before ``finish(metadata:)``.
public final class OutputSet {
  /// The paths, in the order in which they were asked for.
  public let paths: [String]
  private var writers: [VideoWriter] = []
  private var latentPaths: [String] = []
  private var latents: [Latent] = []
  private let overwrites: Bool
  private let replaceable: Set<String>
  private var completed: Set<String> = []
  /// Frames that were written so far.
  public private(set) var frameCount = 0
  /// The paths that are complete, in the order of all.
  public var written: [String] { paths.filter(completed.contains) }

  /// Checks the outputs and prepares the writers.
  ///
  /// - Parameters:
  ///   - paths: Files whose ending chooses the format, folders ending in `/`, `.safetensors`.
  ///   - settings: Text to embed in every output.
  ///   - scale: Each pixel becomes a square of this side in pictures and videos.
  ///   - overwrites: Whether outputs that exist are replaced.
  ///   - replaceable: Paths that are replaced in any case.
  /// - Throws: ``StudioError`` if an output exists or is named twice, ``MediaError`` for an ending
  ///   that is no format.
  public init(
    paths: [String], framesPerSecond: Double, settings: String, scale: Int = 1, overwrites: Bool,
    replaceable: Set<String> = []
  ) throws {
    self.paths = paths
    self.overwrites = overwrites
    self.replaceable = replaceable
    let rate = try Self.checkedRate(framesPerSecond)
    let places = paths.map(Self.place)
    for (path, place) in zip(paths, places) where places.count(where: { $0 == place }) > 1 {
      throw StudioError(path, .output(reason: "is named twice as an output"))
    }
    for path in paths where !replaces(path) {
      if OutputPlacement.isTaken(path, byFolder: path.hasSuffix("/")) {
        throw StudioError(path, .exists)
      }
    }
    for path in paths {
      if Self.isLatents(path) {
        try Self.checkFolder(of: path)
        latentPaths.append(path)
      } else {
        writers.append(
          try VideoWriter(
            path: path,
            options: OutputOptions(
              frameRate: rate, settings: settings, scale: scale, overwrite: replaces(path))))
      }
    }
  }

  /// Checks that a video of a length and a size fits into every output, which is known before it is made.
  ///
  /// - Parameters:
  ///   - frameCount: Its frames.
  ///   - side: Height and width in pixels.
  /// - Throws: ``MediaError`` if one is too small for it.
  public func check(frameCount: Int, side: Int) throws {
    for writer in writers { try writer.check(frameCount: frameCount, width: side, height: side) }
  }

  private func replaces(_ path: String) -> Bool { overwrites || replaceable.contains(path) }

  /// Whether a path asks for latents.
  public static func isLatents(_ path: String) -> Bool {
    path.lowercased().hasSuffix(".safetensors")
  }

  /// The frame rate, if it can be one.
  ///
  /// - Throws: ``StudioError`` if it is not 0.001 to 1000.
  static func checkedRate(_ framesPerSecond: Double) throws -> FrameRate {
    guard let rate = FrameRate(framesPerSecond: framesPerSecond) else {
      throw StudioError(
        nil,
        .option(
          name: "the frame rate", found: "\(framesPerSecond)",
          expected: "0.001 to 1000"))
    }
    return rate
  }

  /// Under which latents carry their frames a second.
  static let rateKey = "pvdm.fps"

  /// The frame rate that a file of latents states, if it states one of use.
  public static func storedRate(_ metadata: [String: String]) -> Double? {
    metadata[rateKey].flatMap(Double.init).flatMap {
      FrameRate(framesPerSecond: $0) == nil ? nil : $0
    }
  }

  /// Where a path leads, so that two spellings of one place are seen to be one.
  private static func place(_ path: String) -> String {
    let url = URL(filePath: path)
    let place = url.deletingLastPathComponent().resolvingSymlinksInPath()
      .appending(path: url.lastPathComponent).standardizedFileURL.path
    return OutputName.resolved(place)
  }

  /// Whether any of some paths asks for frames, which need an autoencoder.
  public static func needPixels(_ paths: [String]) -> Bool { paths.contains { !isLatents($0) } }

  private static func checkFolder(of path: String) throws {
    let folder = OutputName.folder(of: OutputName.resolved(path))
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
      isFolder.boolValue, FileManager.default.isWritableFile(atPath: folder)
    else {
      throw StudioError(path, .output(reason: "its folder does not exist or is not writable"))
    }
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw StudioError(path, .output(reason: "is a folder; latents go to a file"))
    }
  }

  /// Adds a clip: its latent to the files of latents, its frames to everything else.
  public func append(latent: Latent) { if !latentPaths.isEmpty { latents.append(latent) } }

  /// Adds frames to everything but files of latents.
  ///
  /// - Throws: ``MediaError`` if an output cannot be written.
  public func append(images: [RGBImage]) throws {
    frameCount += images.count
    for image in images {
      for writer in writers { try writer.append(image) }
    }
  }

  /// Completes all outputs, each whatever becomes of the others.
  ///
  /// - Parameter metadata: Text to store beside latents.
  /// - Throws: The first ``MediaError`` or ``CheckpointError``; ``written`` tells what is complete.
  ///   Where only names were taken meanwhile all is, and ``Swift/Error/isTakenName`` is true.
  public func finish(metadata: [String: String]) throws {
    var errors = CompletionErrors()
    func complete(_ path: String, _ work: () throws -> Void) {
      if errors.collect(work) { completed.insert(path) }
    }
    for path in latentPaths where !latents.isEmpty {
      complete(path) {
        try LatentFile.write(latents, metadata: metadata, to: path, replaces: replaces(path))
      }
    }
    // Nothing to show is no video: a run that was stopped at once leaves none.
    if frameCount > 0 {
      for writer in writers { complete(writer.path) { try writer.finish() } }
    }
    cancel()
    if let error = errors.failure ?? errors.taken { throw error }
  }

  /// Gives up; nothing is left under the final names.
  public func cancel() {
    for writer in writers { writer.cancel() }
    writers = []
  }

  deinit { cancel() }

  /// The path of one sample's output: its seed goes before the ending when there are several.
  public static func path(_ path: String, seed: UInt64, sampleCount: Int) -> String {
    guard sampleCount > 1 else { return path }
    if path.hasSuffix("/") { return "\(path.dropLast())-\(seed)/" }
    let url = URL(filePath: path)
    let ending = url.pathExtension
    let stem = path.dropLast(ending.isEmpty ? 0 : ending.count + 1)
    return ending.isEmpty ? "\(stem)-\(seed)" : "\(stem)-\(seed).\(ending)"
  }
}

extension Error {
  /// Whether a work is complete, but kept under another name, because its own was taken meanwhile.
  public var isTakenName: Bool {
    switch self {
    case let error as MediaError: error.kind == .nameTaken
    case let error as CheckpointError:
      if case .nameTaken = error.kind { true } else { false }
    default: false
    }
  }
}
