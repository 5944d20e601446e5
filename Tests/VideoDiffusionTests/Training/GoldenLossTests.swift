import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The perceptual distance and the discriminators against PyTorch's.
@Suite(
  .enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)), .onEveryDevice)
struct GoldenLossTests {
  private let file: GoldenFile
  private let context: ComputeContext

  init() throws {
    file = try GoldenFile(named: "training/perceptual-and-gan.safetensors")
    context = try ComputeContext(threadCount: 2)
  }

  /// A tensor `[batch, channels, ...]` with the channels moved to the end.
  private func channelsLast(_ name: String) throws -> Tensor {
    let shape = try file.shape(name)
    return try context.tensor(
      Self.transposed(file.float(name), outer: shape[0], rows: shape[1]),
      shape: [shape[0]] + shape[2...] + [shape[1]])
  }

  /// `[outer, rows, columns]` to `[outer, columns, rows]`.
  private static func transposed(_ values: [Float], outer: Int, rows: Int) -> [Float] {
    let columns = values.count / outer / rows
    var result = values
    for sample in 0..<outer {
      for row in 0..<rows {
        for column in 0..<columns {
          result[(sample * columns + column) * rows + row] =
            values[(sample * rows + row) * columns + column]
        }
      }
    }
    return result
  }

  private func channelsFirst(_ tensor: Tensor) throws -> [Float] {
    Self.transposed(
      try context.read(tensor), outer: tensor.shape[0],
      rows: tensor.count / tensor.shape[0] / tensor.channels)
  }

  @Test func theFormulaOfTheWeightsIsRead() throws {
    #expect(FormulaWeights.uniform("check", 8) == (try file.float("formula_check")))
  }

  /// With the names of LPIPS' own network and with those of torchvision's.
  @Test(arguments: [false, true])
  func thePerceptualDistanceAndItsGradientMatch(hasTorchvisionNames: Bool) throws {
    let distance = try Self.perceptualDistance(
      side: 64, hasTorchvisionNames: hasTorchvisionNames, context)
    let x = context.differentiable(try channelsLast("lpips_b"))
    let tape = GradientTape()
    let (parts, distances) = try context.recording(on: tape) {
      try distance(x, channelsLast("lpips_a"), context)
    }
    let slices = try context.read(distances)
    let sums = slices[0].indices.map { sample in slices.reduce(0) { $0 + $1[sample] } }
    #expect(relativeError(sums, from: try file.float("lpips")) < 1e-4)
    // The reference is the gradient of the sum over the batch.
    try context.backward(from: parts.map { ($0, Float(sums.count)) }, on: tape)
    let gradient = try #require(context.gradient(of: x))
    #expect(relativeError(try channelsFirst(gradient), from: try file.float("lpips_grad_b")) < 0.01)
  }

  /// LPIPS with the formula's weights.
  static func perceptualDistance(
    side: Int, hasTorchvisionNames: Bool = false, _ context: ComputeContext
  ) throws -> PerceptualDistance {
    var shapes: [String: [Int]] = [:]
    var formulaNames: [String: String] = [:]
    var inputs = 3
    let widths = [64, 128, 256, 512, 512]
    let numbers = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
    for (slice, width) in widths.enumerated() {
      for number in numbers[slice] {
        for (part, shape) in [("weight", [width, inputs, 3, 3]), ("bias", [width])] {
          let own = "net.slice\(slice + 1).\(number).\(part)"
          let name = hasTorchvisionNames ? "features.\(number).\(part)" : own
          shapes[name] = shape
          formulaNames[name] = own
        }
        inputs = width
      }
      shapes["lin\(slice).model.1.weight"] = [1, width, 1, 1]
    }
    let source = FormulaParameters(shapes, formulaNames: formulaNames)
    return try PerceptualDistance(features: source, weights: source, side: side, context)
  }

  private func discriminators() throws -> DiscriminatorPair { try Self.discriminators(context) }

