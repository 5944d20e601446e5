import RunKit
import VideoDiffusion
import Yams

/// One of the authors' YAML files (`configs/autoencoder/*.yaml`, `configs/latent-diffusion/*.yaml`) as
/// a configuration: what it states, over the published one.
struct AuthorsTrainingFile {
  /// The configuration, checked.
  private(set) var configuration = TrainingConfiguration()
  /// What was taken, and what has no meaning here: sentences without full stops.
  private(set) var notes: [String] = []
  private let path: String
  private var taken: [String] = []
  private var ignored: [String] = []
  /// Whether the file has a number of heads.
  private var statesHeads = false

  /// A key with its value and the name of the mapping around it.
  private struct Entry {
    let parent: String
    let key: String
    let node: Node
    var line: Int? { node.mark?.line }
  }

  /// What becomes of a key.
  private enum Rule {
    /// It is a setting of ours.
    case setting(String)
    /// The engine knows one value.
    case fixed(FixedSetting)
    /// It takes more than a table to say.
    case special
  }

  /// By the key, after the mapping's name where other mappings have the same.
  private static let rules: [String: Rule] = {
    var rules: [String: Rule] = [
      "ddconfig.channels": .setting("autoencoder.width"),
      "ddconfig.resolution": .setting("autoencoder.resolution"),
      "ddconfig.timesteps": .setting("autoencoder.frames"),
      "ddconfig.splits": .fixed(.undivided),
      "unet_config.model_channels": .setting("denoiser.base_width"),
      "unet_config.channel_mult": .setting("denoiser.width_multipliers"),
      "unet_config.num_res_blocks": .setting("denoiser.residual_blocks"),
      "unet_config.use_scale_shift_norm": .setting("denoiser.scale_shift_norm"),
      "unet_config.resblock_updown": .setting("denoiser.residual_resampling"),
      "unet_config.conv_resample": .setting("denoiser.convolutional_resampling"),
      "unet_config.use_new_attention_order": .setting("denoiser.new_attention_order"),
      "unet_config.cond_model": .setting("denoiser.conditional"),
      "unet_config.dropout": .fixed(.noDropout), "ddconfig.dropout": .fixed(.noDropout),
    ]
    for key in ["num_heads", "num_head_channels", "num_heads_upsample", "legacy"] {
      rules["unet_config.\(key)"] = .special
    }
    for key in ["attention_resolutions", "image_size"] { rules["unet_config.\(key)"] = .special }
    for key in ["base_learning_rate", "amp", "disc_start", "loss_type"] { rules[key] = .special }
    for (key, setting) in FixedSetting.denoiser { rules["unet_config.\(key)"] = .fixed(setting) }
    for (key, setting) in FixedSetting.autoencoder { rules["ddconfig.\(key)"] = .fixed(setting) }
    for (key, setting) in FixedSetting.aroundAutoencoder { rules[key] = .fixed(setting) }
    for (key, setting) in FixedSetting.aroundDenoiser {
      rules[key == "timesteps" ? "params.timesteps" : key] = .fixed(setting)
    }
    return rules
  }()

  /// Reads the text of a file that lies at a path.
  ///
  /// - Throws: ``TrainingConfigurationError``.
  init(text: String, path: String) throws {
    self.path = path
    let tree: Node
    do {
      tree = try YAMLDocument(text).root
    } catch {
      throw TrainingConfigurationError(
        file: path, .syntax(format: "YAML", reason: error.description))
    }
    var entries: [Entry] = []
    try collect(tree, parent: "", into: &entries)
    let parents = Set(entries.map(\.parent))
    guard parents.contains("ddconfig") || parents.contains("unet_config") else {
      throw TrainingConfigurationError(file: path, .noNetwork)
    }
    // Some are judged by what the others say.
    for entry in entries.filter({ !Self.isLate($0.key) }) + entries.filter({ Self.isLate($0.key) })
    {
      try read(entry, isDenoiser: parents.contains("unet_config"), among: parents)
    }
    // A level's heads may be left to their width.
    if let width = configuration.denoiser.headWidth, !statesHeads {
      configuration.denoiser.headCount = max(1, configuration.denoiser.baseWidth / width)
    }
    if let conflict = configuration.conflict { throw conflict.error(file: path, line: nil) }
    notes.insert(
      "Taken from \(path) over the published preset: \(taken.joined(separator: ", "))", at: 0)
    if !ignored.isEmpty {
      notes.append("Of no meaning here: \(ignored.joined(separator: ", "))")
    }
  }

