import Foundation
import MediaIO
import RunKit
import StudioApp
import StudioKit
import TerminalUI
import VideoDiffusion

/// A workspace as screens are told of it, the same in every test.
enum Fixtures {
  static let start = Date(timeIntervalSince1970: 1_800_000_000)

  // MARK: Models

  private static func network(
    _ network: NetworkFile.Network, parameters: Int, wrapper: String? = nil, steps: Int? = nil,
    distilledSteps: Int? = nil
  ) -> NetworkSummary {
    NetworkSummary(
      network, parameters: parameters, storedTypes: ["float32": 212], wrapper: wrapper,
      trainedSteps: steps, distilledSteps: distilledSteps)
  }

  /// An autoencoder for 64 x 64 frames, whose latents have side 8.
  static let autoencoder = network(
    .autoencoder(AutoencoderConfiguration(resolution: 64, width: 192, layers: 4)),
    parameters: 9_482_112, steps: 40_000)
  /// A denoiser for it.
  static let denoiser = network(
    .denoiser(
      DenoiserConfiguration(
        geometry: PlaneGeometry(side: 8), baseWidth: 64, widthMultipliers: [1, 2, 4])),
    parameters: 31_204_880, wrapper: "ema", steps: 120_000)

  /// A model that videos can be made with.
  static let skies: ModelEntry = {
    var model = ModelEntry(
      reference: ModelReference(
        name: "skies-64", autoencoder: "/models/skies-64/autoencoder.safetensors",
        denoiser: "/models/skies-64/denoiser.safetensors", framesPerSecond: 8),
      path: "/models/skies-64",
      summary: "Synthetic time-lapse skies over a hill line, 64 x 64, 16 frames a clip",
      autoencoder: autoencoder, denoiser: denoiser)
    model.autoencoderHash = "9f1c4be0a2d35577" + String(repeating: "0", count: 48)
    return model
  }()

  /// The same with a denoiser that continues nothing.
  static let unconditional: ModelEntry = {
    var model = skies
    model.denoiser = network(
      .denoiser(
        DenoiserConfiguration(
          geometry: PlaneGeometry(side: 8), baseWidth: 64, widthMultipliers: [1, 2, 4],
          isConditional: false)), parameters: 31_204_880)
    return model
  }()

  /// A model whose denoiser was distilled.
  static let distilled: ModelEntry = {
    var model = skies
    model.path = "/models/skies-64-instant"
    model.reference.name = "skies-64-instant"
    model.reference.denoiser = "/models/skies-64-instant/denoiser.safetensors"
    model.denoiser = network(
      .denoiser(
        DenoiserConfiguration(
          geometry: PlaneGeometry(side: 8), baseWidth: 64, widthMultipliers: [1, 2, 4])),
      parameters: 31_204_880, distilledSteps: 4)
    return model
  }()

  /// The authors' published networks, with latents of side 32.
  static let published = ModelEntry(
    reference: ModelReference(
      name: "sky-256", autoencoder: "/models/sky-256/model_last.pth",
      denoiser: "/models/sky-256/ema_model.pth", framesPerSecond: 10), path: "/models/sky-256",
    autoencoder: network(.autoencoder(.published), parameters: 38_100_000),
    denoiser: network(.denoiser(.published), parameters: 528_000_000))

  /// An autoencoder alone, which fits the denoiser of `skies`.
  static let retrained = ModelEntry(
    reference: ModelReference(
      name: "retrained", autoencoder: "/models/retrained/model_last.pth", denoiser: nil),
    path: "/models/retrained", autoencoder: autoencoder)

  /// A folder that holds a damaged file.
  static let broken = ModelEntry(
    reference: ModelReference(name: "half-copied", autoencoder: nil, denoiser: nil),
    path: "/models/half-copied",
    problem: "denoiser.pth ends after 41,943,040 of 126,877,696 bytes. "
      + "Download or copy the file again")

  // MARK: States

  /// A workspace without models or anything else.
  static var emptyState: AppState {
    var app = AppState()
    app.isReady = true
    app.modelFolders = ["/models", "/home/ada/.local/share/pvdm/models"]
    app.presets = presets
    return app
  }

  /// A workspace with models, of which `skies` is used.
  static var app: AppState {
    var app = emptyState
    app.models = [skies, published, retrained, broken]
    app.modelID = skies.id
    var settings = GenerationSettings()
    settings.seed = 0
    app.estimates[AppState.EstimateKey(model: skies.reference, settings: settings)] = RunEstimate(
      seconds: 190, bytes: 1_900_000_000, isMeasured: true)
    return app
  }

