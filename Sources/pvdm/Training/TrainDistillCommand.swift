import ArgumentParser
import Foundation
import RunKit
import TrainingKit
import VideoDiffusion

struct TrainDistill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "After both stages: a denoiser that samples in few steps, learnt from a trained one.",
    usage: """
      pvdm train distill <model> --data <folder> --output <folder> [--steps 4] [<options>]
      pvdm train distill --resume --output <folder> [<options>]
      """,
    discussion: """
      It begins as the model's denoiser, and each of its steps learns to lead where several steps of that \
      one do, with and without the clip before (Salimans and Ho, ICLR 2022). The run is one of the second \
      stage with distilled_steps above 0; without --config its networks are the model's.

      Examples:
        pvdm train distill skies-64 --data skies --output few
        pvdm sample few --preset instant --clips 4 --output sky.mp4
        pvdm convert --autoencoder few/autoencoder.safetensors --denoiser skies-64/denoiser.safetensors \\
          --distilled few/denoiser.safetensors mine
      """)

  @Argument(
    help: ArgumentHelp(
      "The model to learn from: a folder, the name of one, or a denoiser's checkpoint.",
      valueName: "model"), completion: .file())
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Steps that the denoiser learns to sample in, 1 to 64. (default: 4)", valueName: "count"))
  var steps: Int?

  @Option(
    help: ArgumentHelp(
      "The autoencoder's checkpoint, in place of the model's.", valueName: "file"),
    completion: .file())
  var autoencoder: String?

  @OptionGroup var training: TrainingOptions

  func validate() throws {
    if let steps, !StepDistillation.stepRange.contains(steps) {
      throw ValidationError("--steps is 1 to \(StepDistillation.stepRange.upperBound).")
    }
    guard model != nil || training.resume else {
      throw ValidationError("Name the model to learn from; or go on with a run with --resume.")
    }
  }

  func run() async throws {
    try await explainingAmongRanks { ranks in
      let files = try model.map { try self.files($0) }
      var job = try await training.job(.diffusion, ranks) {
        guard let denoiser = files?.denoiser else { throw ModelError(.notLoaded(.denoiser)) }
        return try TrainingConfiguration(distilling: denoiser)
      }
      if !job.resumes {
        job.initialPath = files?.denoiser?.path ?? job.initialPath
        job.autoencoderPath = autoencoder ?? files?.autoencoder?.path
        job.configuration.diffusionTraining.distilledSteps = steps ?? Self.defaultSteps
      } else {
        try check(job)
      }
      try await training.perform(job)
    }
  }

  private static let defaultSteps = 4

  private func files(_ model: String) throws -> ModelFiles {
    var isFolder: ObjCBool = false
    let isFile =
      FileManager.default.fileExists(atPath: model, isDirectory: &isFolder) && !isFolder.boolValue
    return isFile
      ? try ModelFiles(model: nil, autoencoder: autoencoder, denoiser: model)
      : try ModelFiles(model: model, autoencoder: autoencoder)
  }

  /// Checks that a run which goes on learns few steps, and as many as were asked for.
  private func check(_ job: TrainingJob) throws {
    let known = job.configuration.diffusionTraining.distilledSteps
    guard known > 0 else {
      throw StudioError(
        training.output, .resume(reason: "it is one of pvdm train diffusion"))
    }
    guard steps ?? known == known else {
      throw StudioError(training.output, .resume(reason: "it learns \(known) steps"))
    }
  }
}
