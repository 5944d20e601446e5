import Foundation
import MediaIO
import OutputFiles
import TensorCore
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
  /// What computes.
  public var device = DeviceChoice.automatic
  /// Threads of the processor; `nil` for all processors.
  public var threadCount: Int?
  /// Whether outputs that exist are replaced.
  public var overwrites = false
  /// Whether an interrupted run of these outputs goes on.
  public var resumes = false
  /// What is shown of the clip in progress.
  public var preview = PreviewMode.off
  /// Steps from one decoded preview to the next, at least 1.
  public var previewInterval = 10
  /// Where the maps of linear previews are kept; `nil` forgets them after the job.
  public var previewCacheFolder: String?

  /// Pictures that stand at frames of what is made; their frames are counted from the first new one.
  public var pins: [PinnedFrame] = []
  /// Frames between others that are made, in place of clips after an input; see ``fill(_:)``.
  public private(set) var gap: FrameGap?

  /// The clips of the input where they are made anew in place of being continued; see
  /// ``refine(_:strength:)``.
  public private(set) var originals: [Latent] = []

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
    outputs.first.map {
      OutputName.beside(
        $0.hasSuffix("/") ? String($0.dropLast()) : $0, ending: ".resume.safetensors")
    }
  }

  /// Whether frames are read or written, so that an autoencoder is needed.
  private func needsAutoencoder(_ input: ClipInput?) -> Bool {
    if case .video = input { return true }
    if isDirected { return true }
    return needsFrames || request.reencodesCondition
  }

  /// Whether clips are decoded to be written, or to be played as they are shown.
  var needsFrames: Bool { OutputSet.needPixels(outputs) || preview != .off }

  /// Does the job.
  ///
  /// - Parameters:
  ///   - stop: Ends it early: what is complete is written, and the rest kept for resuming.
  ///   - report: Called in order with what happens. Work goes on meanwhile.
  /// - Throws: Whatever went wrong; ``Explanation`` puts it in words. Only whole outputs are left
  ///   under their names then, and a run that had finished clips is kept for resuming.
  public func run(
    stop: StopSignal = StopSignal(), report: @escaping @Sendable (JobEvent) -> Void
  ) async throws -> Result {
    try request.validate()
    try checkRange()
    let input = refines || gap != nil ? nil : try inputPath.map(ClipInput.init(path:))
    guard let denoiser = model.denoiser else { throw ModelError(.notLoaded(.denoiser)) }
    try StepDistillation.check(denoiser.distilledSteps, for: request)
    try PinnedFrame.check(
      pins,
      shown: request.clipCount.map { $0 * denoiser.geometry.frames - request.closingFrames })
    let rate =
      try framesPerSecond ?? input?.framesPerSecond ?? gapRate() ?? model.framesPerSecond ?? 16
    _ = try OutputSet.checkedRate(rate)
    var settings = RunSettings(
      command: command(input), model: model,
      precision: precision, device: device,
      framesPerSecond: rate, request: request, source: inputPath)
    settings.firstFrame = firstFrame
    settings.onlyNew = input == nil && gap == nil ? nil : onlyNew
    settings.note(pins, gap)
    if let input, !onlyNew {
      settings.precedingFrames = try input.framesBefore(
        continuingFrom: firstFrame, clipFrames: denoiser.geometry.frames)
      settings.precedingSeamFade = input.madeBy.map(\.shownSeamFade)
    }
    let resumed = try resumedRun(settings)
    let replaceable = replaceableOutputs(resumed)

    // Outputs are opened before the model is loaded: a name that cannot be written shows at once.
    var sets: [OutputSet] = []
    for sample in 0..<request.sampleCount {
      sets.append(try outputSet(sample, settings, rate, replaceable))
    }
    if case .autoencoder(let autoencoder)? = model.autoencoder?.network,
      let clips = request.clipCount
    {
      let frames = clips * denoiser.geometry.frames - request.closingFrames
      for set in sets {
        try set.check(
          frameCount: (settings.precedingFrames ?? 0) + frames, side: autoencoder.resolution)
      }
    }
    let engine = try VideoEngine(
      threadCount: threadCount, precision: precision.products, device: device
    ) { report(.notes([$0])) }
    report(.notes(model.notes + directionNotes(denoiser)))
    if needsAutoencoder(input) {
      guard let autoencoder = model.autoencoder else { throw ModelError(.notLoaded(.autoencoder)) }
      try await load(autoencoder, into: engine, report)
    }
    try await load(denoiser, into: engine, report)
    if request.ordersPlanes, input == nil, request.firstSampler.skippedSteps == 0,
      await engine.mayExchangePlanes,
      await engine.autoencoderConfiguration == nil
    {
      if let autoencoder = model.autoencoder {
        try await load(autoencoder, into: engine, report)
      } else {
        report(
          .notes([
            "the denoiser has no plane codes; whether the first clip's planes came out exchanged "
              + "cannot be seen without an autoencoder"
          ]))
      }
    }

    let run = GenerationRun(
      job: self, engine: engine, outputs: sets, replaceable: replaceable, settings: settings,
      report: report, stop: stop)
    return try await run.run(input, resumed: resumed, geometry: denoiser.geometry)
  }

  private var refines: Bool { !originals.isEmpty }

  private func command(_ input: ClipInput?) -> String {
    if refines { return "refine" }
    if let gap { return gap.isRetake ? "retake" : "bridge" }
    return input == nil ? "sample" : "extend"
  }

  /// Makes frames between others, one clip that holds them, in place of continuing an input.
  public mutating func fill(_ gap: FrameGap) {
    self.gap = gap
    inputPath = gap.before
    request.clipCount = 1
  }

  /// Makes the clips of a file anew, near what they are, in place of continuing it; the request then asks
  /// for as many.
  ///
  /// - Parameters:
  ///   - path: A file of latents.
  ///   - strength: How far each clip is noised before it is denoised: 0 leaves it as it is, 1 makes what
  ///     would be made without it.
  /// - Throws: ``StudioError`` if the strength is out of range or the input is no file of latents, and
  ///   what reading throws.
  public mutating func refine(_ path: String, strength: Double) throws {
    guard (0...1).contains(strength) else {
      throw StudioError(
        nil, .option(name: "the strength", found: "\(strength)", expected: "a number from 0 to 1"))
    }
    guard case .latents(let file, _) = try ClipInput(path: path) else {
      throw StudioError(
        path,
        .option(
          name: "the input", found: "no file of latents",
          expected: "a .safetensors file; \"pvdm encode\" makes one of a video"))
    }
    inputPath = path
    originals = file.latents
    framesPerSecond = framesPerSecond ?? OutputSet.storedRate(file.metadata)
    request.clipCount = file.latents.count
    request.firstSampler = request.firstSampler.begun(at: strength)
    request.laterSampler = request.laterSampler.begun(at: strength)
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
    _ sample: Int, _ settings: RunSettings, _ rate: Double, _ replaceable: Set<String>
  ) throws -> OutputSet {
    var settings = settings
    settings.seed = ClipSeed.seed(request.seed, sample: sample)
    return try OutputSet(
      paths: paths(outputs, sample: sample), framesPerSecond: rate, settings: settings.json,
      scale: scale, overwrites: overwrites, replaceable: replaceable)
  }

  /// Frame numbers beyond any video would overflow in sums.
  private func checkRange() throws {
    if let firstFrame, firstFrame > 1 << 40 {
      throw StudioError(
        inputPath,
        .option(name: "the first frame", found: "\(firstFrame)", expected: "a frame of the input"))
    }
  }
}

/// What happens during a job, in order.
public enum JobEvent: Sendable {
  /// Things a person should see: defaults that were assumed, prefixes that were dropped.
  case notes([String])
  /// Weights of a network are packed.
  case loading(NetworkKind, loaded: Int, total: Int)
  /// Something of the run itself.
  case generation(GenerationEvent)
  /// An estimate of the clip in progress.
  case preview(StepPreview)
  /// A clip of a sample was decoded; `seconds` is what that took.
  case decoded(clip: Int, sample: Int, PixelClip, seconds: Double)
  /// What is complete is being written.
  case writing
}
