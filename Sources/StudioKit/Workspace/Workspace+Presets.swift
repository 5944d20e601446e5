import Foundation
import RunKit
import TensorCore

extension Workspace {
  private var presetLibrary: PresetLibrary { PresetLibrary(folder: folders.presets) }

  /// Reads the presets again and says what is wrong in the user's files.
  public func reloadPresets() {
    let (presets, issues) = presetLibrary.load()
    hub.send(.presets(presets))
    for issue in issues { notify(Notice(.warning, "Preset \(issue)")) }
  }

  /// Keeps settings under a name, in place of the user's preset of that name.
  ///
  /// - Throws: ``StudioError`` if the name is taken or of no use, `CheckpointError` if the file cannot
  ///   be written.
  public func savePreset(_ name: String, _ settings: GenerationSettings) throws {
    try presetLibrary.save(
      Preset(name: name, summary: "", settings: settings, isBuiltIn: false), overwrites: true)
    reloadPresets()
  }

  /// Forgets a preset of the user's.
  ///
  /// - Throws: ``StudioError`` if there is none of this name.
  public func deletePreset(_ name: String) throws {
    try presetLibrary.delete(named: name)
    reloadPresets()
  }

  /// Reads a user's video for the frame picker, from a frame on.
  ///
  /// - Throws: ``StudioError`` if it is too short or not there, `MediaError` if it is no video.
  public nonisolated func footage(
    _ path: String, for model: ModelReference, from firstFrame: Int = 0
  ) async throws -> Footage {
    try await WorkerPool.blocking.run {
      guard let autoencoder = model.autoencoder else {
        throw StudioError(nil, .incompleteModel(name: model.name))
      }
      let file = try ModelFiles(model: nil, autoencoder: autoencoder).autoencoder
      guard case .autoencoder(let configuration)? = file?.network else {
        throw StudioError(nil, .incompleteModel(name: model.name))
      }
      return try FootageReader(
        path: URL(filePath: path).standardizedFileURL.path, side: configuration.resolution,
        clipFrames: configuration.frames
      ).footage(from: firstFrame)
    }
  }
}
