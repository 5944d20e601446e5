import ArgumentParser
import InspectionKit

/// `pvdm inspect`: what a file or folder is.
struct Inspect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a checkpoint, latents, saved run, video or folder is.",
    discussion: """
      Reads directories and headers alone: no weights are loaded and no frames decoded, so a \
      checkpoint of any size takes milliseconds. Settings that pvdm embedded in a video, picture or \
      folder of frames are shown and explained.

      Examples:
        pvdm inspect ema_model.pth
        pvdm inspect model_last.pth --tensors
        pvdm inspect samples/skies-64 --json
        pvdm inspect out.mp4

      With --json, one object: kind (network, checkpoint, latents, run, model, training, state, folder \
      or media), path, file_size_bytes, and the parts checkpoint, network, latents, run, model, \
      training, folder, media, settings, remarks and problem, each where it applies. A checkpoint that \
      is none of PVDM's has kind checkpoint, a problem, and all its tensors.
      """)

  @Argument(
    help: ArgumentHelp(
      "A checkpoint (.pth, .safetensors), latents, a saved run, a video, a picture, or a folder: a "
        + "model, a training run, frames, a set of videos.", valueName: "file"),
    completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "A config.json or YAML file with the denoiser's settings. (default: the one beside the file)",
      valueName: "file"),
    completion: .file())
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Frames of a denoiser's clips, where its file does not tell. (default: 16)",
      valueName: "count"))
  var clipFrames: Int?

  @Flag(help: "Lists every tensor with its type and shape.")
  var tensors = false

  @Flag(help: "Prints one JSON object.")
  var json = false

  func validate() throws { try ModelOptions.check(clipFrames: clipFrames) }

  func run() async throws {
    try await explaining {
      let inspection = try Inspection(of: file, configuration: config, frames: clipFrames)
      if json {
        try writeToStandardOutput(json: inspection.listingTensors(tensors))
      } else {
        try writeToStandardOutput(InspectionText(inspection, listsTensors: tensors).text)
      }
    }
  }
}
