import CheckpointIO
import Foundation
import MessagePassing
import NeuralLayers
import RunKit
import TensorCore
import VideoDiffusion

/// A training to be done, or to go on: what is trained, on what, and where it is kept.
public struct TrainingJob: Sendable {
  /// The stage.
  public var stage: TrainingStage
  /// The networks and how they are trained. In the second stage the autoencoder's settings are those of
  /// the one that is given.
  public var configuration: TrainingConfiguration
  /// The folder of videos.
  public var dataPath: String
  /// The run's folder; see ``TrainingRunSummary`` for what it holds.
  public var runFolder: String
  /// The checkpoint of the autoencoder whose latents are learnt, in the second stage.
  public var autoencoderPath: String?
  /// A network to begin with in place of random parameters; the first phase's, for the second.
  public var initialPath: String?
  /// Weights of LPIPS (`vgg.pth`); without them the perceptual loss is left out.
  public var perceptualWeights: String?
  /// VGG16's weights (`vgg16-397923af.pth`), if they are not in the same file.
  public var perceptualFeatures: String?
  /// What computes. The same device gives the same weights.
  public var device = DeviceChoice.processor
  /// Threads of the processor; `nil` for all. The same number gives the same weights.
  public var threadCount: Int?
  /// Where latents and what is found out about videos are kept.
  public var cacheFolder: String
  /// Whether the run is there and goes on.
  public var resumes = false
  /// The ranks that do the training together, each with the same job; `nil` for one alone. The first writes
  /// what the run leaves behind.
  public var ranks: (any Communicator)?

  /// Describes a new run.
  ///
  /// - Parameter cacheFolder: Where latents and what is found out about videos are kept.
  public init(
    stage: TrainingStage, configuration: TrainingConfiguration, dataPath: String,
    runFolder: String, cacheFolder: String = StudioFolders().cache
  ) {
    self.stage = stage
    self.configuration = configuration
    self.dataPath = dataPath
    self.runFolder = runFolder
    self.cacheFolder = cacheFolder
  }

  /// Describes a run that goes on, as its folder says it.
  ///
  /// - Throws: ``TrainingError`` if the folder holds no run or a damaged one, and what a damaged
  ///   configuration throws.
  public init(resuming runFolder: String, cacheFolder: String = StudioFolders().cache) throws {
    let folder = TrainingRunFolder(path: runFolder)
    let record = try folder.readRecord()
    self.init(
      stage: record.stage,
      configuration: try TrainingConfiguration(ofRun: folder.configuration),
      dataPath: record.data, runFolder: runFolder, cacheFolder: record.cache ?? cacheFolder)
    autoencoderPath = record.autoencoder
    initialPath = record.initial
    perceptualWeights = record.perceptualWeights
    perceptualFeatures = record.perceptualFeatures
    threadCount = record.threads
    device = try record.deviceChoice(in: runFolder)
    resumes = true
  }

  /// Divides processors among the ranks that share them, where no number of threads was chosen.
  ///
  /// - Throws: `CommunicationError`.
  public mutating func divideProcessors() async throws {
    guard ranks != nil, threadCount == nil else { return }
    threadCount = try await ProcessorShare.threadCount(among: ranks)
  }

  /// Checks that the run that goes on has the settings of a configuration, with some changed in both.
  ///
  /// - Throws: ``TrainingError`` if it has others, and what assignments that are none throw.
  public func checkSettings(
    of named: TrainingConfiguration, changing assignments: [String]
  ) throws {
    var (known, named) = (configuration, named)
    try known.apply(assignments, stage: stage)
    try named.apply(assignments, stage: stage)
    // The autoencoder's settings are those of the second stage's file, whatever was named.
    let tables: [TrainingSetting.Table] =
      stage == .autoencoder
      ? [.autoencoder, .autoencoderTraining] : [.denoiser, .diffusionTraining]
    for setting in tables.flatMap(TrainingSetting.settings(of:))
    where setting.value(in: known) != setting.value(in: named) {
      throw TrainingError(runFolder, .otherConfiguration(setting: setting.name))
    }
  }

