import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Whole networks on a graphics processor, by the emulated driver, against PyTorch's numbers. The files are
/// those of ``FormulaNetworkTests``; the denoiser of the published layout would take a minute there.
@Suite(.onGraphics)
struct GraphicsNetworkTests {
  private static let denoisers = FormulaNetworkTests.denoisers.filter {
    $0.configuration.geometry.side == 8
  }

  @Test("the denoiser predicts PyTorch's noise", arguments: denoisers)
  func noise(_ golden: FormulaNetworkTests.DenoiserCase) throws {
    let noise = try FormulaNetworkTests.noise(
      golden, .float32, conditional: golden.configuration.isConditional)
    #expect(largestDifference(noise.found, noise.expected) < 5e-4)
  }

  @Test("in bfloat16 it stays within five percent", arguments: denoisers)
  func bfloat16(_ golden: FormulaNetworkTests.DenoiserCase) throws {
    let noise = try FormulaNetworkTests.noise(
      golden, .bfloat16, conditional: golden.configuration.isConditional)
    #expect(relativeError(noise.found, from: noise.expected) < 0.05)
  }

  @Test("in TF32 the denoiser stays within half a percent, and rounds", arguments: denoisers)
  func tensorFloat(_ golden: FormulaNetworkTests.DenoiserCase) throws {
    let noise = try TestDevice.$precision.withValue(.tensorFloat32) {
      try FormulaNetworkTests.noise(
        golden, .float32, conditional: golden.configuration.isConditional)
    }
    let error = relativeError(noise.found, from: noise.expected)
    #expect((1e-5...5e-3).contains(error), "\(error)")
  }

  @Test("in TF32 the decoder's frames stay within one percent, and round")
  func tensorFloatDecoding() throws {
    let decoded = try TestDevice.$precision.withValue(.tensorFloat32) {
      try FormulaNetworkTests.decodedFrames(.float32)
    }
    let error = relativeError(decoded.found, from: decoded.expected)
    #expect((1e-5...1e-2).contains(error), "\(error)")
  }

  @Test("the encoder writes PyTorch's latent")
  func encoding() throws {
    let context = try ComputeContext()
    let file = try GoldenFile(named: "autoencoder-64.safetensors")
    let network = try FormulaNetworkTests.load(
      FormulaNetworkTests.autoencoder.parameters, context, .float32
    ) { try Autoencoder($0, FormulaNetworkTests.autoencoder) }
    let latent = try network.encode(file.clip("video_u8"), context)
    #expect(largestDifference(latent.values, try file.float("latent")) < 5e-4)
  }

  @Test("the decoder shows PyTorch's frames", arguments: ElementType.kernelPrecisions)
  func decoding(_ type: ElementType) throws {
    let decoded = try FormulaNetworkTests.decodedFrames(type)
    if type == .float32 {
      #expect(largestDifference(decoded.found, decoded.expected) * 127.5 < 1)
    } else {
      #expect(relativeError(decoded.found, from: decoded.expected) < 0.1)
    }
  }
}