  /// Both discriminators with the formula's weights.
  static func discriminators(_ context: ComputeContext) throws -> DiscriminatorPair {
    func source(axes: Int) -> FormulaParameters {
      let widths = [3, 64, 128, 256, 512, 1]
      var shapes: [String: [Int]] = [:]
      for layer in 0..<5 {
        shapes["model\(layer).0.weight"] =
          [widths[layer + 1], widths[layer]] + Array(repeating: 4, count: axes)
        shapes["model\(layer).0.bias"] = [widths[layer + 1]]
        guard (1...3).contains(layer) else { continue }
        shapes["model\(layer).1.weight"] = [widths[layer + 1]]
        shapes["model\(layer).1.bias"] = [widths[layer + 1]]
      }
      return FormulaParameters(shapes)
    }
    return try DiscriminatorPair(
      frameSource: source(axes: 2), clipSource: source(axes: 3), context)
  }

  /// One frame of each clip, `[batch, height, width, 3]`.
  private func frames(_ clips: Tensor, _ frame: Int) throws -> Tensor {
    try context.stacked(
      (0..<clips.shape[0]).map { sample in
        let clip = try context.slice(clips, sample..<(sample + 1)).reshaped(
          Array(clips.shape.dropFirst()))
        return try context.slice(clip, frame..<(frame + 1)).reshaped(
          Array(clips.shape.dropFirst(2)))
      })
  }

  /// The frame of each clip that the reference shows to the frames' discriminator.
  private static let frame = 3

  private func batch(_ name: String) throws -> (frames: Tensor, clips: Tensor) {
    let clips = try channelsLast(name)
    return (try frames(clips, Self.frame), clips)
  }

  @Test func theDiscriminatorsJudgeAlike() throws {
    let pair = try discriminators()
    let fake = try batch("gan_fake")
    let clip = try context.read(pair.clip(fake.clips, context).logits)
    #expect(relativeError(clip, from: try file.float("gan_logits_fake_3d")) < 1e-4)
    let frame = try context.read(pair.frame(fake.frames, context).logits)
    #expect(relativeError(frame, from: try file.float("gan_logits_fake_2d")) < 1e-4)
  }

  @Test func theDiscriminatorsLossAndGradientsMatch() throws {
    let pair = try discriminators()
    let losses = try pair.accumulate(real: batch("gan_real"), made: batch("gan_fake"))
    let expected = try file.float("gan_discriminator_loss")[0]
    let parts = losses.frame + losses.clip
    let loss = zip(try context.read(parts.map(\.loss)), parts).reduce(0) {
      $0 + $1.0[0] * $1.1.weight
    }
    #expect(abs(loss / expected - 1) < 1e-4)
    for (set, name, key) in [
      (pair.frameParameters, "model0.0.weight", "gan_grad_d_2d_model0"),
      (pair.clipParameters, "model0.0.weight", "gan_grad_d_3d_model0"),
      (pair.clipParameters, "model3.1.weight", "gan_grad_d_3d_model3_norm"),
    ] {
      let gradient = try context.read(#require(set[name]?.gradient))
      #expect(relativeError(gradient, from: try file.float(key)) < 0.01, "\(key)")
    }
  }

  @Test func theGeneratorsLossesAndGradientMatch() throws {
    let pair = try discriminators()
    let fake = context.differentiable(try channelsLast("gan_fake"))
    let tape = GradientTape()
    let losses = try context.recording(on: tape) {
      try pair.generatorLosses(
        real: batch("gan_real"), made: (frames(fake, Self.frame), fake))
    }
    let generator = -(try context.read(losses.logits).reduce(0) { $0 + $1[0] })
    let features = try context.read(losses.features).reduce(0) { $0 + $1[0] }
    #expect(abs(generator / (try file.float("gan_generator_loss")[0]) - 1) < 1e-4)
    #expect(abs(features / (try file.float("gan_feature_loss")[0]) - 1) < 1e-4)
    try context.backward(
      from: losses.logits.map { ($0, -1) } + losses.features.map { ($0, 4) }, on: tape)
    let gradient = try channelsFirst(#require(context.gradient(of: fake)))
    let expected = try file.float("gan_grad_fake_of_generator_plus_4_feature")
    #expect(relativeError(gradient, from: expected) < 0.01)
    let untouched = (pair.frameParameters.parameters + pair.clipParameters.parameters)
      .allSatisfy { $0.gradient == nil }
    #expect(untouched, "the generator's step must leave the discriminators alone")
  }
}
