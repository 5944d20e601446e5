import CheckpointIO
import Foundation
import NeuralLayers
import TensorCore

/// A checkpoint of one of the two networks, understood but not loaded.
public struct NetworkFile: Sendable {
  /// The checkpoint's path, as the caller gave it.
  public let path: String
  /// What the checkpoint holds.
  public let network: Network
  /// How it was read: wrappers used, prefixes dropped, defaults assumed. For the user to see.
  public private(set) var notes: [String]
  /// The networks that the checkpoint holds, this one among them.
  public private(set) var presentKinds: [NetworkKind] = []
  /// Which weights of a training these are, where the file tells.
  public let weightKind: WeightKind?
  /// Steps of the training behind the weights, where the file tells.
  public let trainedSteps: Int?
  /// Steps that a denoiser was distilled to sample in; `nil` for one that can take any number.
  public let distilledSteps: Int?
  /// Numbers in the weights of the network.
  public let parameterCount: Int
  /// The types the weights are stored in, and how many tensors have each.
  public let storedTypes: [ElementType: Int]
  /// The opened file.
  public let checkpoint: Checkpoint
  /// The weights under the names of the network.
  public let dictionary: StateDictionary

  /// A network with its configuration.
  public enum Network: Sendable, Hashable {
    case autoencoder(AutoencoderConfiguration)
    case denoiser(DenoiserConfiguration)
  }

  /// Which network it is.
  public var kind: NetworkKind {
    switch network {
    case .autoencoder: .autoencoder
    case .denoiser: .denoiser
    }
  }

  /// The planes of the network's latents.
  public var geometry: PlaneGeometry {
    switch network {
    case .autoencoder(let configuration): configuration.geometry
    case .denoiser(let configuration): configuration.geometry
    }
  }

  /// The names of both networks, the preferred first where a file holds both.
  public static func weightNames(preferring kind: NetworkKind = .denoiser) -> [WeightNames] {
    order(kind).map(\.weightNames)
  }

  private static func order(_ kind: NetworkKind) -> [NetworkKind] {
    kind == .denoiser ? [.denoiser, .autoencoder] : [.autoencoder, .denoiser]
  }

  /// Buffers that are in the authors' files without being weights.
  static let buffers: Set<String> = ["coords", "zeros"]

  /// Reads the directory of a checkpoint and works out what it holds, without loading weights.
  ///
  /// The weights are found by the network's own names, wherever they stand in the checkpoint; a moving average
  /// of them comes first, since it is what the paper samples with. The configuration comes from this
  /// package's own metadata, else from a configuration file, else from the shapes of the weights.
  ///
  /// - Parameters:
  ///   - path: A .pth or .safetensors file, one of several that make up a checkpoint, or their index.
  ///   - configurationPath: A `config.json` or YAML file; `nil` looks beside the checkpoint, and passes
  ///     over files of other programs and networks.
  ///   - wrapper: The keys of the weights to use, joined by dots; `nil` takes the best.
  ///   - kind: The network to take if the file holds both; the other is taken if it is alone.
  ///   - frames: Frames of a denoiser's clips, where nothing else says it.
  ///   - companion: The planes of the autoencoder that a denoiser is used with; they stand in for what
  ///     is stated nowhere.
  /// - Throws: ``CheckpointError`` for a damaged file, ``ModelError`` for one that is no network of
  ///   PVDM or whose configuration disagrees with it.
  public init(
    path: String, configurationPath: String? = nil, wrapper: String? = nil,
    preferring kind: NetworkKind = .denoiser, frames: Int? = nil, companion: PlaneGeometry? = nil
  ) throws {
    let checkpoint = try Checkpoint(contentsOf: path)
    var stated = DenoiserSettings()
    stated.frames = frames
    if let state = try TrainingState.dictionary(in: checkpoint, wrapper: wrapper) {
      let found: NetworkKind = state["time_embed.0.weight"] == nil ? .autoencoder : .denoiser
      try self.init(
        checkpoint, state, found, path: path, configurationPath: configurationPath, stated: stated,
        companion: companion)
      presentKinds = [found]
      return
    }
    let dictionary: StateDictionary
    do throws(CheckpointError) {
      dictionary = try StateDictionary(
        in: checkpoint, networks: Self.weightNames(preferring: kind), wrapper: wrapper)
    } catch {
      guard case .noNetwork(let groups, let names) = error.kind else { throw error }
      throw ModelError(path: path, .unknownNetwork(keys: names, groups: groups))
    }
    let kinds = Self.order(kind)
    try self.init(
      checkpoint, dictionary, kinds[dictionary.network], path: path,
      configurationPath: configurationPath, stated: stated, companion: companion)
    presentKinds = dictionary.presentNetworks.map { kinds[$0] }
    if let other = presentKinds.first(where: { $0 != self.kind }), wrapper == nil {
      notes.append("took \(self.kind.phrase); the file holds \(other.phrase) too")
    }
  }

