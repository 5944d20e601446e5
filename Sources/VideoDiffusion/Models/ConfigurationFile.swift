import Foundation
import HandwrittenText
import Yams

/// The settings that stand beside a checkpoint: a `config.json`, or one of the authors' YAML files.
///
/// JSON is read by the YAML parser too, which it is a part of. Only the settings of the networks, and
/// of what stands around them, are looked at, wherever they are nested. Those that the weights tell
/// too show whether the file is about these weights at all; the others complete what the weights tell.
package struct ConfigurationFile {
  /// The file that was read.
  let path: String
  /// Where the denoiser's settings stand (`unet_config`), if they do.
  private let denoiser: Scope?
  /// Where the autoencoder's settings stand (`ddconfig`), if they do.
  private let autoencoder: Scope?

  /// A mapping, and those around it from the outside in.
  private struct Scope {
    let settings: Node
    let around: [Node]
  }

  /// Reads a configuration file.
  ///
  /// - Throws: ``ModelError`` if it cannot be read, is neither JSON nor YAML, is out of all bounds, or
  ///   names none of the networks.
  package init(contentsOf path: String) throws {
    self.path = path
    let text: String
    do {
      text = try SmallFile.text(of: path, limit: YAMLDocument.byteLimit)
    } catch {
      throw Self.problem(path, error.description)
    }
    let root: Node
    do {
      root = try YAMLDocument(text).root
    } catch {
      throw Self.problem(path, error.description)
    }
    guard root.mapping != nil else { throw Self.problem(path, "holds no settings") }
    denoiser = Self.scope(in: root, around: [], with: ["model_channels"])
    autoencoder = Self.scope(in: root, around: [], with: ["resolution", "channels"])
    if denoiser == nil && autoencoder == nil {
      throw Self.problem(
        path,
        "holds settings of neither a denoiser (model_channels) nor an autoencoder "
          + "(resolution and channels)")
    }
  }

  /// Whether it has settings of a network.
  func names(_ kind: NetworkKind) -> Bool {
    kind == .denoiser ? denoiser != nil : autoencoder != nil
  }

  /// The first mapping, from the outside in, that has all keys.
  private static func scope(in node: Node, around: [Node], with keys: [String]) -> Scope? {
    guard let mapping = node.mapping else {
      return node.sequence?.lazy.compactMap { scope(in: $0, around: around, with: keys) }.first
    }
    if keys.allSatisfy({ node[$0] != nil }) { return Scope(settings: node, around: around) }
    return mapping.lazy.compactMap {
      scope(in: $0.value, around: around + [node], with: keys)
    }.first
  }

  private static func problem(_ path: String, _ reason: String) -> ModelError {
    ModelError(.configuration(file: path, reason: reason))
  }
}

// MARK: Finding

extension ConfigurationFile {
  /// The ending of a configuration that belongs to one checkpoint: `ema_model.config.json` is beside
  /// `ema_model.pth`.
  static let ownEnding = "config.json"

  /// Names that a configuration of a whole folder has.
  private static let usualNames = ["config.json", "config.yaml", "config.yml", "base.yaml"]

  /// A named configuration file, or the first beside a checkpoint that is about its network.
  ///
  /// Folders hold files of many programs under these names: one that is not understood, or that
  /// disagrees with the weights, is of another network, and is passed over with a note.
  ///
  /// - Parameters:
  ///   - named: The file that the user named; it has to be about the network.
  ///   - path: The checkpoint.
  ///   - take: Checks the file, and takes what it says.
  /// - Throws: ``ModelError`` for a named file, and for one that is about the network and states what
  ///   cannot be computed with.
  static func found(
    _ named: String?, beside path: String, for kind: NetworkKind, _ notes: inout [String],
    _ take: (ConfigurationFile) throws -> Void
  ) throws -> ConfigurationFile? {
    if let named {
      let file = try ConfigurationFile(contentsOf: named)
      guard file.names(kind) else {
        throw problem(named, "holds no settings of \(kind.phrase)")
      }
      try take(file)
      return file
    }
    let checkpoint = URL(filePath: path)
    let folder = checkpoint.deletingLastPathComponent()
    let own = ownPath(beside: path)
    for candidate in [own] + usualNames.map({ folder.appending(path: $0).path })
    where FileManager.default.fileExists(atPath: candidate) {
      do {
        let file = try ConfigurationFile(contentsOf: candidate)
        guard file.names(kind) else { continue }
        try take(file)
        return file
      } catch let error as ModelError where error.problem.isAboutAnotherNetwork {
        notes.append("passed over another program's settings: \(error.problem)")
      }
    }
    return nil
  }