  private static func isLate(_ key: String) -> Bool {
    ["attention_resolutions", "image_size", "num_heads_upsample", "legacy"].contains(key)
  }

  /// Lists the keys below a node; the text's bounds are those of the document.
  private func collect(_ node: Node, parent: String, into entries: inout [Entry]) throws {
    guard entries.count < 1000 else {
      throw TrainingConfigurationError(
        file: path, .syntax(format: "configuration", reason: "it has too many keys"))
    }
    for (key, value) in node.mapping ?? [:] {
      guard let name = key.scalar?.string else { continue }
      if value.mapping != nil {
        // Latent diffusion's own files have a network's settings one level deeper.
        let isNetwork = name == "params" && ["unet_config", "ddconfig"].contains(parent)
        try collect(value, parent: isNetwork ? parent : name, into: &entries)
      } else {
        entries.append(Entry(parent: parent, key: name, node: value))
      }
    }
  }

  private mutating func read(_ entry: Entry, isDenoiser: Bool, among parents: Set<String>) throws {
    switch Self.rules["\(entry.parent).\(entry.key)"] ?? Self.rules[entry.key] {
    case .setting(let name): try take(entry, as: name)
    case .fixed(let setting): try check(entry, setting)
    case nil: ignored.append(entry.key)
    case .special:
      switch entry.key {
      case "base_learning_rate":
        let table = TrainingSetting.Table(isDenoiser ? .diffusion : .autoencoder)
        try take(entry, as: "\(table.rawValue).learning_rate")
      case "amp" where isDenoiser:
        notes.append(
          "amp is not taken: diffusion_training.precision says in what the denoiser is trained")
      case "amp": try takePrecision(entry)
      case "disc_start": try takePhase(entry)
      case "num_heads":
        guard !Self.isUnset(entry) else { return }
        statesHeads = true
        try take(entry, as: "denoiser.heads")
      case "num_head_channels":
        if !Self.isUnset(entry) { try take(entry, as: "denoiser.head_width") }
      case "num_heads_upsample":
        try checkHeads(
          entry, SettingValue(entry.node)?.integer == configuration.denoiser.headCount,
          expected: "the value of num_heads, or -1")
      case "legacy":
        try checkHeads(
          entry,
          SettingValue(entry.node) == .flag(true) || configuration.denoiser.sharesHeadsAlways,
          expected: "true")
      case "attention_resolutions":
        // The original looks its levels up in this list; what else stands there has no effect.
        let factors = configuration.denoiser.widthMultipliers.indices.map { 1 << $0 }
        try take(entry, as: "denoiser.attention_factors") { value in
          guard case .integers(let numbers) = value else { return value }
          let known = numbers.filter(factors.contains)
          return .integers(known.isEmpty ? [0] : known)
        }
      case "image_size": try takeSide(entry, isFree: !parents.contains("ddconfig"))
      default:
        notes.append(
          "\(entry.key) is not taken: the authors' code passes it over and uses l2; "
            + "diffusion_training.loss chooses")
      }
    }
  }

  private mutating func take(
    _ entry: Entry, as name: String, _ change: (SettingValue) -> SettingValue = { $0 }
  ) throws {
    guard let setting = TrainingSetting.named(name) else {
      preconditionFailure("the rules name a setting that does not exist")
    }
    guard let value = SettingValue(entry.node).map(change),
      setting.set(value, in: &configuration)
    else { throw problem(entry, expected: setting.range) }
    taken.append("\(name) = \(setting.value(in: configuration).text)")
  }

