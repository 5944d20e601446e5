import Foundation
import RunKit
import TrainingData
import VideoDiffusion

/// An evaluation as a person chooses it in the studio, and as the queue keeps it.
public struct EvaluateTask: Sendable, Hashable, Codable {
  /// A part of the real videos.
  public enum Part: String, Sendable, Hashable, Codable, CaseIterable {
    case train, test, all

    /// The part; `nil` for all.
    public var split: DatasetSplit? { DatasetSplit(rawValue: rawValue) }
  }

  /// What is measured.
  public var metric: Metric
  /// The model that is judged; `nil` judges the videos in a folder.
  public var model: ModelReference?
  /// The folder of videos that are judged where no model is; empty for none.
  public var videos = ""
  /// The folder of real videos; empty for none.
  public var data = ""
  /// The part of the real videos.
  public var part = Part.train
  /// Clips of each set.
  public var clips: Int
  /// Frames of each clip, or of each video whose drift is measured.
  public var frames: Int
  /// Side that frames of folders are cropped and resized to; `nil` takes the model's, or frames as they
  /// are.
  public var resolution: Int?
  /// Splits of an inception score.
  public var splits = 10
  /// Weights of I3D and of C3D; empty for none.
  public var i3d = ""
  public var c3d = ""
  /// Weights of the perceptual distance, and VGG16's for it; empty for none.
  public var perceptualWeights = ""
  public var perceptualFeatures = ""
  /// How a model generates. The first video has this seed; clips follow from `frames`.
  public var settings = GenerationSettings()
  /// Videos that a model makes at once.
  public var batch = 1

  /// An evaluation with as many clips and frames as are usual.
  public init(_ metric: Metric, of model: ModelReference?) {
    self.metric = metric
    self.model = model
    clips = metric.usualClips
    frames = metric.usualFrames
  }

  /// What people call what is judged.
  public var sourceName: String {
    model?.name ?? URL(filePath: videos).lastPathComponent
  }

  /// Whether videos are generated for it.
  public var generates: Bool { model != nil && metric.judged != .autoencoder }

  // MARK: Doing it

  /// The same with absolute paths: the queue may go on in another folder.
  package var standardized: EvaluateTask {
    var task = self
    for path in EvaluationInput.allCases.compactMap(\.path) where !task[keyPath: path].isEmpty {
      task[keyPath: path] = task[keyPath: path].absolutePath
    }
    return task
  }

  /// The evaluation with its files opened.
  ///
  /// - Parameter weights: Those that the user fetched.
  /// - Throws: What ``check(_:)`` throws, `ModelError` or `CheckpointError` for a damaged checkpoint.
  package func job(
    cacheFolder: String, outputFolder: String, weights: WeightLibrary
  ) throws -> EvaluationJob {
    try check(weights)
    let source: EvaluationJob.Source =
      if let model {
        .model(
          try ModelFiles(
            model: nil, autoencoder: model.autoencoder,
            denoiser: metric.judged == .autoencoder ? nil : model.denoiser),
          settings.request(sampleCount: batch))
      } else {
        .folder(videos)
      }
    var job = EvaluationJob(
      metric, of: source, cacheFolder: cacheFolder, outputFolder: outputFolder)
    func given(_ path: String) -> String? { path.isEmpty ? nil : path }
    job.modelName = model?.name
    job.dataPath = metric.takes(.data) ? given(data) : nil
    job.split = part.split
    job.clips = clips
    job.frames = frames
    job.resolution = model == nil ? resolution : nil
    job.featureWeights = given(metric.takes(.c3d) ? c3d : i3d)
    job.perceptualWeights = given(perceptualWeights)
    job.perceptualFeatures = given(perceptualFeatures)
    job.splits = splits
    job.precision = settings.precision
    job.device = settings.device
    job.threadCount = settings.threadCount
    job.takeFetchedWeights(from: weights)
    return job
  }
}

extension EvaluateTask {
  /// The weights that the user fetched, where this would take them in place of some that are named.
  public func fetched(_ input: EvaluationInput, in library: WeightLibrary) -> String? {
    guard metric.takesFetched(input) else { return nil }
    return input.fetchedWeights.flatMap { library.found($0) }
  }
}
