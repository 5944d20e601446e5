import CheckpointIO
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The perceptual distance of clips, with weights from files.
struct PerceptualEngineTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let widths = [64, 128, 256, 512, 512]
  private static let numbers = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]

  /// Channel weights, and VGG16's convolutions under torchvision's names.
  private static func parameters(_ isFeature: Bool) -> FormulaWeights {
    var features: [(name: String, shape: [Int])] = []
    var weights: [(name: String, shape: [Int])] = []
    var inputs = 3
    for (slice, width) in widths.enumerated() {
      weights.append(("lin\(slice).model.1.weight", [1, width, 1, 1]))
      for number in numbers[slice] {
        features.append(("features.\(number).weight", [width, inputs, 3, 3]))
        features.append(("features.\(number).bias", [width]))
        inputs = width
      }
    }
    return FormulaWeights(isFeature ? features : weights)
  }

  private static func clip(seed: UInt64) -> PixelClip {
    var numbers = SeededNumbers(seed)
    return PixelClip(frames: 5, side: 32, values: numbers.floats(5 * 32 * 32 * 3))
  }

  @Test("equal clips are at distance 0, others at the mean over their frames")
  func distance() async throws {
    let (weights, features) = (folder.path("lpips.safetensors"), folder.path("vgg.safetensors"))
    try Self.parameters(false).write(to: weights) { _, values in values = values.map(abs) }
    try Self.parameters(true).write(to: features)
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
    try Self.parameters(false).write(to: weights)
    await #expect(throws: EvaluationError.noPerceptualWeights(path: features)) {
      try await PerceptualEngine.load(weights: weights, features: features, side: 32)
    }
    try Self.parameters(true).write(to: features, without: "features.12.bias")
    let error = await #expect(throws: ModelError.self) {
      try await PerceptualEngine.load(weights: weights, features: features, side: 32)
    }
    #expect(error?.path == features && error?.description.contains("12.bias") == true)
  }
}
