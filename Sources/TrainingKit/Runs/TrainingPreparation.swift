import Foundation
import RunKit
import TrainingData
import VideoDiffusion

/// What can be told of a training before it begins.
public struct TrainingPreparation: Sendable, Hashable, Codable {
  /// The configuration; `nil` if it cannot be read.
  public var configuration: TrainingConfiguration?
  /// What to know: how a file was read, what is left out. Sentences without full stops.
  public var notes: [String] = []
  /// What keeps it from beginning; `nil` if nothing does.
  public var problem: Notice?
  /// Numbers that are trained, those of discriminators not counted.
  public var parameterCount: Int?
  /// Bytes of weights, gradients, both moments of the optimiser, and the moving average. Features come
  /// on top, and are known only once a step was taken.
  public var stateBytes: Int?
  /// Videos to learn from, and videos held out.
  public var trainingVideos: Int?
  public var heldOutVideos: Int?
  /// Seconds of a step and memory, and the run in which they were measured.
  public var measured: Measurement?

  /// What a run with the same networks and batches took on this machine.
  public struct Measurement: Sendable, Hashable, Codable {
    public var run: String
    public var secondsPerStep: Double
    public var residentBytes: Int?

    /// A measurement.
    public init(run: String, secondsPerStep: Double, residentBytes: Int? = nil) {
      self.run = run
      self.secondsPerStep = secondsPerStep
      self.residentBytes = residentBytes
    }
  }

  /// Nothing is known.
  public init() {}

  /// Looks at everything that a training needs, the dataset included.
  ///
  /// - Parameters:
  ///   - request: The training.
  ///   - runs: Runs on this machine, for what their steps took.
  ///   - cacheFolder: Where what is found out about videos is kept.
  ///   - weights: The weights of others that the user fetched.
  public init(
    _ request: TrainingRequest, runs: [TrainingRunEntry], cacheFolder: String,
    weights: WeightLibrary = WeightLibrary()
  ) {
    let request = request.standardized
    do {
      var (configuration, notes) = try request.load()
      self.configuration = configuration
      self.notes = notes
      if request.stage == .diffusion, !request.autoencoderPath.isEmpty {
        try configuration.take(
          NetworkFile(
            path: ModelFiles.file(request.autoencoderPath, .autoencoder), preferring: .autoencoder))
        self.configuration = configuration
      }
      describe(configuration, request.stage, runs)
      try request.check()
      var job = request.job(configuration, runFolder: "", cacheFolder: cacheFolder)
      job.takeFetchedWeights(from: weights)
      if let weights = job.perceptualWeights, request.perceptualWeights.isEmpty {
        self.notes.append("the perceptual loss is by the LPIPS that was fetched, \(weights)")
      }
      self.notes += [job.perceptualNote].compactMap { $0 }
      let dataset = try VideoDataset(root: request.dataPath, cacheFolder: cacheFolder)
      trainingVideos = try dataset.videos(in: .train).count
      heldOutVideos = dataset.videos.count { $0.split == .test }
      if let first = dataset.broken.first {
        self.notes.append(
          "\(dataset.broken.count) of the files cannot be read and are passed over, such as "
            + first.path)
      }
      if let first = dataset.damaged.first {
        self.notes.append(
          "\(dataset.damaged.count) of the files are damaged and used as far as they can be read, "
            + "such as \(first.path)")
      }
      self.notes += dataset.warnings
    } catch {
      problem = Notice(error)
    }
  }

  private mutating func describe(
    _ configuration: TrainingConfiguration, _ stage: TrainingStage, _ runs: [TrainingRunEntry]
  ) {
    let shapes =
      stage == .autoencoder
      ? configuration.autoencoder.parameters : configuration.denoiser.parameters
    let count = shapes.reduce(0) { $0 + $1.count }
    parameterCount = count
    let copies = configuration[stage].averageDecay > 0 ? 5 : 4
    stateBytes = count * copies * MemoryLayout<Float>.size
    let alike = runs.filter { $0.hasSteps(like: configuration, stage) }
      .filter { $0.secondsPerStep != nil }
    guard let latest = alike.max(by: { $0.created < $1.created }),
      let seconds = latest.secondsPerStep
    else { return }
    measured = Measurement(
      run: latest.name, secondsPerStep: seconds,
      residentBytes: latest.history.last("resident_bytes").map { Int($0) })
  }
}
