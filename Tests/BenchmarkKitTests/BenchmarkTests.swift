import BenchmarkKit
import Foundation
import KitTestSupport
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

@Suite struct BenchmarkTests {
  @Test func operationsMatchThePublishedCounts() {
    let denoiser = DenoiserConfiguration.published.forwardOperations / 1e9
    #expect(abs(denoiser - 243) < 3)
    #expect(abs(DenoiserConfiguration.small.forwardOperations / 1e9 - 72) < 2)
    let autoencoder = AutoencoderConfiguration.published
    #expect(abs(autoencoder.decodeOperations / 1e9 - 1158) < 12)
    #expect(abs(autoencoder.encodeOperations / 1e9 - 1444) < 15)
  }

  @Test func parameterListsMatchThePublishedCounts() {
    let buffers: Set = ["zeros", "coords"]
    func count(_ parameters: [NamedShape]) -> Int {
      parameters.filter { !buffers.contains($0.name) }.reduce(0) { $0 + $1.count }
    }
    #expect(count(DenoiserConfiguration.published.parameters) == 528_273_412)
    #expect(count(AutoencoderConfiguration.published.parameters) == 62_064_495)
  }

  @Test(
    .enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason)),
    arguments: [
      "golden/unet-8x16/ema_model.pth", "golden/unet-8x16-uncond/ema_model.pth",
      "golden/unet-32x16/ema_model.pth", "golden/ae-64/model.pth",
      "checkpoints/skies-64/ema_model.pth", "checkpoints/skies-64/model_last.pth",
    ])
  func parameterListsMatchCheckpoints(_ path: String) throws {
    let file = try NetworkFile(path: Shared.path(path))
    let parameters =
      switch file.network {
      case .autoencoder(let configuration): configuration.parameters
      case .denoiser(let configuration): configuration.parameters
      }
    let stored = Dictionary(
      uniqueKeysWithValues: file.dictionary.tensors.map { ($0.name, $0.entry.shape) })
    #expect(Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) }) == stored)
  }

  @Test(arguments: [(true, true), (false, true), (true, false)])
  func randomDenoisersCompute(_ scaleShiftNorm: Bool, _ residualResampling: Bool) throws {
    var configuration = TinyCheckpoint.denoiser
    configuration.scaleShiftNorm = scaleShiftNorm
    configuration.residualResampling = residualResampling
    let context = try ComputeContext(threadCount: 1)
    let (denoiser, seconds) = try RandomParameters.denoiser(
      configuration, context, elementType: .float32)
    #expect(seconds >= 0)
    let latent = Latent(
      values: (0..<4 * 144).map { Float($0 % 7) / 7 }, tokenCount: configuration.geometry.tokenCount
    )
    let profile = OperationProfile()
    context.profile = profile
    let noise = try denoiser([latent], conditions: [nil], step: 500, context)
    #expect(noise[0].values.allSatisfy { $0.isFinite && abs($0) < 100 })
    // What the operations say of themselves is what the configuration says of the whole, but for the
    // rows between planes, which weigh most where planes are as small as here.
    let counted = profile.calls.reduce(0) { $0 + $1.operations }
    #expect(abs(counted / configuration.forwardOperations - 1) < 0.03)
    #expect(profile.calls.contains { $0.layer == "input_blocks.1" && $0.kind == .convolution })
  }

  @Test func randomWeightsDependOnSeedAndName() throws {
    func values(_ seed: UInt64, _ name: String) throws -> [Float] {
      try RandomParameters(TinyCheckpoint.denoiser, seed: seed).withValues(of: name) { Array($0) }
    }
    #expect(try values(1, "out.2.weight") == values(1, "out.2.weight"))
    #expect(try values(1, "out.2.weight") != values(2, "out.2.weight"))
    #expect(try values(1, "out.0.bias") != values(1, "out.2.bias"))
    #expect(try values(1, "zeros").allSatisfy { $0 == 0 })
  }

  @Test func medianAndSpread() {
    let measurement = BenchmarkMeasurement(
      task: .denoiser, size: .published, precision: .bfloat16, batch: 4, threadCount: 1,
      samples: [3, 1, 2, 2], operations: 4e9, peak: 8)
    #expect(measurement.median == 2)
    #expect(measurement.spread == 1)
    #expect(measurement.rate == 2)
    #expect(measurement.shareOfPeak == 0.25)
    #expect(measurement.name == "denoiser.published.bf16.batch4.threads1")
  }
}
