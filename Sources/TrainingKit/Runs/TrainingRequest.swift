import Foundation
import RunKit
import TensorCore
import VideoDiffusion

/// A new training as a person describes it: what is trained, on what, and with which settings.
public struct TrainingRequest: Sendable, Hashable, Codable {
  /// The stage.
  public var stage: TrainingStage
  /// The run's name, which is that of its folder.
  public var name: String
  /// A preset's name, or a configuration's file: TOML, or the authors' YAML.
  public var configuration: String
  /// Settings that differ from it, such as `steps=100` or `denoiser.heads=4`.
  public var overrides: [String]
  /// The folder of videos.
  public var dataPath: String
  /// The autoencoder whose latents the denoiser learns.
  public var autoencoderPath: String
  /// A network to begin with; empty for random parameters.
  public var initialPath: String
  /// Weights of LPIPS, and of VGG16 if they are not in the same file; empty takes what was fetched, if anything.
  public var perceptualWeights: String
  public var perceptualFeatures: String
  /// Threads; `nil` for all processors.
  public var threadCount: Int?
  /// What computes; `nil` for the processor.
  public var device: DeviceChoice?

  /// Describes a training.
  public init(
    stage: TrainingStage = .autoencoder, name: String = "",
    configuration: String = TrainingPreset.skies64.rawValue, overrides: [String] = [],
    dataPath: String = "", autoencoderPath: String = "", initialPath: String = "",
    perceptualWeights: String = "", perceptualFeatures: String = "", threadCount: Int? = nil,
    device: DeviceChoice? = nil
  ) {
    self.stage = stage
    self.name = name
    self.configuration = configuration
    self.overrides = overrides
    self.dataPath = dataPath
    self.autoencoderPath = autoencoderPath
    self.initialPath = initialPath
    self.perceptualWeights = perceptualWeights
    self.perceptualFeatures = perceptualFeatures
    self.threadCount = threadCount
    self.device = device
  }

  /// What computes, by the name that people use.
  public var deviceName: String {
    get { (device ?? .processor).description }
    set { device = DeviceChoice(newValue).flatMap { $0 == .processor ? nil : $0 } }
  }

  /// What the choice of a device comes to here, where it does not say so itself.
  public var deviceNote: String { device == .automatic ? DeviceChoice.automatic.deviceName : "" }

  /// The configuration with the settings that differ, and what to know about how it was read.
  ///
  /// - Throws: ``TrainingConfigurationError``; ``StudioError`` for a precision that the device lacks.
  public func load() throws -> (configuration: TrainingConfiguration, notes: [String]) {
    let isPreset = TrainingPreset(rawValue: configuration) != nil
    var (result, notes) = try TrainingConfiguration.load(
      isPreset ? configuration : Self.absolute(configuration))
    try result.apply(overrides, stage: stage)
    if device ?? .processor == .processor {
      try TrainingJob.checkProcessor(result[stage].precision)
    }
    return (result, notes)
  }

  /// A new run of this training.
  ///
  /// - Parameter configuration: What ``load()`` gave.
  public func job(
    _ configuration: TrainingConfiguration, runFolder: String, cacheFolder: String
  ) -> TrainingJob {
    func path(_ text: String) -> String? { text.isEmpty ? nil : text }
    var job = TrainingJob(
      stage: stage, configuration: configuration, dataPath: dataPath, runFolder: runFolder,
      cacheFolder: cacheFolder)
    job.autoencoderPath = path(autoencoderPath)
    job.initialPath = path(initialPath)
    job.perceptualWeights = path(perceptualWeights)
    job.perceptualFeatures = path(perceptualFeatures)
    job.threadCount = threadCount
    job.device = device ?? .processor
    return job
  }

  /// The same with absolute paths, a tilde expanded, for another time and another current folder.
  public var standardized: TrainingRequest {
    var result = self
    result.name = name.trimmingCharacters(in: .whitespaces)
    for path in [
      \TrainingRequest.dataPath, \.autoencoderPath, \.initialPath, \.perceptualWeights,
      \.perceptualFeatures,
    ] {
      result[keyPath: path] = Self.absolute(result[keyPath: path])
    }
    if TrainingPreset(rawValue: configuration) == nil {
      result.configuration = Self.absolute(configuration)
    }
    return result
  }

  private static func absolute(_ path: String) -> String {
    let path = path.trimmingCharacters(in: .whitespaces)
    guard !path.isEmpty else { return "" }
    return path.absolutePath
  }

  /// The command that does the training, or goes on with it: the words after the program's name.
  public func arguments(runFolder: String, cacheFolder: String) -> [String] {
    var words = ["train", stage.rawValue, "--resume", "--config", configuration]
    for (option, value) in [
      ("--data", dataPath), ("--output", runFolder), ("--cache", cacheFolder),
      ("--autoencoder", stage == .diffusion ? autoencoderPath : ""), ("--from", initialPath),
      ("--lpips", stage == .autoencoder ? perceptualWeights : ""),
      ("--vgg", stage == .autoencoder ? perceptualFeatures : ""),
      ("--threads", threadCount.map(String.init) ?? ""),
      ("--device", device?.description ?? ""),
    ] where !value.isEmpty { words += [option, value] }
    return words + overrides.flatMap { ["--set", $0] }
  }

  /// Checks what can be told without looking into files.
  ///
  /// - Throws: ``StudioError`` for a name that is none or a path that is missing.
  public func check() throws {
    guard Self.isName(name) else {
      throw StudioError(
        nil,
        .option(
          name: "the run's name", found: name.isEmpty ? "empty" : name,
          expected: "letters, digits, and - _ . between them"))
    }
    guard !dataPath.isEmpty else {
      throw StudioError(
        nil,
        .option(
          name: "the data to learn from", found: "not named",
          expected: "a folder of videos or of folders of frames, UCF-101 or SkyTimelapse"))
    }
    guard stage == .autoencoder || !autoencoderPath.isEmpty else {
      throw StudioError(
        nil,
        .option(
          name: "the autoencoder", found: "none",
          expected: "the checkpoint whose latents the denoiser is to learn"))
    }
    // A form keeps what was typed for the other stage, which is of no concern to this one.
    let networks =
      stage == .diffusion ? [autoencoderPath] : [perceptualWeights, perceptualFeatures]
    for path in networks + [initialPath]
    where !path.isEmpty && !FileManager.default.fileExists(atPath: path) {
      throw StudioError(path, .noSuchFile)
    }
  }

  private static func isName(_ name: String) -> Bool {
    guard let first = name.first, first.isLetter || first.isNumber, name.utf8.count <= 100 else {
      return false
    }
    return name.allSatisfy { $0.isLetter || $0.isNumber || "-_.".contains($0) }
  }
}