  /// The number of threads that is used.
  var resolvedThreadCount: Int {
    min(max(1, threadCount ?? .max), Processor.availableCount)
  }

  /// Checks that what is to compute can do so.
  ///
  /// - Throws: ``StudioError`` for a card and several ranks, or for a processor and TF32.
  func checkDevice() throws {
    if device.resolved == .processor { try Self.checkProcessor(configuration[stage].precision) }
    guard ranks != nil, device.resolved != .processor else { return }
    throw StudioError(
      nil,
      .option(
        name: "--device", found: "\(device) for a training of several ranks",
        expected: "cpu: gradients are shared among processors alone"))
  }

  /// Checks that a processor computes in a precision.
  ///
  /// - Throws: ``StudioError`` for TF32.
  static func checkProcessor(_ precision: Precision) throws {
    guard precision == .tensorFloat32 else { return }
    throw StudioError(
      nil,
      .option(
        name: "the precision", found: "tf32 on the processor",
        expected: "f32 or bf16, or a graphics processor as the device"))
  }

  /// What a run that goes on is told where it does so on another device; `nil` for the same.
  ///
  /// - Parameter known: The name of the device that computed last.
  func deviceNote(since known: String?) -> String? {
    let processor = DeviceChoice.processor.description
    guard resumes, known ?? processor != device.deviceName else { return nil }
    return
      "the steps so far were computed by \(known ?? processor), and those that follow by "
      + "\(device.deviceName): the weights will differ in their last digits from those of a run that stays"
  }

  /// How gradients are shared among ranks.
  var sharing: GradientSharing? {
    ranks.map { GradientSharing($0, elementType: configuration[stage].gradientType.elementType) }
  }

  /// Takes the weights that the user fetched for a new run: those of LPIPS where a perceptual loss is wanted and none
  /// are named, VGG16's where what is named of LPIPS lacks them.
  public mutating func takeFetchedWeights(from library: WeightLibrary = WeightLibrary()) {
    guard !resumes, wantsPerceptualLoss else { return }
    (perceptualWeights, perceptualFeatures) = library.completing(
      (perceptualWeights, perceptualFeatures), side: configuration.autoencoder.resolution)
  }

  private var wantsPerceptualLoss: Bool {
    stage == .autoencoder && configuration.autoencoderTraining.weights.perceptual > 0
  }

  /// The weights of the perceptual loss, if it is a part of the whole, and VGG16's if they are in another file.
  var perceptual: (weights: String, features: String?)? {
    wantsPerceptualLoss ? perceptualWeights.map { ($0, perceptualFeatures) } : nil
  }

  /// What is left out for want of weights: a sentence without a full stop; `nil` if nothing is.
  public var perceptualNote: String? {
    guard wantsPerceptualLoss, perceptualWeights == nil else { return nil }
    return
      "no weights of LPIPS are given, so that the perceptual loss is left out; "
      + (resumes ? "--lpips names some" : "\"pvdm weights fetch lpips\" brings some")
  }

  /// Which world trains, for the log; `nil` for one alone.
  var ranksNote: String? {
    guard let ranks else { return nil }
    let type = configuration[stage].gradientType
    return
      "\(ranks.size) ranks train together, by \(ranks.library), with gradients in \(type.rawValue)"
  }

  /// Trains until the last step, or until it is asked to stop.
  ///
  /// - Parameters:
  ///   - stop: Ends the run after the step in progress; it is saved and can go on.
  ///   - report: Called in order with what happens.
  ///   - now: The time, for the log.
  /// - Throws: ``TrainingError``, `DatasetError`, ``ModelError``, `CheckpointError` or
  ///   ``StudioError``; the last checkpoint is still there then. `CancellationError` if it was stopped
  ///   before the first step.
  public func run(
    stop: StopSignal = StopSignal(),
    report: @escaping @Sendable (TrainingEvent) -> Void = { _ in },
    now: @escaping @Sendable () -> Date = { Date() }
  ) async throws -> TrainingOutcome {
    var run = TrainingRun(self, stop: stop, report: report, now: now)
    return try await run.perform()
  }
}
