import Foundation
import RunKit
import TensorCore
import VideoDiffusion

/// How an evaluation was done: all that a score depends on.
public struct EvaluationProtocol: Sendable, Hashable, Codable {
  /// A file of weights, named by its content.
  public struct WeightFile: Sendable, Hashable, Codable {
    /// The file's name.
    public var name: String
    /// SHA-256 of the file, 64 hexadecimal digits.
    public var hash: String

    /// Names a file.
    public init(name: String, hash: String) {
      self.name = name
      self.hash = hash
    }
  }

  /// Where the generated clips come from: a model's name, or a folder.
  public var source: String
  /// The model's denoiser, where a model generates.
  public var denoiser: WeightFile?
  /// The model's autoencoder.
  public var autoencoder: WeightFile?
  /// Whether the denoiser's weights are the moving average; `nil` where the file does not say.
  public var usesMovingAverage: Bool?
  /// How a model generates: samplers, guidance and the first seed; video i has the seed plus i.
  public var request: GenerationRequest?
  /// Precision of the model: `f32` or `bf16`.
  public var precision: String?
  /// Real videos: the folder's name.
  public var data: String?
  /// How the folder is laid out, for example UCF-101.
  public var dataLayout: String?
  /// The part of the real videos: `train`, `test` or `all`.
  public var split: String?
  /// Real clips.
  public var realClips: Int?
  /// The seed that chose them: videos in a random order, each from a random frame; `nil` in reports
  /// that took the first clips of the videos in the order of their names.
  public var realClipSeed: UInt64?
  /// Generated or reconstructed clips.
  public var generatedClips: Int?
  /// Frames of each clip.
  public var frames: Int?
  /// Side of the frames in pixels; `nil` where they were taken as they are.
  public var resolution: Int?
  /// The network that looks at the clips.
  public var featureNetwork: WeightFile?
  /// The channel weights of the perceptual distance.
  public var perceptualWeights: WeightFile?
  /// The features of the perceptual distance, where they are in a file of their own.
  public var perceptualFeatures: WeightFile?
  /// Splits of an inception score.
  public var splits: Int?
  /// The card that the networks computed on, whose numbers differ from the processor's in their last
  /// digits; `nil` for the processor.
  public var device: String?
  /// What was timed: the processor with its threads, or the card.
  public var machine: String?

  /// Begins the description of an evaluation.
  public init(source: String) { self.source = source }

  /// Notes what computes.
  mutating func note(_ device: DeviceChoice) {
    self.device = device.resolved == .processor ? nil : device.deviceName
  }

  /// Notes a model's files.
  mutating func note(_ model: ModelFiles, hashes: ModelHashes) {
    denoiser = hashes.denoiser
    autoencoder = hashes.autoencoder
    usesMovingAverage = model.denoiser.flatMap(Self.usesMovingAverage)
  }

  /// Told by the file or the keys that the weights stood under, else by the name of the file.
  private static func usesMovingAverage(_ file: NetworkFile) -> Bool? {
    if let kind = file.weightKind { return kind == .average }
    if file.dictionary.wrapper != nil { return false }
    return URL(filePath: file.path).lastPathComponent.lowercased().contains("ema") ? true : nil
  }

  // MARK: The paper

  /// Steps of the first and the later clips in the paper's tables.
  private static let publishedSteps = [[100, 20], [400, 400]]

  /// Something in which an evaluation can differ from the paper's.
  enum Aspect: Sendable, Hashable {
    /// How many real or generated clips there are, and which of the real ones are taken.
    case realClips, generatedClips, choice
    /// What the clips are like.
    case frames, resolution
    /// The real videos.
    case data
    /// How a model made them, and in what precision it works.
    case generation, precision
    /// What computed.
    case device
    /// It always differs, as a phrase says.
    case always(String)
  }

  /// In what this differs from how the paper measured, one phrase each.
  package func differences(from metric: Metric) -> [String] {
    metric.aspects.flatMap { aspect in
      switch aspect {
      case .realClips: countDifference("real", realClips, metric)
      case .generatedClips: countDifference("generated", generatedClips, metric)
      case .choice: choiceDifference
      case .frames: frameDifference(metric)
      case .resolution: resolutionDifference
      case .data: dataDifference
      case .generation: generationDifferences
      case .precision: precisionDifference
      case .device: deviceDifference
      case .always(let phrase): [phrase]
      }
    }
  }

  private func frameDifference(_ metric: Metric) -> [String] {
    if let frames, metric.publishedFrames.contains(frames) { return [] }
    return [
      "clips of \(Self.text(frames)) frames in place of \(metric.publishedFramesText)"
    ]
  }

