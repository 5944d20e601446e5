import TensorCore
import VideoDiffusion

/// The linear previews of all autoencoders in use: from memory, from the cache, or fitted.
///
/// A first fit rests on a few clips that the denoiser makes in a handful of steps: of what a run
/// shows, they are the cheapest likeness. It needs no finished clip, and the clips that a user makes
/// afterwards draw it towards what that user's settings make.
public actor LinearPreviewLibrary {
  private struct Entry {
    var fit: LinearPreviewFit
    var preview: LinearPreview
  }
  private let cache: LinearPreviewCache?
  private var entries: [String: Entry] = [:]
  private var fitting: [String: Task<LinearPreview, any Error>] = [:]

  /// Clips of the first fit.
  static let quickClipCount = 8
  /// How many of them are made side by side. The first batch gives a rough map; of fewer clips it may
  /// be far off.
  static let quickBatch = 4
  /// Steps that each of them takes.
  static let quickStepCount = 6
  /// Clips after which more teach nothing.
  package static let clipLimit = 64

  /// - Parameter cacheFolder: Where fits are kept; `nil` forgets them with the library.
  public init(cacheFolder: String?) {
    cache = cacheFolder.map(LinearPreviewCache.init(folder:))
  }

  /// The map of an autoencoder as far as it is known: fitted here or in an earlier session, or a rough
  /// one while the first fit is under way.
  ///
  /// - Parameters:
  ///   - hash: SHA-256 of the autoencoder's checkpoint; see ``CheckpointHash``.
  ///   - geometry: The planes of its latents.
  public func preview(for hash: String, geometry: PlaneGeometry) -> LinearPreview? {
    if let entry = entries[hash], entry.fit.geometry == geometry { return entry.preview }
    guard let fit = cache?.fit(for: hash, geometry: geometry), let preview = try? fit.solve() else {
      return nil
    }
    entries[hash] = Entry(fit: fit, preview: preview)
    return preview
  }

  /// The map of an engine's autoencoder, fitted first if there is none.
  ///
  /// Fitting shares the engine with a run in progress: its steps and decodings come between those of
  /// the run. Several callers wait for one fit.
  ///
  /// - Parameter engine: With both networks loaded.
  /// - Throws: `ModelError` if a network is missing, and what computing throws.
  public func preview(for hash: String, fittingWith engine: VideoEngine) async throws
    -> LinearPreview
  {
    guard let geometry = await engine.autoencoderConfiguration?.geometry else {
      throw ModelError(.notLoaded(.autoencoder))
    }
    if let known = preview(for: hash, geometry: geometry),
      entries[hash]?.fit.clipCount ?? 0 >= Self.quickClipCount
    {
      return known
    }
    if let running = fitting[hash] { return try await running.value }
    let task = Task(executorPreference: WorkerPool.blocking) {
      try await self.fit(hash, geometry, engine)
    }
    fitting[hash] = task
    defer { fitting[hash] = nil }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }

  private func fit(
    _ hash: String, _ geometry: PlaneGeometry, _ engine: VideoEngine
  ) async throws -> LinearPreview {
    func known() -> LinearPreviewFit {
      guard let fit = entries[hash]?.fit, fit.geometry == geometry else {
        return LinearPreviewFit(geometry: geometry)
      }
      return fit
    }
    // A fit that was broken off goes on with the clips that it lacks.
    while true {
      var clips: [(Latent, PixelClip)] = []
      for latent in try await Self.quickLatents(
        engine, count: Self.quickBatch, seed: UInt64(known().clipCount))
      {
        try Task.checkCancellation()
        clips.append((latent, try await engine.decode(latent)))
      }
      // Finished clips may have come in meanwhile.
      var fit = known()
      for (latent, clip) in clips { fit.add(latent, clip) }
      let preview = try keep(fit, for: hash)
      if fit.clipCount >= Self.quickClipCount { return preview }
    }
  }

  /// Clips in few steps. Of so few, a solver with fresh noise in each makes the most lifelike latents;
  /// the seeds are fixed, so that a fit can be repeated. A distilled denoiser knows its own steps alone.
  static func quickLatents(
    _ engine: VideoEngine, count: Int, seed: UInt64
  ) async throws -> [Latent] {
    let sampler =
      await engine.distilledSteps.map { StepDistillation.sampler(steps: $0) }
      ?? SamplerConfiguration(method: .dpmSolverPlusPlus2MStochastic, steps: quickStepCount)
    let request = GenerationRequest(firstSampler: sampler, seed: seed, sampleCount: count)
    for try await event in engine.generate(request) {
      if case .clipFinished(let clip) = event { return clip.latents }
    }
    throw CancellationError()
  }

  /// Learns from a clip that was decoded anyway.
  ///
  /// - Returns: The better map; `nil` if none was fitted yet, or there is nothing left to learn.
  /// - Throws: `TensorError` if the sums make no map.
  @discardableResult
  public func improve(
    _ hash: String, with latent: Latent, decoded clip: PixelClip
  ) throws -> LinearPreview? {
    guard var fit = entries[hash]?.fit, fit.clipCount < Self.clipLimit,
      fit.geometry.tokenCount == latent.tokenCount
    else { return nil }
    fit.add(latent, clip)
    return try keep(fit, for: hash)
  }

  private func keep(_ fit: LinearPreviewFit, for hash: String) throws -> LinearPreview {
    let preview = try fit.solve()
    entries[hash] = Entry(fit: fit, preview: preview)
    // A cache that cannot be written costs the next session a fit, and this one nothing.
    try? cache?.save(fit, for: hash)
    return preview
  }
}
