import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The lists of parameters, which the layers' initialisers make.
struct NetworkParametersTests {
  @Test("a network takes exactly the listed parameters", arguments: SyntheticDenoiserTests.variants)
  func complete(_ variant: SyntheticDenoiserTests.Variant) throws {
    let source = RandomParameters(variant.configuration)
    let scope = ParameterScope(
      source, context: try ComputeContext(threadCount: 1), elementType: .float32)
    _ = try Denoiser(scope, variant.configuration)
    try scope.checkEverythingWasUsed(of: source.parameters.map(\.name))
    #expect(Set(source.parameters.map(\.name)).count == source.parameters.count)
  }

  @Test(
    "names and extents are those of the authors' files",
    .enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)),
    arguments: [
      "unet-8x16/ema_model.pth", "unet-8x16-uncond/ema_model.pth", "unet-32x16/ema_model.pth",
      "ae-64/model.pth", "ae-256/model.pth",
    ])
  func likeFiles(_ name: String) throws {
    let file = try NetworkFile(path: GoldenFile.path("golden/\(name)"))
    let parameters =
      switch file.network {
      case .autoencoder(let configuration): configuration.parameters
      case .denoiser(let configuration): configuration.parameters
      }
    #expect(
      parameters.map { "\($0.name) \($0.shape)" }.sorted()
        == file.dictionary.tensors.map { "\($0.name) \($0.entry.shape)" }.sorted())
  }

  @Test("the order is that in which the original's modules are registered")
  func order() {
    func firsts(_ parameters: [NamedShape], parts: Int) -> [String] {
      parameters.reduce(into: []) { names, entry in
        let name = entry.name.split(separator: ".").prefix(parts).joined(separator: ".")
        if names.last != name { names.append(name) }
      }
    }
    #expect(
      firsts(DenoiserConfiguration.published.parameters, parts: 1) == [
        "zeros", "time_embed", "input_blocks", "middle_block", "output_blocks", "input_attns",
        "mid_attn", "output_attns", "out",
      ])
    let autoencoder = AutoencoderConfiguration(layers: 11, projectionLayers: 1)
    #expect(
      firsts(autoencoder.parameters, parts: 1) == [
        "xy_token", "xt_token", "yt_token", "xy_pos_embedding", "xt_pos_embedding",
        "yt_pos_embedding", "coords", "encoder", "decoder", "to_pixel", "xy_quant_attn",
        "xt_quant_attn", "yt_quant_attn", "pre_xy", "pre_xt", "pre_yt", "post_xy", "post_xt",
        "post_yt",
      ])
    let encoder = autoencoder.parameters.filter { $0.name.hasPrefix("encoder.") }
    #expect(
      firsts(encoder, parts: 3) == [
        "encoder.to_patch_embedding.weight", "encoder.to_patch_embedding.bias",
        "encoder.frame_rot_emb.inv_freqs", "encoder.image_rot_emb.scales",
      ] + (0..<11).map { "encoder.layers.\($0)" })
    #expect(
      firsts(encoder.filter { $0.name.hasPrefix("encoder.layers.10.0.") }, parts: 6) == [
        "encoder.layers.10.0.fn.to_qkv", "encoder.layers.10.0.fn.to_out",
        "encoder.layers.10.0.norm.weight", "encoder.layers.10.0.norm.bias",
      ])
  }

  @Test("a list takes no memory for its numbers, however absurd the configuration")
  func absurd() {
    let denoiser = DenoiserConfiguration(
      geometry: PlaneGeometry(side: 2048, frames: 1024), baseWidth: 65536,
      widthMultipliers: [1, 1], residualBlocks: 2)
    let autoencoder = AutoencoderConfiguration(
      resolution: 8192, patchSide: 4, frames: 1024, width: 65536, layers: 2, headCount: 1024,
      projectionLayers: 1)
    for parameters in [denoiser.parameters, autoencoder.parameters] {
      #expect(parameters.contains { $0.count >= 1 << 33 })
    }
  }
}
