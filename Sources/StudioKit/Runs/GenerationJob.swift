import Foundation
import MediaIO
import VideoDiffusion

/// A video to be made and written: loads the model, continues what it is given, decodes each clip as
/// it is complete, and leaves whole outputs, also when it is interrupted.
public struct GenerationJob: Sendable {
  /// The model.
  public var model: ModelFiles
  /// What to make.
  public var request: GenerationRequest
  /// A video, pictures or latents to continue; `nil` starts from nothing.
  public var inputPath: String?
  /// First of the 16 frames to continue; `nil` takes the last ones.
  public var firstFrame: Int?
  /// Whether the outputs hold the new frames alone.
  public var onlyNew = false
  /// Files and folders to write; see ``OutputSet``.
  public var outputs: [String]
  /// Frames a second; `nil` takes the input's or the model's.
  public var framesPerSecond: Double?
  /// Side of the square that each pixel becomes.
  public var scale = 1
  /// Precision of the networks.
  public var precision = Precision.float32
  /// Threads; `nil` for all processors.
  public var threadCount: Int?
  /// Whether outputs that exist are replaced.
  public var overwrites = false
  /// Whether an interrupted run of these outputs goes on.
  public var resumes = false
  /// Whether estimates of the clip in progress are decoded now and then.
  public var showsPreviews = false

  /// Describes a job.
  public init(model: ModelFiles, request: GenerationRequest, outputs: [String]) {
    self.model = model
    self.request = request
    self.outputs = outputs
  }

  /// What a finished or interrupted job left.
  public struct Result: Sendable {
    /// Outputs that are complete in themselves.
    public var written: [String]
    /// Clips that were made, those of a resumed run included.
    public var clips: Int
    /// Frames in each output.
    public var frames: Int
    /// Whether the job was stopped before its end.
    public var isInterrupted: Bool
    /// Where the interrupted run is kept.
    public var savedRun: String?
  }

  /// Where an interrupted run of these outputs is kept.
  public var savedRunPath: String? {
    outputs.first.map { ($0.hasSuffix("/") ? String($0.dropLast()) : $0) + ".resume.safetensors" }
  }

  /// Whether frames are read or written, so that an autoencoder is needed.
  private func needsAutoencoder(_ input: ClipInput?) -> Bool {
    if case .video = input { return true }
    return OutputSet.needPixels(outputs) || showsPreviews || request.reencodesCondition
  }

  /// Does the job.
  ///
  /// - Parameters:
  ///   - stop: Ends it early: what is complete is written, and the rest kept for resuming.
  ///   - report: Called in order with what happens. Work goes on meanwhile.
  /// - Throws: Whatever went wrong; ``Explanation`` puts it in words. Nothing is left under the
  ///   outputs' names then, but a run that had finished clips is kept for resuming.
  public func run(
    stop: StopSignal = StopSignal(), report: @escaping @Sendable (JobEvent) -> Void
  ) async throws -> Result {
    try request.validate()
    let resumed = try resumedRun()
    let input = try inputPath.map(ClipInput.init(path:))
    guard let denoiser = model.denoiser else { throw ModelError(.notLoaded(.denoiser)) }
    let rate = framesPerSecond ?? input?.framesPerSecond ?? model.framesPerSecond ?? 16
    let settings = RunSettings(
      command: input == nil ? "sample" : "extend", model: model, precision: precision,
      framesPerSecond: rate, request: request, source: inputPath)

    // Outputs are opened before the model is loaded: a name that cannot be written shows at once.
    var sets: [OutputSet] = []
    for sample in 0..<request.sampleCount {
      sets.append(try outputSet(sample, settings, rate))
    }
    let engine = try VideoEngine(
      threadCount: threadCount, precision: precision.elementType)
    report(.notes(model.notes))
    if needsAutoencoder(input) {
      guard let autoencoder = model.autoencoder else { throw ModelError(.notLoaded(.autoencoder)) }
      try await load(autoencoder, into: engine, report)
    }
    try await load(denoiser, into: engine, report)

    let run = GenerationRun(
      job: self, engine: engine, outputs: sets, settings: settings, report: report, stop: stop)
    return try await run.run(input, resumed: resumed, geometry: denoiser.geometry)
  }

  private func load(
    _ file: NetworkFile, into engine: VideoEngine,
    _ report: @escaping @Sendable (JobEvent) -> Void
  ) async throws {
    let kind = file.kind
    try await engine.load(file) { loaded, total in
      report(.loading(kind, loaded: loaded, total: total))
    }
  }

  private func outputSet(
    _ sample: Int, _ settings: RunSettings, _ rate: Double
  ) throws -> OutputSet {
    let seed = ClipSeed.seed(request.seed, sample: sample)
    var settings = settings
    settings.seed = seed
    return try OutputSet(
      paths: outputs.map {
        OutputSet.path($0, seed: seed, sampleCount: request.sampleCount)
      }, framesPerSecond: rate, settings: settings.json, scale: scale,
      overwrites: overwrites || resumes)
  }

  private func resumedRun() throws -> SavedRun? {
    guard resumes else { return nil }
    guard let path = savedRunPath, FileManager.default.fileExists(atPath: path) else {
      throw StudioError(savedRunPath, .resume(reason: "nothing of it was kept"))
    }
    let saved = try SavedRun(contentsOf: path)
    // More or fewer clips may be asked for; everything else makes other numbers.
    var asked = request
    asked.clipCount = saved.request.clipCount
    guard asked == saved.request else {
      throw StudioError(
        path,
        .resume(reason: "its settings are other than those given now; leave them as they were"))
    }
    return saved
  }
}

/// What happens during a job, in order.
public enum JobEvent: Sendable {
  /// Things a person should see: defaults that were assumed, prefixes that were dropped.
  case notes([String])
  /// Weights of a network are laid out.
  case loading(NetworkKind, loaded: Int, total: Int)
  /// Something of the run itself.
  case generation(GenerationEvent)
  /// An estimate of the clip in progress; `seconds` is what decoding it took.
  case preview(clip: Int, PixelClip, seconds: Double)
  /// A clip of a sample was decoded; `seconds` is what that took.
  case decoded(clip: Int, sample: Int, PixelClip, seconds: Double)
  /// What is complete is being written.
  case writing
}
