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
  static let headCountKey = "pvdm.num_heads"
  static let imageSizeKey = "pvdm.image_size"
  static let framesKey = "pvdm.frames"

  /// Reads the directory of a checkpoint and works out what it holds, without loading weights.
  ///
  /// The weights are found by the network's own names, wherever they stand in the checkpoint; a moving average
  /// of them comes first, since it is what the paper samples with. The configuration comes from this
  /// package's own metadata, else from a configuration file, else from the shapes of the weights.
  ///
  /// - Parameters:
  ///   - path: A .pth or .safetensors file, one of several that make up a checkpoint, or their index.
  ///   - configurationPath: A `config.json` or YAML file; `nil` looks beside the checkpoint.
  ///   - wrapper: The keys of the weights to use, joined by dots; `nil` takes the best.
  ///   - kind: The network to take if the file holds both; the other is taken if it is alone.
  /// - Throws: ``CheckpointError`` for a damaged file, ``ModelError`` for one that is no network of
  ///   PVDM or whose configuration disagrees with it.
  public init(
    path: String, configurationPath: String? = nil, wrapper: String? = nil,
    preferring kind: NetworkKind = .denoiser
  ) throws {
    let checkpoint = try Checkpoint(contentsOf: path)
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
      configurationPath: configurationPath)
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
    let first = try NetworkFile(path: path, configurationPath: configurationPath)
    return try [first]
      + first.presentKinds.filter { $0 != first.kind }.map {
        try NetworkFile(path: path, configurationPath: configurationPath, preferring: $0)
      }
  }

  private init(
    _ checkpoint: Checkpoint, _ dictionary: StateDictionary, _ kind: NetworkKind, path: String,
    configurationPath: String?
  ) throws {
    self.path = path
    self.checkpoint = checkpoint
    self.dictionary = dictionary
    let shapes = NetworkShapes(
      shapes: Dictionary(
        dictionary.tensors.map { ($0.name, $0.entry.shape) },
        uniquingKeysWith: { first, _ in first }))
    let file = try Self.configuration(configurationPath, beside: path)
    var notes = dictionary.notes
    do {
      switch kind {
      case .autoencoder:
        let configuration = try shapes.autoencoder()
        try file?.check(configuration)
        network = .autoencoder(configuration)
      case .denoiser:
        let configuration = try Self.denoiser(shapes, file, checkpoint.metadata, &notes)
        network = .denoiser(configuration)
      }
    } catch let error as ModelError where error.path == nil {
      throw ModelError(path: path, error.problem)
    }
    if let file { notes.append("read settings from \(file.path)") }
    self.notes = notes
    let weights = dictionary.tensors.filter { !Self.buffers.contains($0.name) }
    parameterCount = weights.reduce(0) { $0 + $1.entry.elementCount }
    storedTypes = Dictionary(grouping: weights, by: \.entry.elementType).mapValues(\.count)
  }

  private static func denoiser(
    _ shapes: NetworkShapes, _ file: ConfigurationFile?, _ metadata: [String: String],
    _ notes: inout [String]
  ) throws -> DenoiserConfiguration {
    let (weights, tokenCount) = try shapes.denoiser()
    var configuration = try file?.complete(weights) ?? weights
    if let heads = try number(headCountKey, in: metadata) {
      configuration.headCount = heads
    } else if file?.denoiser?.headCount == nil {
      notes.append(
        "assumed \(configuration.headCount) attention heads, as published: no configuration says it"
      )
    }
    let divides = configuration.widthMultipliers.allSatisfy {
      $0 * configuration.baseWidth % configuration.headCount == 0
    }
    guard configuration.headCount >= 1, divides else {
      throw ModelError(
        .structure("\(configuration.headCount) heads do not divide the attention's channels"))
    }
    let stated = try file?.denoiser?.imageSize ?? number(imageSizeKey, in: metadata)
    if let stated, !(1...1024).contains(stated) {
      throw ModelError(.structure("image_size is \(stated); latents have a side of 1 to 1024"))
    }
    let frames = try number(framesKey, in: metadata) ?? PlaneGeometry.usualFrames
    let side: Int
    if let tokenCount {
      guard let found = PlaneGeometry.side(tokenCount: tokenCount, frames: frames) else {
        throw ModelError(.structure("zeros has \(tokenCount) tokens; no three planes have as many"))
      }
      side = found
      if let stated, stated != found {
        throw ModelError(
          .disagreement(
            file: file?.path ?? "the file's metadata", setting: "image_size", stated: "\(stated)",
            weights: "\(found)"))
      }
    } else if let stated {
      side = stated
    } else {
      side = DenoiserConfiguration.published.geometry.side
      notes.append(
        "assumed latents of side \(side), as published: neither weights nor configuration say it")
    }
    configuration.geometry = PlaneGeometry(side: side, frames: frames)
    let halvings = configuration.widthMultipliers.count - 1
    let smallest = 1 << halvings
    guard side >= smallest, side % smallest == 0, configuration.geometry.frames % smallest == 0
    else {
      throw ModelError(
        .structure("planes of side \(side) cannot be halved \(halvings) times"))
    }
    return configuration
  }

  /// A number in this package's own metadata; `nil` if it is not there.
  private static func number(_ key: String, in metadata: [String: String]) throws -> Int? {
    guard let text = metadata[key] else { return nil }
    guard let number = Int(text), (1...4096).contains(number) else {
      throw ModelError(.structure("the metadata \(key) is \(text); expected 1 to 4096"))
    }
    return number
  }

  /// A named configuration file, or the first of the usual names beside a checkpoint.
  private static func configuration(
    _ named: String?, beside path: String
  ) throws -> ConfigurationFile? {
    if let named { return try ConfigurationFile(contentsOf: named) }
    let folder = URL(filePath: path).deletingLastPathComponent()
    for name in ["config.json", "config.yaml", "config.yml", "base.yaml"] {
      let candidate = folder.appending(path: name).path
      if FileManager.default.fileExists(atPath: candidate) {
        return try ConfigurationFile(contentsOf: candidate)
      }
    }
    return nil
  }

  /// Metadata that carries what the shapes do not tell, for files that this package writes.
  public var metadata: [String: String] {
    switch network {
    case .autoencoder: [:]
    case .denoiser(let configuration): Self.metadata(of: configuration)
    }
  }

  /// The same for a denoiser of a configuration.
  static func metadata(of configuration: DenoiserConfiguration) -> [String: String] {
    [
      headCountKey: String(configuration.headCount),
      imageSizeKey: String(configuration.geometry.side),
      framesKey: String(configuration.geometry.frames),
    ]
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
