import ArgumentParser
import RunKit
import VideoDiffusion

struct Decode: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reads latents back as a video.",
    usage: "pvdm decode <input> [<model>] --output <path> [<options>]",
    discussion: """
      Frames are those of the run that made the latents: where it faded the seams between clips, so does \
      this, unless --seam-fade says otherwise. Pinned pictures, footage around a gap and a video that \
      clips go on from are not in latents; frames are decoded in their place.

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
      let run = RunSettings(metadata: file.metadata)
      let given = seams.given[.seamFade]?.integer
      let length = given ?? run?.shownSeamFade ?? 0
      settings.seamFade = length > 0 ? length : nil
      if run?.hasKnownFrames ?? false {
        tellNote(
          "latents hold no frames that were pinned or known: they are decoded in place of them")
      }
      let set = try OutputSet(
        paths: outputs.output, framesPerSecond: rate, settings: settings.json,
        scale: outputs.scale, overwrites: outputs.overwrite)
      let conversion = try await ClipConversion(
        files, precision: compute.precision, device: compute.device, threadCount: compute.threads,
        onShortage: tellNote)
      try set.check(
        frameCount: file.latents.count * conversion.clipFrames, side: conversion.side)
      let progress = ClipProgress("decoding")
      let stop = StopSignalSource()
      var display = ClipDisplay(run, fading: given, clipFrames: conversion.clipFrames)
      for (clip, latent) in file.latents.enumerated() where stop.signal.moment == .never {
        set.append(latent: latent)
        try set.append(images: display.show(try await conversion.decode(latent)).images)
        progress.show(clip + 1, of: file.latents.count)
      }
      progress.end()
      try set.finish(metadata: settings.metadata)
      try progress.checkNotStopped(stop, set.paths)
      for path in set.paths { writeToStandardError("wrote \(path) (\(set.frameCount) frames)\n") }
    }
  }
}
