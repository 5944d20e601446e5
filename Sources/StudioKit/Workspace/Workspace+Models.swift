import Foundation
import InspectionKit
import RunKit
import SessionStore
import TensorCore
import VideoDiffusion

/// Models that the user added, as they are kept.
struct AddedModels: Codable, Sendable {
  /// Folders and checkpoints.
  var paths: [String] = []
  /// Pairs of checkpoints that were found apart.
  var pairs: [Pair] = []

  struct Pair: Codable, Sendable, Hashable {
    var autoencoder: String
    var denoiser: String
  }

  static let stateName = "added models"
}

extension Workspace {
  private var addedModels: AddedModels { state(AddedModels.stateName) ?? AddedModels() }

  /// The folders in which models are looked for.
  public var modelFolders: [String] {
    library(addedModels).places.map(\.path)
  }

  private func library(_ added: AddedModels) -> ModelLibrary {
    ModelLibrary(added: added.paths, resources: resources, workingFolders: workingFolders)
  }

  /// Looks for models in one more folder while the workspace is open: that which a screen was opened in.
  package func lookForModels(in folder: String) {
    guard folder.hasPrefix("/"), !workingFolders.contains(folder) else { return }
    // The one in which the workspace was opened stays.
    if workingFolders.count >= Self.workingFolderLimit { workingFolders.remove(at: 1) }
    workingFolders.append(folder)
    Task { await findModels() }
  }

  private static let workingFolderLimit = 8

  /// Looks for models, reading headers alone. A search that goes on is given up for this one.
  ///
  /// - Returns: Everything that was found; what cannot be used says why. What was known before, if the
  ///   search was given up.
  @discardableResult
  public func findModels() async -> [ModelEntry] {
    guard !isClosing, readingStop.moment == .never else { return models }
    modelSearch?.stop.requestStop(.afterStep)
    let added = addedModels
    let search = ModelSearching(
      library(added), pairs: added.pairs)
    modelSearch = search
    hub.send(.modelSearch(isRunning: true))
    let found = await search.result()
    guard modelSearch === search else { return models }
    modelSearch = nil
    guard let found, !isClosing else { return models }
    models = found.map(withKnownHashes)
    hub.send(.models(models))
    hub.send(.modelSearch(isRunning: false))
    return models
  }

  /// Gives up for good looking for models, and reading files that somebody named, so that what waits
  /// for it goes on: the workspace is about to be closed.
  public func stopReading() {
    readingStop.requestStop(.afterStep)
    modelSearch?.stop.requestStop(.afterStep)
  }

  /// What a file or folder is.
  ///
  /// - Throws: What ``Inspection/init(of:configuration:frames:)`` throws, ``StudioError`` if it takes
  ///   too long, `CancellationError` after ``stopReading()``.
  public func inspection(of path: String) async throws -> Inspection {
    let stop = readingStop
    return try await WorkerPool.blocking.run {
      try ModelLibrary.reading(path, stop: stop) { try Inspection(of: path) }
    }
  }

  /// What a path leads to, read beside the workspace's own work.
  private func entry(at path: String) async throws -> ModelEntry {
    let stop = readingStop
    return try await WorkerPool.blocking.run { try ModelLibrary.entry(at: path, stop: stop) }
  }

  /// Adds a folder or checkpoint to the models, for good.
  ///
  /// - Throws: ``StudioError`` if there is nothing or what is there is no model, ``SessionStoreError`` if it cannot be kept.
  @discardableResult
  public func openModel(_ path: String) async throws -> ModelEntry {
    let entry = try await entry(at: path.expandingHome)
    if let problem = entry.problem {
      throw StudioError(entry.path, .unusableModel(reason: problem))
    }
    guard entry.autoencoder != nil || entry.denoiser != nil else {
      throw StudioError(entry.path, .unusableModel(reason: "it holds no network"))
    }
    var added = addedModels
    if !added.paths.contains(entry.path) {
      added.paths.append(entry.path)
      try setState(AddedModels.stateName, added)
    }
    await findModels()
    return models.first { $0.path == entry.path } ?? entry
  }

