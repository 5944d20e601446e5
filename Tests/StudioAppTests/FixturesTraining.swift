import Foundation
import MediaIO
import RunKit
import StudioApp
import StudioKit
import TerminalUI
import TrainingKit
import VideoDiffusion

extension Fixtures {
  static let trainings = "/home/ada/.local/share/pvdm/studio/training"

  /// A configuration that stays as it is when presets change.
  static let trainingConfiguration: TrainingConfiguration = {
    let autoencoder = AutoencoderConfiguration(
      resolution: 64, patchSide: 4, width: 128, layers: 3, headCount: 4)
    let stage = StageSettings(
      steps: 2500, batch: 4, learningRate: 1e-3, decay: .cosine, seed: 1, sampleInterval: 500)
    return TrainingConfiguration(
      autoencoder: autoencoder,
      denoiser: DenoiserConfiguration(
        geometry: autoencoder.geometry, baseWidth: 64, widthMultipliers: [1, 2, 2],
        attentionFactors: [2, 4], headCount: 4),
      autoencoderTraining: AutoencoderTrainingSettings(stage: stage),
      diffusionTraining: DiffusionTrainingSettings(stage: stage))
  }()

  /// A history whose loss falls from step to step, with a little noise.
  static func history(steps: Int, interval: Int = 10) -> TrainingHistory {
    TrainingHistory(
      stride(from: interval, through: max(steps, interval), by: interval).map { step in
        let noise = Double((step * 37) % 11) / 11 - 0.5
        let loss = 0.9 / (1 + Double(step) / 60) + 0.03 + 0.02 * noise
        return TrainingHistory.Point(
          step: step,
          values: [
            "loss": 4 * loss, "l1": loss, "learning_rate": 1e-3, "gradient_norm": 0.8 + noise / 4,
            "seconds_per_step": 0.5, "clips_per_second": 8, "resident_bytes": 1.2e9,
          ])
      })
  }

  /// A run of the first stage that did some of its steps.
  static func trainingRun(
    _ name: String = "autoencoder-1", _ stage: TrainingStage = .autoencoder, steps: Int = 1200
  ) -> TrainingRunEntry {
    let scores = stride(from: 500, through: steps, by: 500).map { step in
      TrainingHistory.Point(
        step: step,
        values: [
          stage == .autoencoder ? "psnr" : "validation_loss":
            stage == .autoencoder ? 18 + Double(step) / 200 : 0.4
        ])
    }
    let folder = "\(trainings)/\(name)"
    return TrainingRunEntry(
      path: folder, stage: stage, configuration: trainingConfiguration,
      dataPath: "/data/skies", finishedSteps: steps,
      history: steps == 0 ? TrainingHistory() : history(steps: steps),
      scores: TrainingHistory(scores),
      samplePath: scores.isEmpty ? nil : "\(folder)/samples/step-00000500.mp4",
      weightsPath: scores.isEmpty ? nil : "\(folder)/autoencoder.safetensors",
      created: start.addingTimeInterval(Double(steps)))
  }

  /// A new training that is set up.
  static let trainingRequest = TrainingRequest(
    name: "autoencoder-1", configuration: "published", dataPath: "/data/skies")

  /// The job of a run.
  static func trainingJob(
    _ id: Int64, _ state: JobState, _ name: String = "autoencoder-1",
    request: TrainingRequest? = trainingRequest
  ) -> Job {
    let task = TrainTask(runFolder: "\(trainings)/\(name)", request: request)
    var job = Job(
      id: JobID(rawValue: id), task: .train(task), state: state, created: start)
    if state != .waiting { job.started = start }
    if state.isOver { job.ended = start.addingTimeInterval(700) }
    return job
  }

  /// How far a run is that took 1200 steps.
  static let trainingProgress = TrainingProgress(
    step: 1210, steps: 2500,
    losses: [NamedNumber("loss", 0.2731), NamedNumber("l1", 0.0683)], learningRate: 6.4e-4,
    gradientNorm: 0.82, secondsPerStep: 0.51, clipsPerSecond: 7.84, secondsLeft: 658,
    residentBytes: 1_240_000_000, skippedClips: 2)

  /// A run at work.
  static func trainingWatch(_ events: [TrainingEvent], steps: Int = 1200) -> TrainingWatch {
    var watch = TrainingWatch(job: JobID(rawValue: 7), run: trainingRun(steps: steps))
    for event in events { watch.take(event) }
    return watch
  }

  /// A state in which a run is trained and another is there from before.
  static var trainingState: AppState {
    var app = app
    app.jobs = [trainingJob(7, .running)]
    app.training = trainingWatch([
      .notes(["no weights of LPIPS are given, so that the perceptual loss is left out"]),
      .began(
        TrainingStart(
          finishedSteps: 0, steps: 2500, parameterCount: 1_412_000, trainingVideos: 630,
          heldOutVideos: 70, clipsPerStep: 4)),
      .progress(trainingProgress), .checkpoint(step: 1000, path: "/checkpoint"),
    ])
    app.trainingRuns = [
      trainingRun(steps: 1000), trainingRun("older", steps: 2500),
      trainingRun("denoiser-1", .diffusion, steps: 700),
    ]
    app.trainingSample = sample(trainingRun().samplePath ?? "")
    return app
  }

  /// A video of two pictures side by side.
  static func sample(_ path: String) -> AppState.SampleView {
    let images = (0..<16).map { frame in
      var image = RGBImage(width: 34, height: 16, fill: (0, 0, 0))
      image.paste(Self.images()[frame], x: 0, y: 0)
      image.paste(Self.images(1)[frame], x: 18, y: 0)
      return image
    }
    return AppState.SampleView(TrainingSample(path: path, framesPerSecond: 8, images: images))
  }

  /// What is known of ``trainingRequest``.
  static var preparation: TrainingPreparation {
    var preparation = TrainingPreparation()
    preparation.configuration = trainingConfiguration
    preparation.parameterCount = 1_412_000
    preparation.stateBytes = 1_412_000 * 16
    preparation.trainingVideos = 630
    preparation.heldOutVideos = 70
    preparation.notes = ["Without weights of LPIPS the perceptual loss is left out"]
    return preparation
  }
}
