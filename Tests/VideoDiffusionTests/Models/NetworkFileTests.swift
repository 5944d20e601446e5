import CheckpointIO
import Foundation
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct NetworkFileTests {
  private let folder: TemporaryFolder
  private let small: String

  init() throws {
    folder = try TemporaryFolder()
    small = try GoldenFile.path("golden/unet-8x16/ema_model.pth")
  }

  /// A copy of the small denoiser with its tensors changed, as safetensors without a configuration.
  private func altered(
    _ name: String, metadata: [String: String] = [:],
    _ change: (inout [String: (shape: [Int], values: [Float])]) -> Void
  ) throws -> String {
    let checkpoint = try Checkpoint(contentsOf: small)
    var tensors: [String: (shape: [Int], values: [Float])] = [:]
    for entry in checkpoint.tensors {
      tensors[entry.name] = (entry.shape, try checkpoint.float32Values(entry))
    }
    change(&tensors)
    let path = folder.path(name)
    let order = tensors.keys.sorted()
    let writer = SafetensorsWriter(
      tensors: order.map {
        TensorDescription(name: $0, elementType: .float32, shape: tensors[$0]?.shape ?? [])
      }, metadata: metadata)
    try writer.write(to: path) { description, sink in
      try sink.append(converting: tensors[description.name]?.values ?? [])
    }
    return path
  }

  private func load(_ path: String) throws -> Denoiser {
    try NetworkFile(path: path).loadDenoiser(ComputeContext(), elementType: .float32)
  }

  @Test("the configuration is read off the weights and the file beside them")
  func configuration() throws {
    let file = try NetworkFile(path: small)
    #expect(
      file.network
        == .denoiser(
          DenoiserConfiguration(
            geometry: PlaneGeometry(side: 8), baseWidth: 32, widthMultipliers: [1, 2],
            residualBlocks: 1, attentionFactors: [1, 2], headCount: 4)))
    #expect(file.notes.contains { $0.contains("diffusion_model.") })
    #expect(file.notes.contains { $0.contains("config.json") })
    let published = try NetworkFile(path: GoldenFile.path("golden/unet-32x16/ema_model.pth"))
    #expect(published.network == .denoiser(DenoiserConfiguration(baseWidth: 32)))
    let autoencoder = try NetworkFile(path: GoldenFile.path("golden/ae-256/model.pth"))
    #expect(autoencoder.network == .autoencoder(AutoencoderConfiguration(width: 32)))
  }

  @Test("without a configuration the published heads are assumed, and that is said")
  func assumedHeads() throws {
    let file = try NetworkFile(path: altered("bare.safetensors") { _ in })
    guard case .denoiser(let configuration) = file.network else {
      Issue.record("not a denoiser")
      return
    }
    #expect(configuration.headCount == 8)
    #expect(file.notes.contains { $0.contains("assumed 8 attention heads") })
    let told = try NetworkFile(
      path: altered(
        "told.safetensors", metadata: ["pvdm.num_heads": "4", "pvdm.frames": "16"]
      ) { _ in })
    #expect(told.metadata["pvdm.num_heads"] == "4")
    #expect(!told.notes.contains { $0.contains("assumed") })
  }

  @Test("a configuration that disagrees with the weights is refused, naming the setting")
  func disagreement() throws {
    let path = folder.path("wrong.yaml")
    try """
    model:
      params:
        unet_config:
          model_channels: 64
          num_heads: 4
    """.write(toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: ModelError.self) {
      try NetworkFile(path: small, configurationPath: path)
    }
    #expect(try #require(error).description.contains("model_channels is 64"))
    #expect(try #require(error).description.contains("weights say 32"))
  }

  @Test("the authors' YAML is understood")
  func authorsConfiguration() throws {
    let path = folder.path("base.yaml")
    try """
    model:
      cond_model: True
      params:
        linear_start: 0.0015
        unet_config:
          image_size: 8
          model_channels: 32
          attention_resolutions: [4,2,1]   # 32, 16, 8
          num_res_blocks: 1
          channel_mult: [1,2]
          num_heads: 2
          use_scale_shift_norm: True
          resblock_updown: True
          cond_model: True
    """.write(toFile: path, atomically: true, encoding: .utf8)
    let file = try NetworkFile(path: small, configurationPath: path)
    guard case .denoiser(let configuration) = file.network else {
      Issue.record("not a denoiser")
      return
    }
    #expect(configuration.headCount == 2)
  }

  @Test("weights under a wrapper and with a prefix are found, and that is said")
  func wrapped() throws {
    let path = try altered("wrapped.safetensors") { tensors in
      tensors = Dictionary(
        uniqueKeysWithValues: tensors.map { ("ema.module.\($0.key)", $0.value) })
    }
    let file = try NetworkFile(path: path)
    #expect(file.kind == .denoiser)
    #expect(file.notes.contains { $0.contains("ema") })
    #expect(file.notes.contains { $0.contains("module.") })
  }

  @Test("a missing, misshapen, superfluous or infinite weight is refused by name")
  func badWeights() throws {
    let key = "diffusion_model.middle_block.0.in_layers.2.weight"
    func complaint(
      _ change: (inout [String: (shape: [Int], values: [Float])]) -> Void
    ) throws -> String {
      let path = try altered("bad.safetensors", change)
      let error = #expect(throws: ModelError.self) { try load(path) }
      return try #require(error).description
    }
    let missing = try complaint { $0[key] = nil }
    #expect(missing.contains("middle_block.0.in_layers.2.weight is missing"))
    let misshapen = try complaint { $0[key]?.shape = [64, 64, 9] }
    #expect(misshapen.contains("64 x 64 x 9") && misshapen.contains("64 x 64 x 3 x 3"))
    let superfluous = try complaint { $0["diffusion_model.extra.weight"] = ([2], [1, 2]) }
    #expect(superfluous.contains("extra.weight"))
    let infinite = try complaint { $0[key]?.values[17] = .infinity }
    #expect(infinite.contains("not finite"))
    let notANumber = try complaint { $0["diffusion_model.out.2.bias"]?.values[0] = .nan }
    #expect(notANumber.contains("out.2.bias"))
  }

  @Test(
    "metadata that no network can have is refused, not computed with",
    arguments: [
      ["pvdm.num_heads": "0"], ["pvdm.num_heads": "-8"], ["pvdm.num_heads": "7"],
      ["pvdm.num_heads": "many"], ["pvdm.image_size": "4611686018427387904"],
      ["pvdm.image_size": "0"], ["pvdm.image_size": "3"],
    ])
  func hostileMetadata(metadata: [String: String]) throws {
    let path = try altered("hostile.safetensors", metadata: metadata) { tensors in
      tensors["diffusion_model.zeros"] = nil
    }
    #expect(throws: ModelError.self) { try NetworkFile(path: path) }
  }

  @Test("a checkpoint of something else is refused with its first names")
  func otherNetwork() throws {
    let path = folder.path("other.safetensors")
    let writer = SafetensorsWriter(tensors: [
      TensorDescription(name: "fc.weight", elementType: .float32, shape: [1])
    ])
    try writer.write(to: path) { _, sink in try sink.append(converting: [1]) }
    let error = #expect(throws: ModelError.self) { try NetworkFile(path: path) }
    #expect(try #require(error).description.contains("fc.weight"))
  }

  @Test("a damaged checkpoint is refused or loads, and never ends the program")
  func mutations() throws {
    let original = try Data(contentsOf: URL(filePath: small))
    let context = try ComputeContext()
    var generator = TorchGenerator(seed: 20)
    let path = folder.path("damaged.pth")
    var refused = 0
    for round in 0..<60 {
      var bytes = original
      if round % 3 == 0 {
        bytes = bytes.prefix(Int(generator.nextInteger(below: UInt64(bytes.count))))
      } else {
        // Half of the flips hit the directory and the pickle, where they hurt most.
        for _ in 0..<(1 + round % 4) {
          let range = round % 2 == 0 ? bytes.count : 60_000
          let offset = Int(generator.nextInteger(below: UInt64(range)))
          bytes[offset] ^= UInt8(1 << generator.nextInteger(below: 8))
        }
      }
      try bytes.write(to: URL(filePath: path))
      do {
        _ = try NetworkFile(path: path).loadDenoiser(context, elementType: .float32)
      } catch {
        refused += 1
        #expect(error is CheckpointError || error is ModelError, "\(error)")
      }
    }
    #expect(refused > 40)
  }
}
