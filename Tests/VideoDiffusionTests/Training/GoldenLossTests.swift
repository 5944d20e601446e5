import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The perceptual distance and the discriminators against PyTorch's.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
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

  private func channelsFirst(_ tensor: Tensor) -> [Float] {
    Self.transposed(
      tensor.floats(), outer: tensor.shape[0],
      rows: tensor.count / tensor.shape[0] / tensor.channels)
  }

  @Test func theFormulaOfTheWeightsIsRead() throws {
    #expect(FormulaParameters.uniform("check", 8) == (try file.float("formula_check")))
  }

  @Test func thePerceptualDistanceAndItsGradientMatch() throws {
    var shapes: [String: [Int]] = [:]
    var inputs = 3
    let widths = [64, 128, 256, 512, 512]
    let numbers = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
    for (slice, width) in widths.enumerated() {
      for number in numbers[slice] {
        shapes["net.slice\(slice + 1).\(number).weight"] = [width, inputs, 3, 3]
        shapes["net.slice\(slice + 1).\(number).bias"] = [width]
        inputs = width
      }
      shapes["lin\(slice).model.1.weight"] = [1, width, 1, 1]
    }
    let source = FormulaParameters(shapes)
    let distance = try PerceptualDistance(features: source, weights: source, side: 64, context)
    let x = context.differentiable(try channelsLast("lpips_b"))
    let tape = GradientTape()
    let (parts, distances) = try context.recording(on: tape) {
      try distance(x, channelsLast("lpips_a"), context)
    }
    #expect(relativeError(distances, from: try file.float("lpips")) < 1e-4)
    // The reference is the gradient of the sum over the batch.
    try context.backward(from: parts.map { ($0, Float(distances.count)) }, on: tape)
    let gradient = try #require(context.gradient(of: x))
    #expect(relativeError(channelsFirst(gradient), from: try file.float("lpips_grad_b")) < 0.01)
  }

  private func discriminators() throws -> DiscriminatorPair {
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

  @Test func theDiscriminatorsJudgeAlike() throws {
    let pair = try discriminators()
    let fake = try channelsLast("gan_fake")
    let clip = try pair.clip(fake, context).logits.floats()
    #expect(relativeError(clip, from: try file.float("gan_logits_fake_3d")) < 1e-4)
    for index in 0..<16 {
      let frame = try pair.frame(frames(fake, index), context).logits.floats()
      print("frame", index, relativeError(frame, from: try file.float("gan_logits_fake_2d")))
    }
  }
}
