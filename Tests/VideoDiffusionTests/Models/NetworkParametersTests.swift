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
    "names, extents and order are those of the authors' files",
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
      parameters.map { "\($0.name) \($0.shape)" }
        == file.dictionary.tensors.map { "\($0.name) \($0.entry.shape)" })
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
