import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Denoisers of random weights, in variants that nobody has published, against the plain reference.
struct SyntheticDenoiserTests {
  /// A variant's name and settings.
  struct Variant: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let configuration: DenoiserConfiguration
  }

  private static func tiny(
    _ name: String, side: Int = 4, frames: Int = 4, multipliers: [Int] = [1, 2],
    residualBlocks: Int = 1, attentionFactors: Set<Int> = [1], heads: Int = 4,
    headWidth: Int? = nil, newAttentionOrder: Bool = false, scaleShiftNorm: Bool = true,
    residualResampling: Bool = true, convolutionalResampling: Bool = true,
    isConditional: Bool = false
  ) -> Variant {
    Variant(
      testDescription: name,
      configuration: DenoiserConfiguration(
        geometry: PlaneGeometry(side: side, frames: frames), baseWidth: 32,
        widthMultipliers: multipliers, residualBlocks: residualBlocks,
        attentionFactors: attentionFactors, headCount: heads, headWidth: headWidth,
        newAttentionOrder: newAttentionOrder, scaleShiftNorm: scaleShiftNorm,
        residualResampling: residualResampling, convolutionalResampling: convolutionalResampling,
        isConditional: isConditional))
  }

  static let variants = [
    tiny("published options"), tiny("conditional", isConditional: true),
    tiny("no scale-shift norm", scaleShiftNorm: false),
    tiny("no residual resampling", residualResampling: false),
    tiny(
      "neither, conditional", scaleShiftNorm: false, residualResampling: false,
      isConditional: true),
    tiny("no attention inside planes", attentionFactors: [], residualResampling: false),
    tiny("attention below the top", attentionFactors: [2], heads: 1, residualResampling: false),
    tiny("a single level", multipliers: [1]),
    tiny("heads of a width", heads: 3, headWidth: 16),
    tiny("the new attention order", attentionFactors: [1, 2], newAttentionOrder: true),
    tiny(
      "heads of a width in the new order, conditional", heads: 1, headWidth: 8,
      newAttentionOrder: true, isConditional: true),
    tiny(
      "averaging and repeating alone", side: 8, multipliers: [1, 2, 2],
      attentionFactors: [1, 2, 4],
      residualResampling: false, convolutionalResampling: false),
    tiny(
      "three levels and two blocks", side: 8, multipliers: [1, 3, 2], residualBlocks: 2,
      attentionFactors: [1, 4], residualResampling: false),
    tiny(
      "planes of different heights", side: 6, frames: 10, attentionFactors: [1, 2],
      scaleShiftNorm: false),
  ]

  /// Two samples of different noise levels, the first with a condition.
  private struct Case {
    let reference: ReferenceDenoiser
    let latents: [Latent]
    let conditions: [Latent?]
    let steps: [Float] = [3, 871]

    init(_ variant: Variant) {
      reference = ReferenceDenoiser(
        parameters: MemoryParameters(), configuration: variant.configuration)
      let tokens = variant.configuration.geometry.tokenCount
      var numbers = SeededNumbers(31)
      latents = (0..<2).map { _ in
        Latent(values: numbers.floats(4 * tokens, scale: 2), tokenCount: tokens)
      }
      conditions = [Latent(values: numbers.floats(4 * tokens), tokenCount: tokens), nil]
    }

    /// What the reference predicts; it also fills the parameters.
    func expected() -> [[Double]] {
      latents.indices.map {
        reference(latents[$0], condition: conditions[$0], step: Double(steps[$0]))
      }
    }

    /// What the network predicts with the same parameters.
    func found(_ type: ElementType) throws -> [Latent] {
      let context = try ComputeContext(threadCount: 2)
      let scope = ParameterScope(reference.parameters, context: context, elementType: type)
      let network = try Denoiser(scope, reference.configuration)
      try scope.checkEverythingWasUsed(of: reference.parameters.names)
      return try network(latents, conditions: conditions, steps: steps, context)
    }
  }

  @Test(arguments: variants)
  func theNoiseMatchesThePlainReference(_ variant: Variant) throws {
    let it = Case(variant)
    let expected = it.expected()
    let found = try it.found(.float32)
    for (sample, values) in expected.enumerated() {
      #expect(deviation(found[sample].values, from: values) < 5e-5, "sample \(sample)")
    }
  }

  @Test(
    arguments: variants)
  func bfloat16StaysWithinFivePercent(_ variant: Variant) throws {
    let it = Case(variant)
    let expected = it.expected()
    let found = try it.found(.bfloat16)
    for (sample, values) in expected.enumerated() {
      let error = relativeError(found[sample].values, from: values.map(Float.init))
      // A third more than the golden networks may have: 16 tokens average less rounding away.
      #expect(error < 0.05, "sample \(sample)")
    }
  }

  @Test("planes of one shape are alike to the network, unless codes tell them apart")
  func planeCodes() throws {
    let it = Case(Self.tiny("", isConditional: true))
    _ = it.expected()
    let geometry = it.reference.configuration.geometry
    let parameters = it.reference.parameters
    let context = try ComputeContext(threadCount: 1)
    func exchanged(_ latent: Latent) -> Latent {
      var result = latent
      for channel in 0..<4 {
        let row = channel * latent.tokenCount
        for (a, b) in zip(geometry.planes[1], geometry.planes[2]) {
          result.values.swapAt(row + a, row + b)
        }
      }
      return result
    }
    /// How far the noise in exchanged planes is from the exchanged noise.
    func asymmetry() throws -> Double {
      let scope = ParameterScope(parameters, context: context, elementType: .float32)
      let network = try Denoiser(scope, it.reference.configuration)
      func noise(_ x: Latent) throws -> Latent {
        try network([x], conditions: [nil], steps: [500], context)[0]
      }
      let x = it.latents[0]
      return relativeError(
        try noise(exchanged(x)).values, from: exchanged(try noise(x)).values)
    }
    #expect(try asymmetry() < 1e-4)
    let codes = Latent.planeCodes(geometry)
    parameters.parameters["zeros"] = .init(
      shape: [1, 4, geometry.tokenCount], values: codes.values)
    #expect(try asymmetry() > 0.01)
  }

  @Test func aParameterOfAnotherVariantIsUnexpected() throws {
    let it = Case(Self.tiny("", residualResampling: false))
    _ = it.expected()
    it.reference.parameters.parameters["input_blocks.2.0.emb_layers.1.bias"] = .init(
      shape: [1], values: [0])
    let expected = ParameterError(
      name: "input_blocks.2.0.emb_layers.1.bias", problem: .unexpected(found: [1]))
    #expect(throws: expected) { try it.found(.float32) }
  }

  @Test func theWrongVariantMissesItsParameters() throws {
    let it = Case(Self.tiny("", residualResampling: false))
    _ = it.expected()
    let scope = ParameterScope(
      it.reference.parameters, context: try ComputeContext(threadCount: 1),
      elementType: .float32)
    let expected = ParameterError(
      name: "input_blocks.2.0.in_layers.0.weight", problem: .missing(expected: [32]))
    #expect(throws: expected) {
      try Denoiser(scope, Self.tiny("", residualResampling: true).configuration)
    }
  }
}
