import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The networks that judge what is made, on a graphics processor by the emulated driver, against the processor, which
/// ``GoldenLossTests`` holds to PyTorch. Their widths are fixed, so that frames are as small as they can be.
struct GraphicsJudgeTests {
  /// Runs a network on the processor and on a card, and compares what it gives.
  private func compare(
    tolerance: Double, _ body: (ComputeContext) throws -> [(name: String, values: [Float])]
  ) throws {
    let expected = try body(ComputeContext(Device.open(threadCount: 2)))
    let found = try body(ComputeContext(TestDevice.openGraphics()))
    for (found, expected) in zip(found, expected) {
      let error = relativeError(found.values, from: expected.values)
      #expect(error < tolerance, "\(found.name) differs by \(error)")
    }
  }

  private func tensor(_ shape: [Int], seed: UInt64, _ context: ComputeContext) throws -> Tensor {
    var numbers = SeededNumbers(seed)
    return try context.tensor(numbers.floats(shape.reduce(1, *)), shape: shape)
  }

  @Test("LPIPS gives the distance of frames, and its gradient")
  func perceptual() throws {
    try compare(tolerance: 1e-4) { context in
      let distance = try GoldenLossTests.perceptualDistance(side: 16, context)
      let x = context.differentiable(try tensor([1, 16, 16, 3], seed: 1, context))
      let tape = GradientTape()
      let (parts, distances) = try context.recording(on: tape) {
        try distance(x, tensor([1, 16, 16, 3], seed: 2, context), context)
      }
      let values = try context.read(distances).flatMap(\.self)
      try context.backward(from: parts.map { ($0, 1) }, on: tape)
      let gradient = try #require(context.gradient(of: x))
      return [("distances", values), ("gradient", try context.read(gradient))]
    }
  }

  @Test("I3D gives the logits of a clip")
  func i3d() throws {
    try compare(tolerance: 1e-4) { context in
      let scope = ParameterScope(FormulaWeights.i3d, context: context, elementType: .float32)
      let clip = try tensor([1, 9, 32, 32, 3], seed: 9, context)
      return [("logits", try context.read(I3D(scope)(clip, context)))]
    }
  }

  @Test("the discriminators judge frames and clips, and learn to")
  func discriminators() throws {
    try compare(tolerance: 1e-3) { context in
      let pair = try GoldenLossTests.discriminators(context)
      func batch(_ seed: UInt64) throws -> (frames: Tensor, clips: Tensor) {
        (
          try tensor([1, 8, 8, 3], seed: seed, context),
          try tensor([1, 1, 8, 8, 3], seed: seed, context)
        )
      }
      let made = try batch(3)
      var results: [(name: String, values: [Float])] = [
        ("frame", try context.read(pair.frame(made.frames, context).logits)),
        ("clip", try context.read(pair.clip(made.clips, context).logits)),
      ]
      let losses = try pair.accumulate(real: batch(4), made: made)
      results.append(
        ("losses", try context.read((losses.frame + losses.clip).map(\.loss)).flatMap(\.self)))
      for (set, name) in [
        (pair.frameParameters, "model0.0.weight"), (pair.clipParameters, "model2.0.weight"),
        (pair.clipParameters, "model3.1.weight"),
      ] {
        results.append((name, try context.read(#require(set[name]?.gradient))))
      }
      return results
    }
  }
}
