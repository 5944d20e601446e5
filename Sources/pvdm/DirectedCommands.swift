import ArgumentParser
import RunKit

struct Bridge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes frames that lead from one video to another.",
    discussion: """
      The last frames of the first video and the first ones of the second stand in one clip of the \
      model, and the frames between them are made to fit both: at half of the steps the clip in progress \
      is decoded, the known frames are put in their place, and it is encoded again. The cost is told \
      before. Outputs hold the first video, the new frames and the second, prepared to the model's \
      resolution (centred square crop, then resized); with --only-new the new frames alone. A file of \
      latents holds the clip with the new frames.

      Examples:
        pvdm bridge dusk.mp4 night.mp4 --frames 8 -o both.mp4
        pvdm bridge first.png last.png skies-64 --frames 14 --preset fine -o way.gif
      """)

  @Argument(
    help: "What stands before: a video, an animation, or a folder of pictures.", completion: .file()
  )
  var before: String

  @Argument(help: "What stands after, likewise.", completion: .file())
  var after: String

  @Argument(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @Option(help: "Frames to make between them, 1 or more, at least one less than a clip has.")
  var frames = 8

  @Flag(name: .customLong("only-new"), help: "Write the new frames alone.")
  var onlyNew = false

  @OptionGroup var options: GenerationOptions

  func run() async throws {
    try await explaining {
      var job = try options.job(model, clips: 1)
      job.fill(.bridge(from: before, to: after, frames: frames))
      job.onlyNew = onlyNew
      try await options.perform(job)
    }
  }
}

struct Retake: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes some frames of a video anew, between those around them.",
    discussion: """
      The frames are made as "pvdm bridge" makes them, from what stands before and after; another --seed \
      gives others. Outputs hold the whole video with the new frames in it, prepared to the model's \
      resolution; with --only-new the new frames alone.

      Examples:
        pvdm retake sky.mp4 --frames 20-27 --seed 5 -o better.mp4
        pvdm retake sky.mp4 skies-64 --frames 20-27 --batch 4 --only-new -o roll.gif
      """)

  @Argument(help: "A video, an animation, or a folder of pictures.", completion: .file())
  var input: String

  @Argument(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The first and the last frame to make anew, from 0, as in 20-27; at least one less than a clip has.",
      valueName: "first-last"))
  var frames: FrameRange

  @Flag(name: .customLong("only-new"), help: "Write the new frames alone.")
  var onlyNew = false

  @OptionGroup var options: GenerationOptions

  func run() async throws {
    try await explaining {
      var job = try options.job(model, clips: 1)
      job.fill(.retake(input, frames: frames.range))
      job.onlyNew = onlyNew
      try await options.perform(job)
    }
  }
}

/// Frames of a video, from the first to the last.
struct FrameRange: ExpressibleByArgument {
  let range: ClosedRange<Int>

  init?(argument: String) {
    guard let range = FrameGap.range(argument) else { return nil }
    self.range = range
  }
}

/// Pictures at frames of what is made.
struct PinOptions: ParsableArguments {
  @Option(
    name: .customLong("pin"),
    help: ArgumentHelp(
      """
      A picture that stands at a frame of what is made, from 0, as in still.png@15; repeat for several. \
      The frames of its clip are made to lead from and to it.
      """, valueName: "picture@frame"))
  var pins: [Pin] = []

  /// One of them.
  struct Pin: ExpressibleByArgument {
    let frame: PinnedFrame

    init?(argument: String) {
      guard let frame = PinnedFrame(argument) else { return nil }
      self.frame = frame
    }
  }

  /// The pins as a job takes them.
  var frames: [PinnedFrame] { pins.map(\.frame) }
}