  static let presets: [Preset] = {
    var draft = GenerationSettings()
    draft.method = .dpmSolverPlusPlus2M
    draft.steps = 15
    draft.laterSteps = 10
    var long = GenerationSettings()
    long.clipCount = 8
    long.guidanceScale = 1.5
    return [
      Preset(
        name: "draft", summary: "A quick look, few steps", settings: draft, isBuiltIn: true),
      Preset(
        name: "paper", summary: "The settings of the paper's 100/20-s",
        settings: GenerationSettings(), isBuiltIn: true),
      Preset(name: "long sunset", summary: "", settings: long, isBuiltIn: false),
    ]
  }()

  // MARK: Jobs and videos

  static let video = VideoID(rawValue: 3)

  /// Settings of a run that differ from the standard ones.
  static var settings: GenerationSettings {
    var settings = GenerationSettings()
    settings.clipCount = 4
    settings.seed = 48_213
    settings.guidanceScale = 1
    return settings
  }

  /// A job that makes a new video.
  static func job(
    _ id: Int64, _ state: JobState, finishedClips: Int = 0,
    settings: GenerationSettings = settings, video: VideoID = video
  ) -> Job {
    let task = GenerateTask(
      video: video, origin: .nothing, model: skies.reference, settings: settings)
    var job = Job(
      id: JobID(rawValue: id), task: .generate(task), state: state, finishedClips: finishedClips,
      created: start.addingTimeInterval(Double(id)))
    if state != .waiting, state != .cancelled {
      job.started = start.addingTimeInterval(Double(id) * 100)
    }
    if state.isOver { job.ended = job.started?.addingTimeInterval(190) }
    return job
  }

  /// The progress of a job in its second clip of four.
  static func progress(_ id: Int64, _ phase: JobProgress.Phase = .sampling) -> JobProgress {
    var progress = JobProgress(job: JobID(rawValue: id), phase: phase, clipCount: 4)
    progress.residentBytes = 1_900_000_000
    guard phase == .sampling || phase == .decoding else { return progress }
    progress.finishedClips = 1
    progress.step = phase == .decoding ? 20 : 7
    progress.stepCount = 20
    progress.secondsPerStep = 0.31
    progress.secondsLeft = 62
    progress.previewShare = 0.04
    return progress
  }

  static func clip(_ id: Int64, parent: Int64? = nil, index: Int = 0) -> Clip {
    Clip(
      id: ClipID(rawValue: id), video: video, parent: parent.map(ClipID.init(rawValue:)),
      settings: settings, model: skies.reference, seed: settings.seed, index: index, steps: 20,
      created: start, seconds: 6)
  }

  /// A video of two clips.
  static let tree = ClipTree(
    video: video, clips: [clip(11), clip(12, parent: 11, index: 1)],
    position: ClipID(rawValue: 12))

  static func summary(_ title: String = "sunset", clips: Int = 2) -> VideoSummary {
    VideoSummary(
      id: video, title: title, modelName: "skies-64", clipCount: clips, totalClipCount: clips,
      poster: clips == 0 ? nil : ClipID(rawValue: 11), framesPerSecond: 8, seed: settings.seed,
      created: start,
      modified: start)
  }

  // MARK: Pictures

  /// Sixteen pictures of a light that moves over a blue ground, from a place that the seed gives.
  static func images(_ seed: Int = 0) -> [RGBImage] {
    (0..<16).map { frame in
      var image = RGBImage(width: 16, height: 16, fill: (40, 80, 160))
      for y in 0..<4 {
        for x in 0..<4 { image[(frame + seed + x) % 16, 2 + y] = (250, 210, 90) }
      }
      for x in 0..<16 {
        for y in 12..<16 { image[x, y] = (30, 60, 30) }
      }
      return image
    }
  }

  static func frames(_ clip: Int64) -> ClipFrames {
    ClipFrames(clip: ClipID(rawValue: clip), images: images(Int(clip)))
  }

  /// A state in which job 7 runs and has shown an estimate.
  static var busyState: AppState {
    var app = app
    app.jobs = [job(7, .running, finishedClips: 1), job(8, .waiting)]
    app.videos = [summary()]
    app.progress = progress(7)
    app.preview = AppState.PreviewView(
      JobPreview(
        job: JobID(rawValue: 7), clip: 1, step: 7, stepCount: 20, mode: .linear,
        images: images()))
    return app
  }

  /// A state in which a job ended in some way, with a video of two clips in memory.
  static func stateAfter(_ state: JobState, finishedClips: Int = 2) -> AppState {
    var app = app
    var settings = settings
    settings.clipCount = state == .finished ? finishedClips : 4
    app.jobs = [job(7, state, finishedClips: finishedClips, settings: settings)]
    app.videos = [summary(clips: finishedClips)]
    app.trees = [video: finishedClips == 0 ? ClipTree(video: video) : tree]
    guard finishedClips > 0 else { return app }
    for clip: Int64 in [11, 12] { app.frames.put(frames(clip)) }
    return app
  }
}

extension [StudioEffect] {
  /// What is said, where nothing else is asked for.
  var onlyNotice: Notice? {
    if count == 1, case .notify(let notice) = self[0] { notice } else { nil }
  }
}
