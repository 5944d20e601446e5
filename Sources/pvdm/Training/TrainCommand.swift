import ArgumentParser
import Foundation
import TrainingKit

/// `pvdm train`: both stages of training.
struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Trains an autoencoder and a denoiser on a folder of videos.",
    discussion: """
      The first stage trains the autoencoder, which writes clips as planes; the second the denoiser, \
      which learns to make such planes, with and without the clip before as a condition. Both keep \
      everything in a folder, can be stopped at any moment with Ctrl-C and go on with --resume as if \
      they had never stopped. The second stage's folder is a model to make videos with.

      Examples:
        pvdm dataset skies --clips 700 --seed 1 --output skies
        pvdm train autoencoder --config skies-64 --data skies --output first
        pvdm train diffusion --config skies-64 --data skies --output second \\
          --autoencoder first
        pvdm sample second --clips 4 --output sky.mp4
      """,
    subcommands: [
      TrainAutoencoder.self, TrainDiffusion.self, TrainDistill.self, TrainConfig.self,
    ])
}

struct TrainAutoencoder: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "autoencoder",
    abstract: "The first stage: the autoencoder, which writes clips as planes.",
    usage: """
      pvdm train autoencoder --data <folder> --output <folder> [<options>]
      pvdm train autoencoder --resume --output <folder> [<options>]
      """,
    discussion: """
      The loss is the mean difference of pixels; the perceptual distance of one frame a clip, by LPIPS \
      as fetched or named (--lpips), which perceptual_weight=0 leaves out; and where their weights are \
      above 0, as in skies-64, the differences of the changes from pixel to pixel \
      (gradient_difference_weight) and from frame to frame (temporal_difference_weight). The phase with discriminators is a run of its own, which begins \
      with the first one's network and, if its folder is named, goes on with its optimiser, as the \
      authors' scripts do:

        pvdm weights fetch lpips
        pvdm train autoencoder --data UCF-101 --output runs/first
        pvdm train autoencoder --data UCF-101 --output runs/second \\
          --from runs/first --set discriminators=true --set steps=4000

      It is short: the authors stop it after 8 to 14 thousand batches, which are 2,700 to 4,700 steps \
      where three batches make a step (accumulation), as they do as published.
      """)

  @OptionGroup var perceptual: PerceptualOptions
  @OptionGroup var training: TrainingOptions

  func run() async throws {
    try await explainingAmongRanks { ranks in
      var job = try await training.job(.autoencoder, ranks)
      if let lpips = perceptual.lpips { job.perceptualWeights = lpips }
      if let vgg = perceptual.vgg { job.perceptualFeatures = vgg }
      job.takeFetchedWeights()
      try await training.perform(job)
    }
  }
}

struct TrainDiffusion: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diffusion",
    abstract: "The second stage: the denoiser, on the latents of an autoencoder.",
    usage: """
      pvdm train diffusion --data <folder> --autoencoder <file> -o <folder> [...]
      pvdm train diffusion --resume --output <folder> [<options>]
      """,
    discussion: """
      The denoiser learns jointly to make a clip from nothing and to continue one. The folder of the \
      run is a model: "pvdm sample FOLDER" makes videos with it at any time.
      """)

  @Option(
    help: ArgumentHelp(
      "The autoencoder's checkpoint (.safetensors, or the authors' model_last.pth), or the folder of its run.",
      valueName: "path"), completion: .file())
  var autoencoder: String?

  @OptionGroup var training: TrainingOptions

  func run() async throws {
    try await explainingAmongRanks { ranks in
      var job = try await training.job(.diffusion, ranks)
      if let autoencoder { job.autoencoderPath = autoencoder }
      try await training.perform(job)
    }
  }
}

struct TrainConfig: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Prints a configuration with every setting explained, to be edited.",
    discussion: """
      Example:
        pvdm train config skies-64 > my.toml
        pvdm train autoencoder --config my.toml --data videos --output mine

      A file may also begin with preset = "skies-64" and hold only what differs.
      """)

  @Argument(
    help: """
      A preset (\(TrainingPreset.allCases.map(\.rawValue).joined(separator: ", "))), a TOML file, or \
      one of the authors' YAML files.
      """)
  var configuration = TrainingPreset.published.rawValue

  func run() async throws {
    try await explaining {
      if let preset = TrainingPreset(rawValue: configuration) {
        return try writeToStandardOutput(
          ConsoleText(lines: preset.fileText), terminator: "")
      }
      let (configuration, notes) = try TrainingConfiguration.load(configuration)
      for note in notes { writeToStandardError("note: \(note)\n") }
      try writeToStandardOutput(ConsoleText(lines: configuration.fileText), terminator: "")
    }
  }
}
