import Foundation
import MediaIO
import Synchronization
import TensorCore
import VideoDiffusion

/// Makes pictures of the clip in progress beside its run, which never waits for them: one at a time,
/// and a step that comes meanwhile is passed over.
///
/// A linear preview computes beside the engine. A decoded one takes the engine's turn between two
/// steps, and so does the first fit of a linear one.
public final class PreviewMaker: Sendable {
  private let engine: VideoEngine
  private let interval: Int
  private let hash: @Sendable () async throws -> String
  private let library: LinearPreviewLibrary
  private let state: Mutex<State>

  private struct State {
    /// How pictures are made.
    var mode: PreviewMode
    var task: Task<Void, Never>?
    var isBusy = false
    var isCancelled = false
    var lastStep: Int?
    var lastEnd: ContinuousClock.Instant?
    var hash: String?
    /// The map, once its fit is complete; until then a rough one is asked for each time.
    var linear: LinearPreview?
    var fit: Task<Void, Never>?
  }

  /// Linear previews come at most this often: more are not seen, and drawing them takes time from the
  /// engine.
  private static let pause = Duration.milliseconds(100)

  /// Prepares to make previews.
  ///
  /// - Parameters:
  ///   - engine: With the networks of the run loaded.
  ///   - mode: How pictures are made.
  ///   - interval: Steps from one decoded preview to the next, at least 1.
  ///   - hash: Gives SHA-256 of the autoencoder's checkpoint, which names its linear map.
  ///   - library: The linear maps.
  public init(
    engine: VideoEngine, mode: PreviewMode, interval: Int, library: LinearPreviewLibrary,
    hash: @escaping @Sendable () async throws -> String
  ) {
    self.engine = engine
    state = Mutex(State(mode: mode))
    self.interval = max(interval, 1)
    self.hash = hash
    self.library = library
  }

  /// Makes what comes in another way.
  package func show(_ mode: PreviewMode) { state.withLock { $0.mode = mode } }

  /// Begins a preview of a step's first sample if one is due; returns at once.
  ///
  /// - Parameter deliver: Called with the preview, on another thread. What goes wrong leaves the
  ///   preview out: it is no reason to end a run.
  public func consider(
    _ step: GenerationStep, deliver: @escaping @Sendable (StepPreview) -> Void
  ) {
    // The last step's estimate is the clip itself, which is shown in full.
    guard step.finishedSteps < step.stepCount, let latent = step.cleanEstimates.first
    else { return }
    state.withLock { state in
      guard !state.isBusy, !state.isCancelled, isDue(step, state) else { return }
      state.isBusy = true
      let mode = state.mode
      state.lastStep = step.finishedSteps
      state.task = Task(executorPreference: WorkerPool.blocking) {
        if let preview = try? await self.preview(of: latent, step, mode) { deliver(preview) }
        self.state.withLock {
          $0.isBusy = false
          $0.lastEnd = .now
        }
      }
    }
  }

  private func isDue(_ step: GenerationStep, _ state: State) -> Bool {
    switch state.mode {
    case .off: false
    case .linear: state.lastEnd.map { ContinuousClock.now - $0 >= Self.pause } ?? true
    case .decoded:
      // A clip that begins counts its steps anew.
      state.lastStep.map {
        step.finishedSteps < $0 || step.finishedSteps - $0 >= interval
      } ?? true
    }
  }

  private func preview(
    of latent: Latent, _ step: GenerationStep, _ mode: PreviewMode
  ) async throws -> StepPreview {
    let images: [RGBImage]
    let seconds: Double
    switch mode {
    case .off, .linear:
      let map = try await linearPreview()
      let start = ContinuousClock.now
      images = map.images(latent)
      seconds = (ContinuousClock.now - start).inSeconds
    case .decoded:
      let decoded = try await engine.timedDecode(latent)
      images = decoded.clip.images
      seconds = decoded.seconds
    }
    return StepPreview(
      clip: step.clip, step: step.finishedSteps, stepCount: step.stepCount, mode: mode,
      images: images, seconds: seconds)
  }

  private func linearPreview() async throws -> LinearPreview {
    if let known = state.withLock({ $0.linear }) { return known }
    let hash = try await hash()
    guard let geometry = await engine.autoencoderConfiguration?.geometry else {
      throw ModelError(.notLoaded(.autoencoder))
    }
    state.withLock { state in
      state.hash = hash
      guard state.fit == nil, !state.isCancelled else { return }
      state.fit = Task(executorPreference: WorkerPool.blocking) {
        let map = try? await self.library.preview(for: hash, fittingWith: self.engine)
        self.state.withLock { $0.linear = map ?? $0.linear }
      }
    }
    guard let rough = await library.preview(for: hash, geometry: geometry) else {
      throw NothingYet()
    }
    return rough
  }

  /// There is no map so far.
  private struct NothingYet: Error {}

  /// Learns from a clip that is complete and was decoded anyway.
  public func learn(_ latent: Latent, decoded clip: PixelClip) async {
    guard let hash = state.withLock({ $0.mode == .linear ? $0.hash : nil }),
      let better = try? await library.improve(hash, with: latent, decoded: clip)
    else { return }
    state.withLock { if $0.linear != nil { $0.linear = better } }
  }

  /// Ends the previews: waits for the one being made and for the fit of a map, or with `cancelling`
  /// gives them up.
  public func finish(cancelling: Bool = false) async {
    let tasks = state.withLock { state in
      state.isCancelled = true
      return [state.task, state.fit].compactMap { $0 }
    }
    if cancelling { for task in tasks { task.cancel() } }
    for task in tasks { await task.value }
    // The preview that was waited for may have begun the fit.
    await state.withLock { $0.fit }?.value
  }
}

/// A look at the clip in progress: its estimate after a step, as pictures.
public struct StepPreview: Sendable {
  /// Clips made before it in this run.
  public let clip: Int
  /// The step after which it was estimated, and the clip's number of steps.
  public let step: Int
  public let stepCount: Int
  /// How the pictures were made; never `off`.
  public let mode: PreviewMode
  /// The frames: R x R if they are linear, else of the model's resolution.
  public let images: [RGBImage]
  /// What making them took, in seconds, waiting for the engine and fitting a map left out.
  public let seconds: Double
}