  private func countDifference(_ name: String, _ count: Int?, _ metric: Metric) -> [String] {
    count == metric.publishedClips
      ? [] : ["\(Self.text(count)) \(name) clips in place of \(metric.usualClips)"]
  }

  private var choiceDifference: [String] {
    realClipSeed == nil
      ? ["real clips of the first videos by name, from their first frames, not of random ones"] : []
  }

  private var resolutionDifference: [String] {
    resolution == 256 ? [] : ["frames of \(Self.text(resolution)) pixels in place of 256"]
  }

  private var precisionDifference: [String] {
    precision == nil || precision == "f32" ? [] : ["precision \(Self.text(precision))"]
  }

  /// The card that the paper timed (Table 4).
  private static let publishedDevice = "RTX 3090 Ti"

  private var deviceDifference: [String] {
    guard let device else { return ["the paper measured on a GPU"] }
    return device.contains(Self.publishedDevice)
      ? [] : ["the paper measured on another GPU, an \(Self.publishedDevice)"]
  }

  private var dataDifference: [String] {
    let known = [DatasetLayoutName.ucf101, DatasetLayoutName.skyTimelapse]
    guard known.contains(dataLayout ?? "") else {
      return ["the data is neither UCF-101 nor SkyTimelapse"]
    }
    return split == "train" ? [] : ["the \(split ?? "unknown") part of the data"]
  }

  private var generationDifferences: [String] {
    guard let request else { return ["videos from a folder, made in an unknown way"] }
    var differences: [String] = []
    switch usesMovingAverage {
    case true: break
    case false: differences.append("weights that are not the moving average")
    default: differences.append("weights of which it is not known whether they are the average")
    }
    if request.firstSampler.method != .ddim || request.firstSampler.spacing != .published {
      differences.append("the sampler \(request.firstSampler.method.rawValue)")
    }
    let steps = [request.firstSampler.steps, request.laterSampler.steps]
    let hasLaterClips = (frames ?? 0) > 16
    if !Self.publishedSteps.contains(where: { hasLaterClips ? $0 == steps : $0[0] == steps[0] }) {
      differences.append("steps \(steps[0])/\(steps[1]) in place of 100/20 or 400/400")
    }
    if request.firstSampler.eta != 1 { differences.append("eta \(request.firstSampler.eta)") }
    if request.firstSampler.recomputesNoise
      || (hasLaterClips && request.laterSampler.recomputesNoise)
    {
      differences.append("noise computed again after the clamp")
    }
    if hasLaterClips { differences += continuationDifferences(request) }
    if request.variation != nil { differences.append("noise turned towards that of another seed") }
    if request.ordersPlanes {
      differences.append("first clips put right where planes were exchanged")
    }
    return differences + precisionDifference
  }

  /// What does nothing to clips that are made from nothing.
  private func continuationDifferences(_ request: GenerationRequest) -> [String] {
    var differences: [String] = []
    if request.guidanceScale != 0 {
      differences.append("guidance \(request.guidanceScale)")
      if request.guidanceInterval != .all {
        differences.append(
          "guidance from \(request.guidanceInterval.start) to \(request.guidanceInterval.end) of "
            + "the steps")
      }
    }
    if request.reencodesCondition { differences.append("clips encoded again before the next") }
    if request.seamFade > 0 {
      differences.append("seams faded over \(request.seamFade) frames")
    }
    return differences
  }

  private static func text(_ value: (some CustomStringConvertible)?) -> String {
    value.map(\.description) ?? "unknown"
  }
}

/// The weights of a model, named by content.
public struct ModelHashes: Sendable, Hashable {
  /// The denoiser, where there is one.
  public let denoiser: EvaluationProtocol.WeightFile?
  /// The autoencoder, where there is one.
  public let autoencoder: EvaluationProtocol.WeightFile?

  /// Reads both files.
  ///
  /// - Throws: `CheckpointError` if one cannot be read, `CancellationError` when asked to stop.
  public init(_ model: ModelFiles, stop: StopSignal) throws {
    denoiser = try model.denoiser.map { try Self.file($0.path, stop) }
    autoencoder = try model.autoencoder.map { try Self.file($0.path, stop) }
  }

  /// The name and hash of one file.
  package static func file(_ path: String, _ stop: StopSignal) throws
    -> EvaluationProtocol.WeightFile
  {
    let hash = try CheckpointHash.sha256(of: path) { _, _ in
      if stop.moment > .never { throw CancellationError() }
    }
    return .init(name: URL(filePath: path).lastPathComponent, hash: hash)
  }
}