  /// All networks that a file holds: one, or both if it is of a whole training.
  ///
  /// - Throws: as `init`, for whichever network cannot be read.
  public static func networks(
    path: String, configurationPath: String? = nil
  ) throws -> [NetworkFile] {
    let first = try NetworkFile(
      path: path, configurationPath: configurationPath, preferring: .autoencoder)
    guard first.presentKinds.count > 1 else { return [first] }
    let denoiser = try NetworkFile(
      path: path, configurationPath: configurationPath, companion: first.geometry)
    return [denoiser, first]
  }

  private init(
    _ checkpoint: Checkpoint, _ dictionary: StateDictionary, _ kind: NetworkKind, path: String,
    configurationPath: String?, stated: DenoiserSettings, companion: PlaneGeometry?
  ) throws {
    self.path = path
    self.checkpoint = checkpoint
    self.dictionary = dictionary
    let shapes = NetworkShapes(
      shapes: Dictionary(
        dictionary.tensors.map { ($0.name, $0.entry.shape) },
        uniquingKeysWith: { first, _ in first }))
    var notes = dictionary.notes
    let side: WeightOrigin?
    do {
      let file: ConfigurationFile?
      switch kind {
      case .autoencoder:
        let configuration = try shapes.autoencoder()
        try configuration.validate()
        file = try ConfigurationFile.found(
          configurationPath, beside: path, for: kind, &notes
        ) { try $0.check(configuration) }
        network = .autoencoder(configuration)
      case .denoiser:
        let (weights, tokenCount) = try shapes.denoiser()
        let own = try DenoiserSettings(metadata: checkpoint.metadata)
          .joined(with: stated, from: "the file's metadata", against: "the command")
        var settings = own
        file = try ConfigurationFile.found(
          configurationPath, beside: path, for: kind, &notes
        ) {
          try $0.check(weights)
          settings = try $0.settings(for: weights)
            .joined(with: own, from: $0.path, against: "the file's metadata or the command")
        }
        let configuration = try settings.complete(
          weights, tokenCount: tokenCount, companion: companion, &notes)
        try configuration.validate()
        network = .denoiser(configuration)
      }
      if let file { notes.append("read settings from \(file.path)") }
      // A configuration of a whole folder says nothing of one file's weights.
      side = file?.path == ConfigurationFile.ownPath(beside: path) ? file?.origin : nil
    } catch let error as ModelError where error.path == nil {
      throw ModelError(path: path, error.problem)
    }
    self.notes = notes
    let origin = WeightOrigin(metadata: checkpoint.metadata)
    let isRaw = dictionary.wrapper.map(TrainingState.isRaw) ?? false
    weightKind =
      side?.kind ?? (dictionary.isMovingAverage ? .average : isRaw ? .raw : origin.kind)
    trainedSteps =
      side?.steps ?? origin.steps ?? TrainingState.steps(in: checkpoint)
      ?? Self.stepKeys.lazy.compactMap { checkpoint.root[$0]?.integer }.first
    distilledSteps = kind == .denoiser ? side?.distilledSteps ?? origin.distilledSteps : nil
    let weights = dictionary.tensors.filter { !Self.buffers.contains($0.name) }
    parameterCount = weights.reduce(0) { $0 + $1.entry.elementCount }
    storedTypes = Dictionary(grouping: weights, by: \.entry.elementType).mapValues(\.count)
  }

  /// Metadata that carries what the shapes do not tell, for files that this package writes.
  public var metadata: [String: String] {
    Self.metadata(
      of: network,
      WeightOrigin(kind: weightKind, steps: trainedSteps, distilledSteps: distilledSteps))
  }