  /// Where the configuration of one checkpoint is.
  static func ownPath(beside checkpoint: String) -> String {
    URL(filePath: checkpoint).deletingPathExtension().appendingPathExtension(ownEnding).path
  }
}

extension ModelError.Problem {
  /// Whether it only shows that a configuration is of something else.
  fileprivate var isAboutAnotherNetwork: Bool {
    switch self {
    case .configuration, .disagreement, .contradiction: true
    default: false
    }
  }
}

// MARK: What the weights tell too

extension ConfigurationFile {
  /// Checks that the file is about a denoiser's weights.
  ///
  /// - Throws: ``ModelError`` naming the first setting that disagrees.
  func check(_ weights: DenoiserConfiguration) throws {
    guard let scope = denoiser?.settings else { return }
    try agree("model_channels", in: scope, weights.baseWidth) { $0.int }
    try agree("channel_mult", in: scope, weights.widthMultipliers) { $0.integers }
    try agree("num_res_blocks", in: scope, weights.residualBlocks) { $0.int }
    let factors = (0..<weights.widthMultipliers.count).map { 1 << $0 }
    // The original looks its levels up in this list; what else stands there has no effect.
    try agree("attention_resolutions", in: scope, weights.attentionFactors.sorted()) {
      $0.integers?.filter(factors.contains).sorted()
    }
    try agree("use_scale_shift_norm", in: scope, weights.scaleShiftNorm) { $0.bool }
    try agree("resblock_updown", in: scope, weights.residualResampling) { $0.bool }
    if !weights.residualResampling {
      try agree("conv_resample", in: scope, weights.convolutionalResampling) { $0.bool }
    }
    try agree("cond_model", in: scope, weights.isConditional) { $0.bool }
  }

  /// Checks that the file is about an autoencoder's weights.
  ///
  /// - Throws: ``ModelError`` naming the first setting that disagrees, or one that the engine knows no
  ///   other value of.
  func check(_ weights: AutoencoderConfiguration) throws {
    guard let scope = autoencoder else { return }
    try agree("channels", in: scope.settings, weights.width) { $0.int }
    try agree("resolution", in: scope.settings, weights.resolution) { $0.int }
    let splits = scope.settings["splits"]?.int ?? 1
    // The original cuts what it is given into so many clips.
    try agree("timesteps", in: scope.settings, weights.frames) { frames in
      frames.int.flatMap { splits > 0 && $0.isMultiple(of: splits) ? $0 / splits : nil }
    }
    try refuseOthers(than: FixedSetting.autoencoder, in: [scope.settings])
    try refuseOthers(than: FixedSetting.aroundAutoencoder, in: scope.around.reversed())
  }

  private func agree<Value: Equatable>(
    _ setting: String, in scope: Node, _ weights: Value, _ read: (Node) -> Value?
  ) throws {
    guard let node = scope[setting], !node.isNull, read(node) != weights else { return }
    throw ModelError(
      .disagreement(file: path, setting: setting, stated: node.shown, weights: "\(weights)"))
  }
}

// MARK: What the weights do not tell

extension ConfigurationFile {
  /// Where the weights come from, as this package writes it.
  var origin: WeightOrigin {
    let scope = (denoiser ?? autoencoder)?.settings
    return WeightOrigin(
      kind: scope?["weights"]?.scalar.flatMap { WeightKind(rawValue: $0.string) },
      steps: scope?["trained_steps"]?.int.flatMap { $0 >= 0 ? $0 : nil },
      distilledSteps: scope?["distilled_steps"]?.int
        .flatMap { StepDistillation.stepRange.contains($0) ? $0 : nil })
  }

