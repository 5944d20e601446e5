import CheckpointIO
import Foundation
import MediaIO
import OutputFiles
import RunKit
import VideoDiffusion

/// Writes a branch of a video to files: frames clip by clip from the disk, so that neither the engine
/// nor much memory is needed, with the settings of every clip embedded and beside.
struct BranchExport: Sendable {
  let task: ExportTask
  /// The branch, from its start.
  let clips: [Clip]
  /// What made it.
  let recipe: Recipe
  let files: ClipFiles
  let framesPerSecond: Double

  /// Writes all files and reads their settings back.
  ///
  /// - Parameters:
  ///   - stop: Ends it after a clip; nothing is left then.
  ///   - onProgress: Called with the clips written so far.
  /// - Throws: ``StudioError``, `MediaError` or `CheckpointError`; nothing is left under names that
  ///   were not complete. `CancellationError` if it was stopped.
  @concurrent
  func write(_ stop: StopSignal, onProgress: (Int) -> Void) async throws {
    let settings = settings
    let text = try settings.json
    for path in task.paths where !task.overwrites {
      let sidecar = Self.sidecar(of: path)
      if FileManager.default.fileExists(atPath: sidecar) { throw StudioError(sidecar, .exists) }
    }
    let outputs = try OutputSet(
      paths: task.paths, framesPerSecond: framesPerSecond, settings: text, scale: task.scale,
      overwrites: task.overwrites)
    let keepsLatents = task.paths.contains(where: OutputSet.isLatents)
    if keepsLatents, let cut = clips.first(where: \.source.isCut) {
      outputs.cancel()
      throw StudioError(
        task.paths.first(where: OutputSet.isLatents),
        .output(
          reason: "latents hold whole clips, and clip \(cut.index + 1) shows some frames of one "
            + "alone; write a video, an animation or frames"))
    }
    let needsPixels = OutputSet.needPixels(task.paths)
    for (count, clip) in clips.enumerated() {
      onProgress(count)
      if stop.moment > .never {
        outputs.cancel()
        throw CancellationError()
      }
      if keepsLatents { outputs.append(latent: try files.latent(clip.id)) }
      if needsPixels { try outputs.append(images: files.images(clip.id)) }
    }
    try outputs.finish(
      metadata: [MediaMetadata.key: text, "pvdm.fps": String(framesPerSecond)])
    for path in task.paths { try finish(path, settings, text) }
  }

  private var settings: RunSettings {
    RunSettings(branch: clips, recipe: recipe, framesPerSecond: framesPerSecond)
  }

  private func finish(_ path: String, _ settings: RunSettings, _ text: String) throws {
    try Self.verify(path, settings)
    try AtomicFile.write(to: Self.sidecar(of: path), replaces: task.overwrites) {
      try $0.write(Array(text.utf8))
    }
  }

  /// Completes an output that was whole when its process was killed, by its settings beside it.
  ///
  /// - Returns: Whether it is an output of this branch.
  func complete(_ path: String) -> Bool {
    guard !clips.isEmpty, FileManager.default.fileExists(atPath: path) else { return false }
    let settings = settings
    guard let text = try? settings.json, (try? Self.verify(path, settings)) != nil else {
      return false
    }
    // What lies beside may be somebody's; the output carries its settings in any case.
    if !FileManager.default.fileExists(atPath: Self.sidecar(of: path)) {
      try? finish(path, settings, text)
    }
    return true
  }

  /// Removes what a killed process left of outputs beside them; what a living one grows there stays.
  static func removeLeftovers(of paths: [String]) {
    for folder in Set(paths.map { URL(filePath: $0).deletingLastPathComponent().path }) {
      StagedPath.removeAbandoned(in: folder)
    }
  }

  /// The file with the settings beside an output: its name with `.json` at the end.
  static func sidecar(of path: String) -> String {
    OutputName.beside(path.hasSuffix("/") ? String(path.dropLast()) : path, ending: ".json")
  }

  /// Reads the settings back from a file that was written.
  ///
  /// - Throws: ``StudioError`` if they are not in it.
  static func verify(_ path: String, _ settings: RunSettings) throws {
    guard try RunSettings(embeddedIn: path) == settings else {
      throw StudioError(
        path, .output(reason: "was written, but the settings in it cannot be read back"))
    }
  }
}
