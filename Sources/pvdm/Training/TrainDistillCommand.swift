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
      stage with distilled_steps above 0; without --config its networks are the model's. The folder of the \
      run is a model, which is sampled in these steps.

      Examples:
        pvdm train distill skies-64 --data skies --output few
        pvdm sample few --clips 4 --output sky.mp4
        pvdm convert --autoencoder few --denoiser few instant
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
    guard training.initial == nil else {
      throw ValidationError("--from is of no use here: the run begins with the model's denoiser.")
    }
  }

  func run() async throws {
    try await explainingAmongRanks { ranks in
      let files = try model.map { try self.files($0) }
      var job = try await training.job(.diffusion, ranks, settings(files))
      // Of a run that goes on they are where its networks are now.
      if let files {
        job.initialPath = files.denoiser?.path ?? job.initialPath
        job.autoencoderPath = files.autoencoder?.path ?? job.autoencoderPath
      } else if let autoencoder {
        job.autoencoderPath = autoencoder
      }
      guard job.configuration.diffusionTraining.distilledSteps > 0 else {
        guard job.resumes else {
          throw ValidationError("distilled_steps is 0: \"pvdm train diffusion\" learns from noise.")
        }
        throw StudioError(training.output, .resume(reason: "it is one of pvdm train diffusion"))
      }
      try await training.perform(job)
    }
  }

  private func settings(_ files: ModelFiles?) -> TrainingCommandSettings {
    TrainingCommandSettings(
      unnamed: {
        guard let files else {
          throw ValidationError("The folder holds no run yet; name the model to learn from.")
        }
        return try TrainingConfiguration(distilling: files)
      },
      prepared: { named in
        var configuration = named
        if named.diffusionTraining.distilledSteps == 0 {
          configuration.diffusionTraining.distilledSteps = PresetLibrary.instantSteps
        }
        return configuration
      },
      assignments: steps.map { ["distilled_steps=\($0)"] } ?? [])
  }

  private func files(_ model: String) throws -> ModelFiles {
    var isFolder: ObjCBool = false
    let isFile =
      FileManager.default.fileExists(atPath: model, isDirectory: &isFolder) && !isFolder.boolValue
    return isFile
      ? try ModelFiles(model: nil, autoencoder: autoencoder, denoiser: model)
      : try ModelFiles(model: model, autoencoder: autoencoder)
  }
}
