import ArgumentParser
import RunKit

struct Sample: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Makes a video from nothing, clip by clip.",
    discussion: """
      The first clip of 16 frames is made from noise, each later one continues the clip before it.

      Examples:
        pvdm sample skies-64 --clips 4 --output sky.mp4 --output sky.gif
        pvdm sample --autoencoder model_last.pth --denoiser ema_model.pth \\
          --seed 7 -o video.mp4
        pvdm sample --clips 3 --loop -o loop.gif
        pvdm sample --clips 2 --pin first.png@0 --pin last.png@31 -o between.mp4
        pvdm sample skies-64 --clips 8 --seed 3 --queue

      Ctrl-C keeps the clips that are complete; the same command with --resume goes on from there.
      """)

  @Argument(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @Option(help: "Clips of 16 frames to make, 1 or more. (default: 1)")
  var clips: Int?

  @Flag(
    name: .customLong("loop"),
    help: """
      Let the last clip lead back to the first, so that the video can be played in a loop; it is \
      \(GenerationJob.loopFrames) frames shorter. Needs 2 clips or more.
      """)
  var isLoop = false

  @Flag(
    help: """
      Put the video into the studio's queue, whose worker makes it and is started if there is none, in place of \
      making it here.
      """)
  var queue = false

  @OptionGroup(title: "Sampling options") var pins: PinOptions
  @OptionGroup var options: GenerationOptions

  func run() async throws {
    try await explaining {
      if queue {
        if isLoop { throw ValidationError("The studio's queue makes no loops: leave --loop out.") }
        guard pins.frames.isEmpty else {
          throw ValidationError("The studio's queue takes no pictures: leave --pin out.")
        }
        return try await options.queue(model, clips: clips)
      }
      var job = try options.job(model, clips: clips)
      job.pins = pins.frames
      if isLoop { try job.closeLoop() }
      try await options.perform(job)
    }
  }
}

struct Extend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extend",
    abstract: "Continues a video, a folder of pictures, or latents.",
    discussion: """
      The new frames follow the last 16 of the input, or the 16 from --from-frame on. Outputs hold \
      what came before, prepared to the model's resolution (centred square crop, then resized), and \
      the new frames; with --only-new the new frames alone.

      Examples:
        pvdm extend walk.mp4 --clips 2 --output longer.mp4
        pvdm extend frames/ skies-64 --from-frame 0 --only-new -o continued.gif
        pvdm extend latents.safetensors --denoiser ema_model.pth --only-new \\
          -o more.safetensors
      """)

  @Argument(
    help: """
      A video, an animation, a folder of pictures, an earlier output, or latents (.safetensors).
      """, completion: .file())
  var input: String

  @Argument(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @Option(help: "Clips of 16 frames to add, 1 or more. (default: 1)")
  var clips: Int?

  @Option(
    name: .customLong("from-frame"),
    help: "The first of the 16 frames to continue, from 0. (default: the last 16)")
  var fromFrame: Int?

  @Flag(name: .customLong("only-new"), help: "Write the new frames alone.")
  var onlyNew = false

  @OptionGroup(title: "Sampling options") var pins: PinOptions
  @OptionGroup var options: GenerationOptions

  func run() async throws {
    try await explaining {
      var job = try options.job(model, clips: clips)
      job.pins = pins.frames
      job.inputPath = input
      job.firstFrame = fromFrame
      job.onlyNew = onlyNew
      try await options.perform(job)
    }
  }
}
