import CheckpointIO
import Foundation
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Networks found by their own names in checkpoints as people save them.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct FoundNetworkTests {
  private let folder: TemporaryFolder
  private let denoiser: Weights
  private let autoencoder: Weights

  private typealias Weights = [(name: String, shape: [Int], values: [Float])]

  init() throws {
    folder = try TemporaryFolder()
    denoiser = try Self.weights("golden/unet-8x16/ema_model.pth", without: "diffusion_model.")
    autoencoder = try Self.weights("golden/ae-64/model.pth", without: "")
  }

  private static func weights(_ path: String, without prefix: String) throws -> Weights {
    let checkpoint = try Checkpoint(contentsOf: GoldenFile.path(path))
    return try checkpoint.tensors.map {
      (String($0.name.dropFirst(prefix.count)), $0.shape, try checkpoint.float32Values($0))
    }
  }

  /// A file of several copies, each under other names and times a factor.
  private func write(_ copies: [(weights: Weights, factor: Float, name: (String) -> String?)])
    throws -> String
  {
    var all: [(description: TensorDescription, values: [Float])] = []
    for copy in copies {
      for weight in copy.weights {
        guard let name = copy.name(weight.name) else { continue }
        all.append(
          (
            TensorDescription(name: name, elementType: .float32, shape: weight.shape),
            weight.values.map { $0 * copy.factor }
          ))
      }
    }
    let path = folder.path("checkpoint.safetensors")
    let values = Dictionary(uniqueKeysWithValues: all.map { ($0.description.name, $0.values) })
    try SafetensorsWriter(tensors: all.map(\.description)).write(to: path) { tensor, sink in
      try sink.append(converting: values[tensor.name] ?? [])
    }
    return path
  }

  /// Fails unless the file holds just these weights under the network's names.
  private func expect(_ file: NetworkFile, _ weights: Weights) throws {
    #expect(Set(file.dictionary.tensors.map(\.name)) == Set(weights.map(\.name)))
    for weight in weights {
      let entry = try #require(file.dictionary[weight.name])
      #expect(try file.checkpoint.float32Values(entry) == weight.values, "\(weight.name)")
    }
  }

  @Test("every name of both networks survives the loss of its dots")
  func dotless() throws {
    for (weights, kind) in [(denoiser, NetworkKind.denoiser), (autoencoder, .autoencoder)] {
      let path = try write([
        (weights, 1, { "model_ema.inner" + $0.filter { $0 != "." } })
      ])
      let file = try NetworkFile(path: path)
      #expect(file.kind == kind && file.dictionary.isMovingAverage)
      try expect(file, weights)
    }
  }

  @Test("both networks of a latent diffusion training are there, each averaged or not")
  func latentDiffusion() throws {
    let path = try write([
      (denoiser, 0, { "state_dict.model.diffusion_model.\($0)" }),
      (autoencoder, 1, { "state_dict.first_stage_model.\($0)" }),
      (
        denoiser, 1,
        {
          // Buffers have no average.
          $0 == "zeros" ? nil : "state_dict.model_ema.diffusion_model" + $0.filter { $0 != "." }
        }
      ),
    ])
    let files = try NetworkFile.networks(path: path)
    #expect(files.map(\.kind) == [.denoiser, .autoencoder])
    #expect(files[0].dictionary.isMovingAverage && !files[1].dictionary.isMovingAverage)
    #expect(files[0].notes.contains { $0.contains("the file holds an autoencoder too") })
    try expect(
      files[0],
      denoiser.map { $0.name == "zeros" ? ($0.name, $0.shape, $0.values.map { $0 * 0 }) : $0 })
    try expect(files[1], autoencoder)
    #expect(try NetworkFile(path: path, preferring: .autoencoder).kind == .autoencoder)
    #expect(
      try NetworkFile(path: path, wrapper: "state_dict.first_stage_model").kind == .autoencoder)
  }

  @Test("the preferred network is only a preference")
  func onlyOne() throws {
    let path = try write([(denoiser, 1, { "_orig_mod.\($0)" })])
    #expect(try NetworkFile(path: path, preferring: .autoencoder).kind == .denoiser)
    #expect(try NetworkFile.networks(path: path).count == 1)
  }

  @Test("a checkpoint of something else lists its groups of weights")
  func unknown() throws {
    let path = try write([(denoiser, 1, { "net.layers.\($0.replacing("time_embed", with: "t"))" })])
    let error = #expect(throws: ModelError.self) { try NetworkFile(path: path) }
    let text = try #require(error).description
    #expect(text.contains("tensors under \"net.layers\""))
  }

  /// The weights that a configuration is read off, one size of each 0 so that they take no bytes, and the
  /// axis that is read.
  private static let readSizes: [[(name: String, shape: [Int], axis: Int)]] = [
    [
      ("time_embed.0.weight", [0, 32], 1), ("input_blocks.0.0.weight", [0, 8], 1),
      ("input_blocks.1.0.in_layers.2.weight", [32, 0], 0),
      ("input_blocks.1.0.emb_layers.1.weight", [64, 0], 0), ("zeros", [1, 0, 320], 2),
      ("output_blocks.0.0.in_layers.2.weight", [0], -1),
      ("output_blocks.1.0.in_layers.2.weight", [0], -1), ("out.2.weight", [4, 0], -1),
    ],
    [
      ("encoder.to_patch_embedding.weight", [32, 192, 0], 0), ("yt_pos_embedding", [0, 9], 1),
      ("xy_pos_embedding", [0, 17], 1), ("encoder.layers.0.0.fn.to_qkv.weight", [192, 0], 0),
      ("xy_quant_attn.layers.0.0.fn.to_qkv.weight", [48, 0], 0),
      ("xy_quant_attn.layers.0.1.fn.net.0.weight", [512, 0], 0), ("pre_xy.weight", [4, 0], -1),
    ],
  ]

  @Test(
    "sizes that no network has are refused before anything is computed with them",
    arguments: [0, 1 << 16 + 1, 1 << 31, 1 << 34])
  func hostileSizes(size: Int) throws {
    for parts in Self.readSizes {
      func file(_ hostile: String?) throws -> String {
        try write([
          (
            parts.map { part in
              var shape = part.shape
              if part.name == hostile { shape[part.axis] = size }
              return (part.name, shape, [])
            }, 1, { $0 }
          )
        ])
      }
      _ = try NetworkFile(path: file(nil))
      for part in parts where part.axis >= 0 {
        let path = try file(part.name)
        #expect(throws: (any Error).self, "\(part.name)") { try NetworkFile(path: path) }
      }
    }
  }
}
