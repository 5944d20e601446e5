import Foundation
import MediaIO
import Synchronization
import VideoDiffusion

/// Shows the clip in progress: always the estimate of the clean latent, as a linear map or decoded.
final class RunPreviewer: Sendable {
  private struct State {
    var map: LinearPreview?
    var lastShown: ContinuousClock.Instant?
    var work: [Int: Task<Void, Never>] = [:]
    var begun = 0
    var isDecoding = false
  }
  private let state = Mutex(State())
  private let plan: GenerationPlan
  private let model: EngineRoom.LoadedModel
  private let workspace: Workspace
  private let reporter: RunReporter
  /// Clips of the video before the job's next one.
  private let clipsBefore: Int

  /// Linear previews come no faster than they can be looked at.
  private static let interval = Duration.milliseconds(100)

  /// Begins to show a run; a linear map that is not known yet is fitted beside it.
  init(
    _ plan: GenerationPlan, _ model: EngineRoom.LoadedModel, _ workspace: Workspace,
    _ reporter: RunReporter, clipsBefore: Int
  ) {
    self.plan = plan
    self.model = model
    self.workspace = workspace
    self.reporter = reporter
    self.clipsBefore = clipsBefore
    guard plan.task.settings.preview == .linear else { return }
    // Nobody waits for it: a short run may be over before its map is there.
    Task { [weak self] in
      let map = try? await workspace.engines.preview(
        for: workspace.hash(of: model.autoencoder.path), model)
      self?.state.withLock { $0.map = map }
    }
  }

  /// Shows the estimate of a step, if it is time to.
  func show(_ step: GenerationStep) {
    guard step.finishedSteps < step.stepCount, let estimate = step.cleanEstimates.first else {
      return
    }
    switch plan.task.settings.preview {
    case .off: break
    case .linear: showLinear(estimate, step)
    case .decoded:
      if step.finishedSteps % plan.task.settings.previewInterval == 0 {
        showDecoded(estimate, step)
      }
    }
  }

  private func showLinear(_ estimate: Latent, _ step: GenerationStep) {
    let start = ContinuousClock.now
    let map = state.withLock { state -> LinearPreview? in
      if let last = state.lastShown, start - last < Self.interval { return nil }
      if state.map != nil { state.lastShown = start }
      return state.map
    }
    guard let map else { return }
    send(.linear, map.images(estimate), step)
    let seconds = (ContinuousClock.now - start).inSeconds
    reporter.notePreview(seconds: seconds)
    reporter.note(seconds, .linearPreview, of: model.autoencoder)
  }

  /// Decodes an estimate between two steps, one at a time.
  private func showDecoded(_ estimate: Latent, _ step: GenerationStep) {
    let isFree = state.withLock { state in
      defer { state.isDecoding = true }
      return !state.isDecoding
    }
    guard isFree else { return }
    start { previewer in
      let decoded = try? await previewer.model.engine.timedDecode(estimate)
      previewer.state.withLock { $0.isDecoding = false }
      guard let (clip, seconds) = decoded else { return }
      previewer.reporter.notePreview(seconds: seconds)
      previewer.send(.decoded, clip.images, step)
    }
  }

  private func send(_ mode: PreviewMode, _ images: [RGBImage], _ step: GenerationStep) {
    workspace.hub.send(
      .preview(
        JobPreview(
          job: plan.job, clip: step.clip - clipsBefore + plan.finishedClips,
          step: step.finishedSteps, stepCount: step.stepCount, mode: mode, images: images)))
  }

  /// Improves the linear map with a clip that was decoded anyway.
  func learn(_ latent: Latent, _ pixels: PixelClip) {
    guard plan.task.settings.preview == .linear else { return }
    start { [model, workspace] previewer in
      guard let hash = try? await workspace.hash(of: model.autoencoder.path),
        let map = try? await workspace.engines.previews.improve(hash, with: latent, decoded: pixels)
      else { return }
      previewer.state.withLock { $0.map = map }
    }
  }

  private func start(_ work: @escaping @Sendable (RunPreviewer) async -> Void) {
    // The lock is held while the task is noted, so that it cannot end unnoted.
    state.withLock { state in
      let number = state.begun
      state.begun += 1
      state.work[number] = Task {
        await work(self)
        self.state.withLock { $0.work[number] = nil }
      }
    }
  }

  /// Waits for what was begun, which is at most a decoding.
  func end() async {
    for task in state.withLock({ $0.work.values.map(\.self) }) { await task.value }
  }
}
