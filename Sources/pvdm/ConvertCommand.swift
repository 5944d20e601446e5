import ArgumentParser
import Foundation
import RunKit
import VideoDiffusion

/// `pvdm convert`: checkpoints in another container or precision, and model folders.
struct Convert: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a checkpoint, or makes a model folder from two.",
    usage: """
      pvdm convert <in> <out> [--type f32|f16|bf16|keep] [<options>]
      pvdm convert --autoencoder <file> --denoiser <file> <folder> [<options>]
      """,
    discussion: """
      Converts a network between PyTorch's .pth and .safetensors, either way; the ending of OUT \
      chooses. Tensors are copied one by one, so a checkpoint of any size needs little memory. \
      Weights may be rounded to another precision; integers and buffers (zeros, coords, rotary \
      frequencies) stay as they are. A .pth result has the authors' names; a .safetensors result \
      carries what shapes do not tell (heads, the latent's side, frames of a clip, whether the weights \
      are a moving average) as metadata, and beside a .pth result the same is in NAME.config.json.

      From the state of a training (RUN/checkpoints/step-N.safetensors) it takes the moving average \
      (--wrapper network.average) or the weights themselves (--wrapper network.parameters).

      With --autoencoder and --denoiser, makes a model folder with both networks and a description, \
      model.toml, after checking that they fit each other.

      Folders that are missing on the way are made. Results appear whole or not at all, and nothing is replaced without --overwrite.

      Examples:
        pvdm convert ema_model.pth denoiser.safetensors --type f16
        pvdm convert denoiser.safetensors ema_model.pth --type f32
        pvdm convert run/checkpoints/step-00002000.safetensors raw.safetensors \\
          --wrapper network.parameters
        pvdm convert --autoencoder model_last.pth --denoiser ema_model.pth \\
          models/ucf --fps 25
      """)

  @Argument(
    help: ArgumentHelp(
      "The checkpoint and the new file; or the new model folder.", valueName: "path"),
    completion: .file())
  var paths: [String]

  @Option(
    help: ArgumentHelp(
      "The autoencoder's checkpoint, to make a model folder.", valueName: "file"),
    completion: .file())
  var autoencoder: String?

  @Option(
    help: ArgumentHelp("The denoiser's checkpoint, to make a model folder.", valueName: "file"),
    completion: .file())
  var denoiser: String?

  @Option(
    help: ArgumentHelp(
      "A config.json or YAML file with the denoiser's settings. (default: the one beside it)",
      valueName: "file"),
    completion: .file())
  var config: String?

  @Option(
    help: ArgumentHelp(
      "Frames of a denoiser's clips, where neither its file nor an autoencoder tells. (default: 16)",
      valueName: "count"))
  var clipFrames: Int?

  @Option(help: "The precision of stored weights: f32, f16, bf16, or keep for what they have.")
  var type: CheckpointConversion.StoredType = .keep

  @Option(
    help: ArgumentHelp(
      "The key of the weights within the file, such as ema or state_dict. (default: a moving average "
        + "if there is one)", valueName: "name"))
  var wrapper: String?

  @Option(help: "The model folder's name for people. (default: the folder's own)")
  var name: String?

  @Option(
    help: ArgumentHelp("A sentence about the model, for its folder.", valueName: "text"))
  var summary = ""

  @Option(help: "Frames a second at which the model's videos look right: 1 to 240.")
  var fps: Double?

  @Flag(help: "Replaces a file or model folder that is there.")
  var overwrite = false

  private var makesFolder: Bool { autoencoder != nil || denoiser != nil }

  func validate() throws {
    try ModelOptions.check(clipFrames: clipFrames)
    if makesFolder {
      guard autoencoder != nil, denoiser != nil else {
        throw ValidationError("A model folder needs both --autoencoder and --denoiser.")
      }
      guard paths.count == 1 else {
        throw ValidationError("With --autoencoder and --denoiser, name one folder to make.")
      }
      guard fps.map((1...240).contains) ?? true else {
        throw ValidationError("--fps is 1 to 240.")
      }
    } else {
      guard paths.count == 2 else {
        throw ValidationError("Name two files: the checkpoint and the new one.")
      }
      guard name == nil, summary.isEmpty, fps == nil else {
        throw ValidationError("--name, --summary and --fps belong to model folders.")
      }
    }
  }

  func run() async throws {
    try await explaining {
      let notes = makesFolder ? try makeFolder() : try convertFile()
      for note in notes { writeToStandardError("note: \(note)\n") }
    }
  }

  private func convertFile() throws -> [String] {
    let file = try NetworkFile(
      path: paths[0], configurationPath: config, wrapper: wrapper, frames: clipFrames)
    let notes = try CheckpointConversion(file, type: type).write(
      to: paths[1], overwrites: overwrite)
    try writeToStandardOutput(
      "\(paths[1]): \(file.kind.rawValue), \(file.parameterCount) parameters")
    return file.notes + notes
  }

  private func makeFolder() throws -> [String] {
    guard let path = paths.first, let autoencoder, let denoiser else { return [] }
    let recipe = ModelFolder.Recipe(
      autoencoder: autoencoder, denoiser: denoiser, configuration: config, wrapper: wrapper,
      frames: clipFrames, type: type, name: name, summary: summary, framesPerSecond: fps)
    let (folder, notes) = try ModelFolder.create(at: path, from: recipe, overwrites: overwrite)
    try writeToStandardOutput("\(path): model \(folder.name)")
    return notes
  }
}

extension CheckpointConversion.StoredType: ExpressibleByArgument {}
