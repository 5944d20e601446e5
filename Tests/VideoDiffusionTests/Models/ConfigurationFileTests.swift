import CheckpointIO
import Foundation
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// What a checkpoint is taken for with configurations beside it, and with none.
@Suite struct ConfigurationFileTests {
  private let folder: TemporaryFolder
  private var checkpoint: String { folder.path("ema_model.pth") }

  private static let tiny = DenoiserConfiguration(
    geometry: PlaneGeometry(side: 4, frames: 8), baseWidth: 32, widthMultipliers: [1, 2],
    residualBlocks: 1, attentionFactors: [1], headCount: 4)

  init() throws { folder = try TemporaryFolder() }

  /// Writes a denoiser of zeros.
  private func write(
    _ configuration: DenoiserConfiguration = tiny, zeros: Bool = true,
    metadata: [String: String]? = nil, to path: String? = nil
  ) throws {
    let tensors = configuration.parameters.filter { zeros || $0.name != "zeros" }.map {
      TensorDescription(name: $0.name, elementType: .float32, shape: $0.shape)
    }
    func fill(_ tensor: TensorDescription, _ sink: TensorSink) throws {
      try sink.append(
        converting: [Float](repeating: 0, count: tensor.shape.reduce(1, *)))
    }
    if let metadata {
      try SafetensorsWriter(tensors: tensors, metadata: metadata)
        .write(to: path ?? checkpoint) { try fill($0, $1) }
    } else {
      try TorchWriter(tensors: tensors).write(to: path ?? checkpoint) { try fill($0, $1) }
    }
  }

  private func put(_ text: String, _ name: String = "config.json") throws {
    try Data(text.utf8).write(to: URL(filePath: folder.path(name)))
  }

  private func configuration(_ file: NetworkFile) throws -> DenoiserConfiguration {
    guard case .denoiser(let configuration) = file.network else {
      Issue.record("not a denoiser")
      return Self.tiny
    }
    return configuration
  }

  /// The denoiser's settings with some changed.
  private func settings(_ changes: String = "") -> String {
    "{\"model_channels\": 32, \"channel_mult\": [1, 2], \"num_res_blocks\": 1, \"image_size\": 4"
      + (changes.isEmpty ? "" : ", " + changes) + "}"
  }

  @Test("settings that shapes do not tell are taken")
  func taken() throws {
    try write()
    try put(
      settings(
        "\"num_heads\": -1, \"num_head_channels\": 16, \"use_new_attention_order\": true, "
          + "\"dropout\": 0.1, \"legacy\": false, \"num_classes\": null"))
    let found = try configuration(NetworkFile(path: checkpoint))
    #expect(found.headWidth == 16 && found.newAttentionOrder)
    #expect(found.heads(of: 64) == 4)
    #expect(found.geometry == Self.tiny.geometry)
    #expect(found.attentionFactors == [1] && found.convolutionalResampling)
  }

  @Test(
    "settings that change the arithmetic and are not known are refused by name",
    arguments: [
      ("num_classes", "101"), ("use_spatial_transformer", "true"), ("dims", "3"),
      ("context_dim", "768"), ("n_embed", "8192"), ("in_channels", "8"), ("out_channels", "8"),
      ("num_heads_upsample", "2"), ("num_heads", "\"four\""), ("num_heads", "0"),
      ("num_heads", "4611686018427387904"), ("num_head_channels", "1e30"), ("frames", "-1"),
      ("use_new_attention_order", "7"), ("legacy", "false"),
    ])
  func refused(name: String, value: String) throws {
    try write()
    try put(settings("\"\(name)\": \(value)"))
    let error = #expect(throws: ModelError.self) { try NetworkFile(path: checkpoint) }
    guard case .unsupportedSetting(_, let setting, _, _) = try #require(error).problem else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(setting == name)
  }

