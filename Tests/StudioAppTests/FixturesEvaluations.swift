import EvaluationKit
import Foundation
import RunKit
import StudioApp
import StudioKit
import VideoDiffusion

extension Fixtures {
  /// A score of a model, taken as in the paper unless told otherwise.
  static func report(
    _ metric: Metric = .frechetVideoDistance, _ value: Double,
    of model: ModelEntry = published, clips: Int = 2048, steps: Int = 100, day: Double = 0
  ) -> EvaluationReport {
    var taken = EvaluationProtocol(source: model.reference.name)
    taken.denoiser = .init(name: "ema_model.pth", hash: String(repeating: "4b", count: 32))
    taken.autoencoder = .init(name: "model_last.pth", hash: String(repeating: "9f", count: 32))
    taken.usesMovingAverage = true
    taken.request = GenerationRequest(
      firstSampler: SamplerConfiguration(steps: steps),
      laterSampler: SamplerConfiguration(steps: 20), seed: 7)
    taken.precision = "f32"
    if metric == .frechetVideoDistance {
      taken.data = "UCF-101"
      taken.dataLayout = "UCF-101"
      taken.split = "train"
      taken.realClips = clips
      taken.realClipSeed = 0
      taken.featureNetwork = .init(
        name: "i3d_pretrained_400.pt", hash: String(repeating: "c2", count: 32))
    }
    taken.generatedClips = clips
    taken.frames = metric == .drift ? 128 : 16
    taken.resolution = model.autoencoder?.resolution
    var report = EvaluationReport(
      metric: metric, protocol: taken, scores: [.init("FVD", value)],
      date: start.addingTimeInterval(day * 86_400), seconds: 5_520)
    report.version = "1.0"
    if metric == .drift {
      report.scores = [
        .init("largest colour drift", value), .init("contrast, last less first", -0.024),
        .init("seam against motion", 1.31, standardDeviation: 0.08),
      ]
      func curve(_ name: String, _ base: Double, _ slope: Double) -> EvaluationReport.Series {
        .init(name, (0..<8).map { base + slope * Double($0) })
      }
      report.series = [
        curve("red", 0.41, 0.004), curve("green", 0.45, 0.002), curve("blue", 0.56, -0.003),
        curve("contrast", 0.21, -0.004), curve("motion", 0.015, 0.0002),
        .init("seam", firstClip: 1, [1.2, 1.3, 1.25, 1.4, 1.35, 1.3, 1.38]),
      ]
    }
    return report
  }

  /// Scores of two models, the latest first.
  static let evaluations: [StoredEvaluation] = [
    report(.drift, 0.028, of: skies, clips: 16, day: 3),
    report(.frechetVideoDistance, 812.4, of: skies, clips: 64, steps: 20, day: 2),
    report(.frechetVideoDistance, 401.73, clips: 512, day: 1),
    report(.frechetVideoDistance, 343.58),
  ].enumerated().map { index, report in
    StoredEvaluation(
      id: EvaluationID(rawValue: Int64(4 - index)), report: report,
      folder: "/home/ada/evaluations/\(4 - index)")
  }

  /// An evaluation with all that it needs.
  static let evaluateTask: EvaluateTask = {
    var task = EvaluateTask(.frechetVideoDistance, of: skies.reference)
    task.data = "/data/skies"
    task.i3d = "/weights/i3d_pretrained_400.pt"
    task.clips = 64
    return task
  }()

  /// A state with scores, in which an evaluation is set up and has all that it needs.
  static var evaluatedState: AppState {
    var app = app
    app.evaluations = evaluations
    app.evaluation = evaluateTask
    app.evaluationCheck = .init(task: evaluateTask, unmet: [])
    return app
  }

  /// The unmet requirements of a distance of which nothing was given.
  static let unmetRequirements: [EvaluationRequirement] = [
    .init(
      .data, "no real videos were named",
      remedy: "Name a folder of videos, UCF-101 or SkyTimelapse"),
    .init(
      .i3d, "the weights of I3D (Kinetics-400 logits) are needed and none were named",
      remedy: "Give i3d_pretrained_400.pt: a PyTorch state dictionary with keys such as "
        + "Conv3d_1a_7x7.conv3d.weight. The authors' repository (sihyun-yu/PVDM) fetches it in "
        + "evals/fvd/download.py"),
  ]

  static func evaluationJob(_ id: Int64, _ state: JobState) -> Job {
    var job = Job(
      id: JobID(rawValue: id), task: .evaluate(evaluateTask), state: state,
      created: start.addingTimeInterval(Double(id)))
    if state != .waiting { job.started = start.addingTimeInterval(Double(id) * 100) }
    if state.isOver { job.ended = job.started?.addingTimeInterval(190) }
    return job
  }

  /// How far an evaluation is.
  static func evaluationProgress(_ id: Int64) -> JobProgress {
    var progress = JobProgress(
      job: JobID(rawValue: id), phase: .evaluating("generated clips"), clipCount: nil)
    progress.step = 12
    progress.stepCount = 64
    progress.secondsPerStep = 2.1
    progress.secondsLeft = 109
    progress.residentBytes = 1_900_000_000
    return progress
  }
}