  /// Keys under which training scripts put the number of steps.
  private static let stepKeys = ["step", "steps", "global_step", "iteration"]

  /// The same for weights of an origin.
  static func metadata(of network: Network, _ origin: WeightOrigin) -> [String: String] {
    switch network {
    case .autoencoder: origin.metadata
    case .denoiser(let configuration):
      origin.metadata.merging(DenoiserSettings(configuration).metadata) { own, _ in own }
    }
  }

  /// The same as a configuration beside a file that has no place for metadata: one JSON object.
  package var configurationText: String {
    var lines: [String] = []
    switch network {
    case .autoencoder(let configuration):
      lines = [
        #""resolution": \#(configuration.resolution)"#, #""channels": \#(configuration.width)"#,
        #""timesteps": \#(configuration.frames)"#,
      ]
    case .denoiser(let configuration):
      lines.append(#""model_channels": \#(configuration.baseWidth)"#)
      if let width = configuration.headWidth {
        lines.append(#""num_head_channels": \#(width)"#)
      } else {
        lines.append(#""num_heads": \#(configuration.headCount)"#)
      }
      lines += [
        #""use_new_attention_order": \#(configuration.newAttentionOrder)"#,
        #""image_size": \#(configuration.geometry.side)"#,
        #""frames": \#(configuration.geometry.frames)"#,
      ]
      if configuration.prediction != .noise {
        lines.append(#""prediction": "\#(configuration.prediction.rawValue)""#)
      }
    }
    if let weightKind { lines.append(#""weights": "\#(weightKind.rawValue)""#) }
    if let distilledSteps { lines.append(#""distilled_steps": \#(distilledSteps)"#) }
    if let trainedSteps { lines.append(#""trained_steps": \#(trainedSteps)"#) }
    return "{\n  " + lines.joined(separator: ",\n  ") + "\n}\n"
  }

  /// Where such a configuration is looked for.
  package static func configurationPath(beside path: String) -> String {
    ConfigurationFile.ownPath(beside: path)
  }
}

extension NetworkFile {
  /// Loads an autoencoder's weights.
  ///
  /// - Throws: ``ModelError`` if the file holds a denoiser or a weight is missing, misshapen, not
  ///   finite or left over.
  public func loadAutoencoder(
    _ context: ComputeContext, elementType: ElementType,
    onProgress: @escaping (_ loaded: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> Autoencoder {
    guard case .autoencoder(let configuration) = network else {
      throw ModelError(path: path, .otherNetwork(expected: .autoencoder, found: kind))
    }
    return try load(context, elementType, onProgress) { try Autoencoder($0, configuration) }
  }

  /// Loads a denoiser's weights.
  ///
  /// - Throws: ``ModelError`` if the file holds an autoencoder or a weight is missing, misshapen,
  ///   not finite or left over.
  public func loadDenoiser(
    _ context: ComputeContext, elementType: ElementType,
    onProgress: @escaping (_ loaded: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> Denoiser {
    guard case .denoiser(let configuration) = network else {
      throw ModelError(path: path, .otherNetwork(expected: .denoiser, found: kind))
    }
    return try load(context, elementType, onProgress) { try Denoiser($0, configuration) }
  }

  private func load<Result>(
    _ context: ComputeContext, _ elementType: ElementType,
    _ onProgress: @escaping (Int, Int) throws -> Void, _ build: (ParameterScope) throws -> Result
  ) throws -> Result {
    let total = dictionary.tensors.count
    var loaded = 0
    do {
      let scope = ParameterScope(
        CheckpointParameters(checkpoint, dictionary), context: context, elementType: elementType
      ) { _ in
        loaded += 1
        try onProgress(loaded, total)
      }
      let network = try build(scope)
      try scope.checkEverythingWasUsed(of: dictionary.tensors.map(\.name), except: Self.buffers)
      return network
    } catch let error as ParameterError {
      throw ModelError(path: path, .parameter(error.description))
    }
  }

  /// Checks that an autoencoder and a denoiser are for the same latents.
  public static func checkFit(autoencoder: NetworkFile, denoiser: NetworkFile) throws {
    guard autoencoder.geometry == denoiser.geometry else {
      throw ModelError(
        .unfit(autoencoder: autoencoder.geometry, denoiser: denoiser.geometry))
    }
  }
}
