import Foundation
import Yams

/// The settings that stand beside a checkpoint: a `config.json`, or one of the authors' YAML files.
///
/// JSON is read by the YAML parser too, which it is a part of. Only the settings of the networks are
/// looked at, wherever they are nested; everything else in the file is left alone.
public struct ConfigurationFile: Sendable, Hashable {
  /// The file that was read.
  public let path: String
  /// The denoiser's settings under the names of `unet_config`, as far as they are stated.
  public let denoiser: Denoiser?
  /// The autoencoder's settings under the names of `ddconfig`, as far as they are stated.
  public let autoencoder: Autoencoder?

  /// Settings of `unet_config`.
  public struct Denoiser: Sendable, Hashable {
    var imageSize: Int?
    var modelChannels: Int?
    var channelMultipliers: [Int]?
    var residualBlocks: Int?
    var attentionResolutions: [Int]?
    var headCount: Int?
    var scaleShiftNorm: Bool?
    var residualResampling: Bool?
    var isConditional: Bool?
  }

  /// Settings of `ddconfig`.
  public struct Autoencoder: Sendable, Hashable {
    var channels: Int?
    var resolution: Int?
    var timesteps: Int?
  }

  /// Reads a configuration file.
  ///
  /// - Throws: ``ModelError`` if it cannot be read, is neither JSON nor YAML, or states a setting in
  ///   a form that is not understood.
  public init(contentsOf path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Self.problem(path, "the file cannot be read")
    }
    guard data.count <= 1 << 20, let text = String(data: data, encoding: .utf8) else {
      throw Self.problem(path, "is not a small text file")
    }
    try self.init(text: text, path: path)
  }

  init(text: String, path: String) throws {
    self.path = path
    let tree: Node?
    do {
      tree = try Yams.compose(yaml: text)
    } catch {
      throw Self.problem(path, "is neither JSON nor YAML (\(error))")
    }
    guard let root = tree, root.mapping != nil else {
      throw Self.problem(path, "holds no settings")
    }
    denoiser = try Self.mapping(in: root, with: "model_channels").map { node in
      try Denoiser(
        imageSize: Self.integer(node, "image_size", path),
        modelChannels: Self.integer(node, "model_channels", path),
        channelMultipliers: Self.integers(node, "channel_mult", path),
        residualBlocks: Self.integer(node, "num_res_blocks", path),
        attentionResolutions: Self.integers(node, "attention_resolutions", path),
        headCount: Self.integer(node, "num_heads", path),
        scaleShiftNorm: Self.boolean(node, "use_scale_shift_norm", path),
        residualResampling: Self.boolean(node, "resblock_updown", path),
        isConditional: Self.boolean(node, "cond_model", path))
    }
    autoencoder = try Self.mapping(in: root, with: "resolution").map { node in
      try Autoencoder(
        channels: Self.integer(node, "channels", path),
        resolution: Self.integer(node, "resolution", path),
        timesteps: Self.integer(node, "timesteps", path))
    }
    if denoiser == nil && autoencoder == nil {
      throw Self.problem(path, "names no network: neither model_channels nor resolution is set")
    }
  }

  /// The first mapping, from the outside in, that has a key.
  private static func mapping(in node: Node, with key: String) -> Node? {
    guard let mapping = node.mapping else {
      return node.sequence?.lazy.compactMap { self.mapping(in: $0, with: key) }.first
    }
    if node[key] != nil { return node }
    return mapping.lazy.compactMap { self.mapping(in: $0.value, with: key) }.first
  }

  private static func integer(_ node: Node, _ key: String, _ path: String) throws -> Int? {
    guard let value = node[key] else { return nil }
    guard let number = value.int, (0...1 << 20).contains(number) else {
      throw problem(path, "\(key) is not a whole number")
    }
    return number
  }

  private static func integers(_ node: Node, _ key: String, _ path: String) throws -> [Int]? {
    guard let value = node[key] else { return nil }
    let numbers = value.sequence?.compactMap(\.int)
    guard let numbers, numbers.count == value.sequence?.count, !numbers.isEmpty else {
      throw problem(path, "\(key) is not a list of whole numbers")
    }
    return numbers
  }

  private static func boolean(_ node: Node, _ key: String, _ path: String) throws -> Bool? {
    guard let value = node[key] else { return nil }
    guard let flag = value.bool else { throw problem(path, "\(key) is neither true nor false") }
    return flag
  }

  private static func problem(_ path: String, _ reason: String) -> ModelError {
    ModelError(.configuration(file: path, reason: reason))
  }
}

extension ConfigurationFile {
  /// Completes what the weights tell of a denoiser, after checking that the file agrees with them.
  ///
  /// - Throws: ``ModelError`` naming the first setting that disagrees.
  func complete(_ weights: DenoiserConfiguration) throws -> DenoiserConfiguration {
    guard let stated = denoiser else { return weights }
    try agree("model_channels", stated.modelChannels, weights.baseWidth)
    try agree("channel_mult", stated.channelMultipliers, weights.widthMultipliers)
    try agree("num_res_blocks", stated.residualBlocks, weights.residualBlocks)
    let factors = (0..<weights.widthMultipliers.count).map { 1 << $0 }
    try agree(
      "attention_resolutions",
      stated.attentionResolutions.map { $0.filter(factors.contains).sorted() },
      weights.attentionFactors.sorted())
    try agree("use_scale_shift_norm", stated.scaleShiftNorm, weights.scaleShiftNorm)
    try agree("resblock_updown", stated.residualResampling, weights.residualResampling)
    try agree("cond_model", stated.isConditional, weights.isConditional)
    var complete = weights
    if let heads = stated.headCount {
      guard heads >= 1, weights.widthMultipliers.allSatisfy({ $0 * weights.baseWidth % heads == 0 })
      else {
        throw ModelError(
          .configuration(
            file: path,
            reason: "num_heads is \(heads), which does not divide \(weights.baseWidth) channels"))
      }
      complete.headCount = heads
    }
    return complete
  }

  /// Checks that the file agrees with an autoencoder's weights.
  func check(_ weights: AutoencoderConfiguration) throws {
    guard let stated = autoencoder else { return }
    try agree("channels", stated.channels, weights.width)
    try agree("resolution", stated.resolution, weights.resolution)
    try agree("timesteps", stated.timesteps, weights.frames)
  }

  private func agree<Value: Equatable>(_ setting: String, _ stated: Value?, _ weights: Value) throws
  {
    guard let stated, stated != weights else { return }
    throw ModelError(
      .disagreement(
        file: path, setting: setting, stated: "\(stated)", weights: "\(weights)"))
  }
}
