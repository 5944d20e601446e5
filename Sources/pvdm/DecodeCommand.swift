import ArgumentParser
import RunKit
import VideoDiffusion

struct Decode: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads latents back as a video.",
    usage: "pvdm decode <input> [<model>] --output <path> [<options>]",
    discussion: """
      Frames are those of the run that made the latents: where it faded the seams between clips, so does \
      this, unless --seam-fade says otherwise.

      Example:
        pvdm decode walk.safetensors skies-64 --output walk.mp4 --output frames/
      """)

  @Argument(
    help: "A file of latents (.safetensors).", completion: .file(extensions: ["safetensors"]))
  var input: String

  @Argument(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @OptionGroup(title: "Model options") var models: ModelOptions
  @OptionGroup(title: "Sampling options") var seams: SettingOptions<Seams>
  @OptionGroup(title: "Output options") var outputs: OutputOptions
  @OptionGroup(title: "Compute options") var compute: ComputeOptions

  /// How clips are shown one after the other.
  enum Seams: SettingScope {
    static let settings = [GenerationSetting.seamFade]
  }

  func validate() throws {
    try seams.checkIntegers()
    if outputs.output.isEmpty { throw ValidationError("Name a file to write with --output.") }
  }

  func run() async throws {
    try await explaining {
      guard case .latents(let file, _) = try ClipInput(path: input) else {
        throw StudioError(
          input,
          .option(
            name: "the input", found: "no file of latents", expected: "a .safetensors file"))
      }
      let files = try models.open(model)
      let stored = OutputSet.storedRate(file.metadata)
      let rate = outputs.fps ?? stored ?? files.framesPerSecond ?? 16
      var settings = RunSettings(
        command: "decode", model: files, precision: compute.precision, device: compute.device,
        framesPerSecond: rate,
        source: input)
      let run = file.metadata["pvdm"].flatMap(RunSettings.init(json:))
      let made = run?.request?.seamFade ?? run?.recipe?.runs.last?.settings.seamFade
      let length = seams.given[.seamFade]?.integer ?? made ?? run?.seamFade ?? 0
      settings.seamFade = length > 0 ? length : nil
      let set = try OutputSet(
        paths: outputs.output, framesPerSecond: rate, settings: settings.json,
        scale: outputs.scale, overwrites: outputs.overwrite)
      let conversion = try await ClipConversion(
        files, precision: compute.precision, device: compute.device, threadCount: compute.threads,
        onShortage: tellNote)
      let progress = ClipProgress("decoding")
      let stop = StopSignalSource()
      let closing = run?.request?.closingFrames ?? 0
      var opening: PixelClip?
      var lastFrame: [UInt8]?
      for (clip, latent) in file.latents.enumerated() where stop.signal.moment == .never {
        set.append(latent: latent)
        var frames = try await conversion.decode(latent)
        opening = opening ?? frames
        if let opening, let lastFrame, run?.request?.closesLoop(clip: clip) ?? false,
          closing < frames.frames
        {
          let before = PixelClip(frames: 1, side: frames.side, bytes: lastFrame).values
          frames = KnownFrames(closing: closing, with: opening).directing(frames, after: before)
            .frames(0..<(frames.frames - closing))
        } else if let lastFrame {
          frames = frames.fadingIn(from: lastFrame, over: length)
        }
        try set.append(images: frames.images)
        lastFrame = frames.lastFrame
        progress.show(clip + 1, of: file.latents.count)
      }
      progress.end()
      try set.finish(
        metadata: ["pvdm": settings.json, "pvdm.fps": String(rate)])
      try progress.checkNotStopped(stop, set.paths)
      for path in set.paths { writeToStandardError("wrote \(path) (\(set.frameCount) frames)\n") }
    }
  }
}