  @Test(
    "another schedule or prediction around the network is refused",
    arguments: [
      "linear_end: 0.02", "timesteps: 500", "parameterization: x0", "beta_schedule: cosine",
      "scale_factor: 0.18215",
    ])
  func refusedAround(setting: String) throws {
    try write()
    let text = """
      model:
        params:
          \(setting)
          unet_config:
            params: {model_channels: 32, image_size: 4, num_heads: 4}
      """
    try put(text, "config.yaml")
    let error = #expect(throws: ModelError.self) { try NetworkFile(path: checkpoint) }
    #expect(try #require(error).description.contains(setting.prefix { $0 != ":" }))
    try put(text.replacing(setting, with: "linear_start: 0.0015"), "config.yaml")
    #expect(try configuration(NetworkFile(path: checkpoint)).headCount == 4)
  }

  @Test(
    "settings of other programs and networks are passed over, and that is said",
    arguments: [
      "{\"_class_name\": \"UNet2DModel\", \"sample_size\": 64}", "[1, 2]", "not: [yaml", "",
      "{\"model_channels\": 320, \"num_heads\": 8}", "{\"architectures\": [\"CLIPTextModel\"]}",
      "{\"model_channels\": 32, \"channel_mult\": \"1,2\"}", "model_channels: {a: 1}",
    ])
  func passedOver(text: String) throws {
    try write()
    try put(text)
    try put(settings("\"num_heads\": 2"), "config.yml")
    let file = try NetworkFile(path: checkpoint)
    #expect(try configuration(file).headCount == 2)
    #expect(file.notes.contains { $0.contains("passed over") && $0.contains("config.json") })
    // Named, it has to be the right one.
    #expect(throws: ModelError.self) {
      try NetworkFile(path: checkpoint, configurationPath: folder.path("config.json"))
    }
  }

  @Test("aliases without end beside a checkpoint are passed over")
  func laughs() throws {
    try write()
    var text = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      let names = Array(repeating: "*a\(level - 1)", count: 8).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(names)]\n"
    }
    try put(text, "config.yaml")
    let file = try NetworkFile(path: checkpoint)
    #expect(file.notes.contains { $0.contains("passed over") && $0.contains("aliases") })
  }

  @Test("the number of frames is told by two of side, tokens and frames, else by the autoencoder")
  func frames() throws {
    try write()
    // 80 tokens say neither the side nor the frames, though there are few that fit.
    let alone = try NetworkFile(path: checkpoint)
    #expect(alone.notes.contains { $0.contains("80 tokens of zeros") })
    let bare = try NetworkFile(path: checkpoint, companion: Self.tiny.geometry)
    #expect(try configuration(bare).geometry == Self.tiny.geometry)
    #expect(!bare.notes.contains { $0.contains("frames") })
    let stated = try NetworkFile(path: checkpoint, frames: 8)
    #expect(try configuration(stated).geometry == Self.tiny.geometry)
    try put(settings())
    #expect(try configuration(NetworkFile(path: checkpoint)).geometry == Self.tiny.geometry)
    try put(settings("\"frames\": 4"))
    #expect(throws: ModelError.self) { try NetworkFile(path: checkpoint) }

    try write(zeros: false)
    try put(settings("\"frames\": 8"))
    #expect(try configuration(NetworkFile(path: checkpoint)).geometry == Self.tiny.geometry)
    try put("{\"model_channels\": 32}")
    let assumed = try NetworkFile(path: checkpoint)
    #expect(try configuration(assumed).geometry == PlaneGeometry(side: 32, frames: 16))
    #expect(assumed.notes.contains { $0.contains("assumed clips of 16 frames") })
    #expect(assumed.notes.contains { $0.contains("assumed latents of side 32") })
  }

  @Test("the frames of the autoencoder in the same file are the denoiser's")
  func framesOfBoth() throws {
    try write(zeros: false)
    try put(
      """
      first: {params: {ddconfig: {resolution: 32, channels: 64, timesteps: 16, splits: 2}}}
      second: {timesteps: 1000, unet_config: {model_channels: 32, image_size: 4}}
      """, "config.yaml")
    #expect(try configuration(NetworkFile(path: checkpoint)).geometry == Self.tiny.geometry)
  }

  @Test("metadata and command that contradict each other are refused")
  func contradiction() throws {
    let path = folder.path("own.safetensors")
    try write(metadata: ["pvdm.num_heads": "4", "pvdm.frames": "8"], to: path)
    #expect(try configuration(NetworkFile(path: path)).geometry == Self.tiny.geometry)
    #expect(throws: ModelError.self) { try NetworkFile(path: path, frames: 4) }
    for hostile in ["pvdm.frames", "pvdm.num_head_channels", "pvdm.image_size"] {
      for value in ["0", "-1", "9223372036854775807", "", "1e3"] {
        try write(metadata: [hostile: value], to: path)
        #expect(throws: ModelError.self, "\(hostile) \(value)") { try NetworkFile(path: path) }
      }
    }
  }

  @Test("a network that averages instead of convolving is told by its weights")
  func pooling() throws {
    var pooling = Self.tiny
    pooling.residualResampling = false
    pooling.convolutionalResampling = false
    pooling.widthMultipliers = [1, 2, 2]
    pooling.residualBlocks = 2
    try write(pooling)
    try put("{\"model_channels\": 32, \"num_heads\": 4, \"image_size\": 4}")
    #expect(try configuration(NetworkFile(path: checkpoint)) == pooling)
    var convolving = pooling
    convolving.convolutionalResampling = true
    try write(convolving)
    #expect(try configuration(NetworkFile(path: checkpoint)) == convolving)
  }

  @Test("layers of classes, of transformers and latents of other channels are named")
  func otherNetworks() throws {
    for (name, shape) in [
      ("label_emb.weight", [101, 128]), ("id_predictor.0.weight", [32]),
      ("input_blocks.1.1.transformer_blocks.0.norm1.weight", [32]),
    ] {
      let path = folder.path("other.safetensors")
      let all = Self.tiny.parameters.map { ($0.name, $0.shape) } + [(name, shape)]
      try SafetensorsWriter(
        tensors: all.map { TensorDescription(name: $0.0, elementType: .float32, shape: $0.1) }
      ).write(to: path) { tensor, sink in
        try sink.append(converting: [Float](repeating: 0, count: tensor.shape.reduce(1, *)))
      }
      let error = #expect(throws: ModelError.self) { try NetworkFile(path: path) }
      #expect(try #require(error).description.contains(name))
    }
  }

  @Test("weights whose blocks make no level, or whose levels no norm divides, are refused")
  func impossibleLevels() throws {
    let shapes: [(String, [Int])] = [
      ("time_embed.0.weight", [128, 32]), ("input_blocks.0.0.weight", [32, 8, 3, 3]),
      ("out.2.weight", [4, 32, 3, 3]), ("input_blocks.1.0.emb_layers.1.weight", [64, 128]),
      ("input_blocks.1.0.in_layers.2.weight", [32, 32, 3, 3]),
      ("input_blocks.2.0.in_layers.2.weight", [32, 32, 3, 3]), ("input_attns.3.norm.weight", [32]),
    ]
    let path = folder.path("levels.safetensors")
    try SafetensorsWriter(
      tensors: shapes.map { TensorDescription(name: $0.0, elementType: .float32, shape: $0.1) }
    ).write(to: path) { tensor, sink in
      try sink.append(converting: [Float](repeating: 0, count: tensor.shape.reduce(1, *)))
    }
    let none = #expect(throws: ModelError.self) { try NetworkFile(path: path) }
    #expect(try #require(none).description.contains("no levels"))
    var narrow = Self.tiny
    narrow.baseWidth = 16
    narrow.widthMultipliers = [1, 2]
    try write(narrow)
    try put("{\"model_channels\": 16, \"num_heads\": 4, \"image_size\": 4}")
    let uneven = #expect(throws: ModelError.self) { try NetworkFile(path: checkpoint) }
    #expect(
      try #require(uneven).description.contains("a level is 16 wide; expected a multiple of 32"))
  }
}