  private func check(_ entry: Entry, _ setting: FixedSetting) throws {
    guard !setting.allows(entry.node) else { return }
    throw TrainingConfigurationError(
      file: path, line: entry.line,
      .unfit(
        setting: entry.key, found: shown(entry), expected: setting.value.text,
        reason: setting.reason))
  }

  /// Refuses heads that are counted in another way than everywhere else, unless their width is set.
  private func checkHeads(_ entry: Entry, _ isUsual: Bool, expected: String) throws {
    guard configuration.denoiser.headWidth == nil, !Self.isUnset(entry), !isUsual else { return }
    throw problem(entry, expected: expected)
  }

  /// Whether guided diffusion takes a number as not set.
  private static func isUnset(_ entry: Entry) -> Bool {
    entry.node.isNull || entry.node.int == -1
  }

  /// Mixed precision, which is the other half type there.
  private mutating func takePrecision(_ entry: Entry) throws {
    guard case .flag(let isMixed) = SettingValue(entry.node) else {
      throw problem(entry, expected: "true or false")
    }
    let precision: Precision = isMixed ? .bfloat16 : .float32
    configuration.autoencoderTraining.stage.precision = precision
    taken.append("autoencoder_training.precision = \(precision.rawValue.quotedForTOML)")
  }

  /// The step from which the discriminators take part: never in `base.yaml`, at once in `base_gan.yaml`.
  private mutating func takePhase(_ entry: Entry) throws {
    guard let start = SettingValue(entry.node)?.integer else {
      throw problem(entry, expected: "a whole number")
    }
    configuration.autoencoderTraining.usesDiscriminators = start <= 0
    taken.append("autoencoder_training.discriminators = \(start <= 0)")
    guard start > 0, start < configuration.autoencoderTraining.stage.steps else { return }
    notes.append(
      "disc_start is \(start); here the second phase is a run of its own, from the first one's "
        + "weights, with autoencoder_training.discriminators = true")
  }

  /// The side of the latent, which here follows from the autoencoder.
  private mutating func takeSide(_ entry: Entry, isFree: Bool) throws {
    let sides = 2...256
    guard let side = SettingValue(entry.node)?.integer, sides.contains(side) else {
      throw problem(entry, expected: "a whole number from 2 to 256")
    }
    let patch = configuration.autoencoder.patchSide
    if isFree {
      configuration.autoencoder.resolution = side * patch
      configuration.denoiser.geometry = configuration.autoencoder.geometry
      taken.append("autoencoder.resolution = \(side * patch)")
    } else if configuration.autoencoder.geometry.side != side {
      throw TrainingConfigurationError(
        file: path, line: entry.line,
        .unfit(
          setting: entry.key, found: "\(side)",
          expected: "\(configuration.autoencoder.geometry.side)",
          reason: "frames of \(configuration.autoencoder.resolution) pixels are cut into patches "
            + "of \(patch)"))
    }
  }

  private func problem(_ entry: Entry, expected: String) -> TrainingConfigurationError {
    TrainingConfigurationError(
      file: path, line: entry.line,
      .value(setting: entry.key, found: shown(entry), expected: expected))
  }

  private func shown(_ entry: Entry) -> String {
    SettingValue(entry.node)?.text ?? "a list of other things"
  }
}

extension SettingValue {
  /// A value of YAML; `nil` for a mapping, or a list of anything but whole numbers.
  fileprivate init?(_ node: Node) {
    if let flag = node.bool {
      self = .flag(flag)
    } else if let number = node.int {
      self = .integer(number)
    } else if let number = node.float {
      self = .number(number)
    } else if let text = node.scalar?.string {
      self = .text(text)
    } else if let list = node.sequence {
      let numbers = list.compactMap(\.int)
      guard numbers.count == list.count else { return nil }
      self = .integers(numbers)
    } else {
      return nil
    }
  }
}
