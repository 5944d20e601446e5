import CheckpointIO
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The perceptual distance of clips, with weights from files.
struct PerceptualEngineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func clip(seed: UInt64) -> PixelClip {
    var numbers = SeededNumbers(seed)
    return PixelClip(frames: 5, side: 32, values: numbers.floats(5 * 32 * 32 * 3))
  }

  @Test("equal clips are at distance 0, others at the mean over their frames")
  func distance() async throws {
    let (weights, features) = (folder.path("lpips.safetensors"), folder.path("vgg.safetensors"))
    try FormulaWeights.perceptualChannels.write(to: weights) { _, values in values = values.map(abs)
    }
    try FormulaWeights.vgg16.write(to: features)
    let engine = try await PerceptualEngine.load(weights: weights, features: features, side: 32)
    let (a, b) = (Self.clip(seed: 1), Self.clip(seed: 2))
    let whole = try await engine.distance(a, b)
    #expect(whole > 0)
    // Two roundings of one quotient may differ.
    #expect(try await engine.distance(a, a) < 1e-6 * whole)
    var sum = 0.0
    let size = 32 * 32 * 3
    for frame in 0..<5 {
      let range = (frame * size)..<((frame + 1) * size)
      sum += try await engine.distance(
        PixelClip(frames: 1, side: 32, values: Array(a.values[range])),
        PixelClip(frames: 1, side: 32, values: Array(b.values[range])))
    }
    #expect(abs(sum / 5 - whole) < 1e-5 * whole)
  }

  @Test("a file that is not there, and a weight that is missing, are named")
  func faults() async throws {
    let (weights, features) = (folder.path("lpips.safetensors"), folder.path("vgg.safetensors"))
    try FormulaWeights.perceptualChannels.write(to: weights)
    await #expect(throws: EvaluationError.noPerceptualWeights(path: features)) {
      try await PerceptualEngine.load(weights: weights, features: features, side: 32)
    }
    try FormulaWeights.vgg16.write(to: features, without: "features.12.bias")
    let error = await #expect(throws: ModelError.self) {
      try await PerceptualEngine.load(weights: weights, features: features, side: 32)
    }
    #expect(error?.path == features && error?.description.contains("12.bias") == true)
  }
}
