import ArgumentParser
import Foundation
import HandwrittenText
import MediaIO
import RunKit
import VideoDiffusion

struct Encode: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a video or folder of pictures as latents.",
    usage: "pvdm encode <input> [<model>] --output <path> [<options>]",
    discussion: """
      The output holds `latents`, [K, 4, N]: one row for each 16 frames, prepared to the model's \
      resolution. Frames at the end that do not fill a clip are left out.

      Example:
        pvdm encode walk.mp4 skies-64 --output walk.safetensors
      """)

  @Argument(help: "A video, an animation, or a folder of pictures.", completion: .file())
  var input: String

  @Argument(help: ModelOptions.nameHelp, completion: .directory)
  var model: String?

  @Option(
    name: [.short, .long], help: ArgumentHelp("The file to write.", valueName: "path"),
    completion: .file())
  var output: String

  @Option(name: .customLong("from-frame"), help: "The first frame, from 0.")
  var fromFrame = 0

  @Option(help: "Clips of 16 frames at most, 1 or more. (default: all)")
  var clips: Int?

  @Flag(help: "Replace an output that exists.")
  var overwrite = false

  @OptionGroup(title: "Model options") var models: ModelOptions
  @OptionGroup(title: "Compute options") var compute: ComputeOptions

  func validate() throws {
    guard OutputSet.isLatents(output) else {
      throw ValidationError("--output is \(output); latents go to a file that ends in .safetensors")
    }
    if let clips, clips < 1 { throw ValidationError("--clips is \(clips); expected 1 or more") }
  }

  func run() async throws {
    try await explaining {
      let reader = try openVideo(input)
      let rate = reader.frameRate?.framesPerSecond ?? 16
      let files = try models.open(model)
      let settings = RunSettings(
        command: "encode", model: files, precision: compute.precision, device: compute.device,
        framesPerSecond: rate,
        source: input)
      let outputs = try OutputSet(
        paths: [output], framesPerSecond: rate, settings: settings.json, overwrites: overwrite)
      let conversion = try await ClipConversion(
        files, precision: compute.precision, device: compute.device, threadCount: compute.threads,
        onShortage: tellNote)
      let progress = ClipProgress("encoding")
      let stop = StopSignalSource()
      let left = try await conversion.visitClips(
        of: reader, from: fromFrame, limit: clips, stop: stop.signal
      ) { clip, pixels in
        outputs.append(latent: try await conversion.encode(pixels))
        progress.show(clip + 1)
      }
      progress.end()
      try outputs.finish(metadata: settings.metadata)
      try progress.checkNotStopped(stop, [output])
      if left > 0 && clips == nil {
        writeToStandardError("note: left out \(left) frames at the end, too few for a clip\n")
      }
      tellNotes(of: reader)
      writeToStandardError("wrote \(output)\n")
    }
  }
}