  /// What the file says of a denoiser beyond its weights, each in range.
  ///
  /// - Throws: ``ModelError`` for a value that is out of range, or that the engine cannot compute with.
  func settings(for weights: DenoiserConfiguration) throws -> DenoiserSettings {
    guard let scope = denoiser else { return DenoiserSettings() }
    let node = scope.settings
    try refuseOthers(than: FixedSetting.denoiser, in: [node])
    // The innermost mapping that has a key is the one that means this network.
    try refuseOthers(than: FixedSetting.aroundDenoiser, in: scope.around.reversed())
    var settings = DenoiserSettings()
    settings.headCount = try integer("num_heads", in: node, NetworkLimits.heads, unset: -1)
    settings.headWidth = try integer("num_head_channels", in: node, NetworkLimits.width, unset: -1)
    settings.newAttentionOrder = try flag("use_new_attention_order", in: node)
    settings.side = try integer("image_size", in: node, NetworkLimits.side)
    settings.frames =
      try integer("frames", in: node, NetworkLimits.frames) ?? autoencoderFrames()
    settings.prediction = try node["prediction"].flatMap { value in
      guard !value.isNull else { return nil }
      guard let prediction = value.scalar.flatMap({ Prediction(rawValue: $0.string) }) else {
        throw unsupported(
          "prediction", node,
          expected: Prediction.allCases.map(\.rawValue).joined(separator: " or "))
      }
      return prediction
    }
    let upsampling = try integer("num_heads_upsample", in: node, NetworkLimits.heads, unset: -1)
    if settings.headWidth == nil, let upsampling, upsampling != settings.headCount {
      throw unsupported(
        "num_heads_upsample", node, expected: "the value of num_heads, or -1")
    }
    if settings.headWidth == nil, try flag("legacy", in: node) == false,
      !weights.sharesHeadsAlways
    {
      throw unsupported(
        "legacy", node,
        expected: "true, for attention between planes at a level without attention "
          + "inside them")
    }
    return settings
  }

  /// Frames of the clips of the autoencoder in the same file.
  private func autoencoderFrames() throws -> Int? {
    guard let node = autoencoder?.settings else { return nil }
    let splits = try integer("splits", in: node, NetworkLimits.frames) ?? 1
    return try integer("timesteps", in: node, NetworkLimits.frames).map { max(1, $0 / splits) }
  }

  /// A whole number, in range; `nil` if it is not stated or has the value that means so.
  private func integer(
    _ setting: String, in scope: Node, _ range: ClosedRange<Int>, unset: Int? = nil
  ) throws -> Int? {
    guard let node = scope[setting], !node.isNull, unset == nil || node.int != unset else {
      return nil
    }
    guard let number = node.int, range.contains(number) else {
      throw unsupported(
        setting, scope,
        expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private func flag(_ setting: String, in scope: Node) throws -> Bool? {
    guard let node = scope[setting], !node.isNull else { return nil }
    guard let flag = node.bool else {
      throw unsupported(setting, scope, expected: "true or false")
    }
    return flag
  }

  /// Refuses what the engine computes with one value alone, where the first scope that states it has
  /// another.
  private func refuseOthers(than fixed: [String: FixedSetting], in scopes: [Node]) throws {
    for (name, setting) in fixed.sorted(by: { $0.key < $1.key }) {
      guard let scope = scopes.first(where: { $0[name] != nil }), let node = scope[name],
        !setting.allows(node)
      else { continue }
      throw unsupported(name, scope, expected: "\(setting.value.text), because \(setting.reason)")
    }
  }

  private func unsupported(_ setting: String, _ scope: Node, expected: String) -> ModelError {
    ModelError(
      .unsupportedSetting(
        file: path, setting: setting, stated: scope[setting]?.shown ?? "", expected: expected))
  }
}

extension Node {
  /// A list of whole numbers.
  fileprivate var integers: [Int]? {
    guard let sequence else { return nil }
    let numbers = sequence.compactMap(\.int)
    return numbers.count == sequence.count ? numbers : nil
  }
}
