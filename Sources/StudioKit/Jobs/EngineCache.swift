import Foundation
import RunKit
import TensorCore
import VideoDiffusion

/// Keeps an engine loaded from one job to the next, as long as they use the same model in the same
/// way.
actor EngineCache {
  /// An engine with both networks of a model.
  struct LoadedModel: Sendable {
    let engine: VideoEngine
    let autoencoder: NetworkFile
    let denoiser: NetworkFile
    /// Tells the checkpoints from others, and from themselves after a change.
    let identity: String
  }

  private struct Key: Hashable {
    let identity: String
    let precision: Precision
    let device: DeviceChoice
    let threadCount: Int?
  }

  /// The linear previews of the autoencoders in use.
  nonisolated let previews: LinearPreviewLibrary
  private var loaded: (key: Key, model: LoadedModel)?
  private var fits: [Task<Void, Never>] = []

  private let onShortage: @Sendable (String) -> Void

  /// - Parameters:
  ///   - previewFolder: Where fits of linear previews are kept.
  ///   - onShortage: Called with a sentence when less is done at a time because a card's memory is short.
  init(previewFolder: String, onShortage: @escaping @Sendable (String) -> Void) {
    self.onShortage = onShortage
    previews = LinearPreviewLibrary(cacheFolder: previewFolder)
  }

  /// Whether a model's networks are in memory.
  func isLoaded(_ model: ModelReference) -> Bool {
    loaded.map { $0.key.identity == (try? Self.identity(of: model)) } ?? false
  }

  /// An engine with a model's networks, loaded now unless they are in memory.
  ///
  /// - Parameters:
  ///   - onProgress: Called with the share of the weights that is packed, 0 to 1; throwing ends it.
  ///   - onLoad: Called with each network and the seconds that loading it took.
  /// - Throws: ``StudioError``, `ModelError` or `CheckpointError` if a checkpoint is gone, changed into
  ///   something else, or does not fit.
  func model(
    _ reference: ModelReference, _ settings: GenerationSettings,
    onProgress: @escaping @Sendable (Double) throws -> Void,
    onLoad: (NetworkFile, Double) -> Void
  ) async throws -> LoadedModel {
    let identity = try Self.identity(of: reference)
    let key = Key(
      identity: identity, precision: settings.precision, device: settings.device.resolved,
      threadCount: settings.threadCount)
    if let loaded, loaded.key == key { return loaded.model }
    // Two models may be more than fits into memory.
    await end()
    let files = try ModelFiles(
      model: nil, autoencoder: reference.autoencoder, denoiser: reference.denoiser)
    guard let autoencoder = files.autoencoder else { throw ModelError(.notLoaded(.autoencoder)) }
    guard let denoiser = files.denoiser else { throw ModelError(.notLoaded(.denoiser)) }
    let engine = try VideoEngine(
      threadCount: settings.threadCount, precision: settings.precision.products,
      device: key.device, onShortage: onShortage)
    let whole = Double(autoencoder.parameterCount + denoiser.parameterCount)
    var before = 0.0
    for file in [autoencoder, denoiser] {
      let share = Double(file.parameterCount) / whole
      let start = ContinuousClock.now
      try await engine.load(file) { [before] loaded, total in
        try onProgress(before + share * Double(loaded) / Double(max(total, 1)))
      }
      onLoad(file, (ContinuousClock.now - start).inSeconds)
      before += share
    }
    let model = LoadedModel(
      engine: engine, autoencoder: autoencoder, denoiser: denoiser, identity: identity)
    loaded = (key, model)
    return model
  }

  /// Sees to it that there is a linear preview of a model's autoencoder. A fit goes on when the run
  /// that began it is over, so that the next one finds it done.
  ///
  /// - Parameter hash: Gives SHA-256 of the autoencoder's checkpoint.
  func fitPreview(_ model: LoadedModel, hash: @escaping @Sendable () async throws -> String) {
    fits.append(
      Task(executorPreference: WorkerPool.blocking) { [previews] in
        // A run without pictures is better than none, and the next one tries again.
        guard let hash = try? await hash(), !Task.isCancelled else { return }
        _ = try? await previews.preview(for: hash, fittingWith: model.engine)
      })
  }

  /// Gives up what goes on beside the runs, and lets go of the engine.
  func end() async {
    for fit in fits { fit.cancel() }
    for fit in fits { await fit.value }
    fits = []
    loaded = nil
  }

  /// Paths, sizes and times of modification of a model's checkpoints.
  ///
  /// - Throws: ``StudioError`` if one is gone.
  private static func identity(of model: ModelReference) throws -> String {
    try [model.autoencoder, model.denoiser].compactMap { $0 }.map { path in
      guard let identity = FileIdentity(of: path) else { throw StudioError(path, .noSuchFile) }
      return "\(path) \(identity.size) \(identity.modified)"
    }.joined(separator: "\n")
  }
}

/// What tells a file from what it was before.
struct FileIdentity: Hashable, Sendable {
  /// Size in bytes.
  let size: Int
  /// When it was modified, in nanoseconds since 1970-01-01 00:00 UTC.
  let modified: Int64

  /// `nil` if there is no such file.
  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    size = Int(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
  }
}