  /// Makes a model of two checkpoints, for good.
  ///
  /// - Throws: ``StudioError`` if one is missing or they do not fit, ``SessionStoreError`` if it
  ///   cannot be kept.
  @discardableResult
  public func pairModel(autoencoder: String, denoiser: String) async throws -> ModelEntry {
    let pair = AddedModels.Pair(autoencoder: autoencoder, denoiser: denoiser)
    let first = try await entry(at: autoencoder)
    let second = try await entry(at: denoiser)
    guard let entry = ModelLibrary.pair(autoencoder: first, denoiser: second) else {
      throw StudioError(nil, .noPair(reason: "one is no checkpoint of the network that is needed"))
    }
    if let problem = entry.problem { throw StudioError(nil, .noPair(reason: problem)) }
    var added = addedModels
    if !added.pairs.contains(pair) {
      added.pairs.append(pair)
      try setState(AddedModels.stateName, added)
    }
    await findModels()
    return models.first { $0.path == entry.path } ?? entry
  }

  /// Computes the hashes of a model's checkpoints, unless they are known.
  ///
  /// - Throws: `CheckpointError` if a file cannot be read.
  public func hashModel(_ id: ModelEntry.ID) async throws {
    guard let entry = models.first(where: { $0.id == id }) else { return }
    for path in [entry.reference.autoencoder, entry.reference.denoiser].compactMap({ $0 }) {
      _ = try await hash(of: path)
    }
    models = models.map(withKnownHashes)
    hub.send(.models(models))
  }

  /// What a run would take.
  ///
  /// - Returns: `nil` if the model is not among those that were found.
  public func estimate(
    _ model: ModelReference, _ settings: GenerationSettings,
    from start: RunEstimator.Start = .nothing
  ) async -> RunEstimate? {
    guard let (estimator, entry) = await estimator(of: model) else { return nil }
    return estimator.estimate(
      settings, model: entry, from: start, isLoaded: await engines.isLoaded(model))
  }

  /// What estimates runs of a model, and the model as times of it are kept.
  func estimator(
    of model: ModelReference
  ) async -> (estimator: RunEstimator, entry: ModelEntry)? {
    guard var entry = models.first(where: { $0.reference == model }) else { return nil }
    // Times are kept by path and size, which are known before any hash is.
    entry.autoencoderHash = nil
    entry.denoiserHash = nil
    let estimator = RunEstimator(
      machine: await machineRate(), store: SessionTimings(store: store, now: now))
    return (estimator, entry)
  }

  /// What this machine computes, measured once.
  private func machineRate() async -> MachineRate {
    if let known: MachineRate = state(Self.machineRateName),
      known.processorCount == Processor.availableCount
    {
      return known
    }
    let rate = await WorkerPool.blocking.run { MachineRate.measured() }
    try? setState(Self.machineRateName, rate)
    return rate
  }

  private static let machineRateName = "machine rate"

  // MARK: Hashes

  /// SHA-256 of a file, from memory if it did not change since it was computed.
  func hash(of path: String) async throws -> String {
    if let known = knownHash(of: path) { return known }
    let identity = FileIdentity(of: path)
    let hash = try await WorkerPool.blocking.run { try CheckpointHash.sha256(of: path) }
    if let identity {
      let record = FingerprintRecord(
        path: path, size: identity.size, modified: identity.modified, sha256: hash)
      // Computing it again is the worst that follows.
      try? store.write { try $0.save(record) }
    }
    return hash
  }

  private func knownHash(of path: String) -> String? {
    guard let identity = FileIdentity(of: path),
      let record = try? store.read({ try $0.named(FingerprintRecord.self, path) }),
      record.size == identity.size, record.modified == identity.modified
    else { return nil }
    return record.sha256
  }

  private func withKnownHashes(_ entry: ModelEntry) -> ModelEntry {
    var entry = entry
    entry.autoencoderHash = entry.reference.autoencoder.flatMap(knownHash)
    entry.denoiserHash = entry.reference.denoiser.flatMap(knownHash)
    return entry
  }
}
