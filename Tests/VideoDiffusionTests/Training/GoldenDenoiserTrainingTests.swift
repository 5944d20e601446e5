import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Three steps of the denoiser's training against PyTorch's.
@Suite(
  .enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)), .onEveryDevice)
struct GoldenDenoiserTrainingTests {
  private static let prefix = "diffusion_model."

  /// The denoiser and the batch of the golden run.
  private struct Run {
    let context: ComputeContext
    let step: DenoiserTrainingStep
    let file: GoldenFile

    init(
      _ type: ElementType = .float32, distance: Distance = .squared, checkpointing: Bool = false,
      threads: Int = 2
    ) throws {
      context = try ComputeContext(threadCount: threads)
      file = try GoldenFile(named: "training/diffusion-step.safetensors")
      step = try DenoiserTrainingStep(
        GoldenNetwork.parameters("unet-8x16/ema_model.pth"),
        GoldenNetwork.small.configuration, distance: distance, elementType: type,
        checkpointing: checkpointing, context)
    }

    func examples(conditional: Bool) throws -> [DenoiserExample] {
      let clean = try file.latents("x_start")
      let conditions = try file.latents("cond")
      let noise = try file.latents("noise")
      let steps = try file.ints("t")
      return clean.indices.map {
        DenoiserExample(
          clean: clean[$0], condition: conditional ? conditions[$0] : nil, noise: noise[$0],
          step: steps[$0])
      }
    }

    func expectedGradients() throws -> [(name: String, values: [Float])] {
      try file.keys.filter { $0.hasPrefix("grad." + prefix) }.map {
        (String($0.dropFirst("grad.".count + prefix.count)), try file.float($0))
      }
    }

    /// Adds a batch's gradients and reads its loss.
    func accumulate(_ examples: [DenoiserExample]) throws -> Float {
      try context.read(step.accumulate(examples))[0]
    }

    /// Each parameter's numbers as they are now.
    func values() throws -> [[Float]] {
      try context.read(step.parameters.parameters.map(\.tensor))
    }

    func gradient(_ name: String) throws -> [Float] {
      try context.read(#require(step.parameters[name]?.gradient))
    }
  }

  private static func rootMeanSquare(_ values: [Float]) -> Double {
    (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
  }

  /// The error relative to the gradient, or to a small part of the whole network's gradient where that
  /// is more: biases before a normalisation with one channel a group have no gradient but rounding
  /// errors, on both sides.
  private static func error(_ found: [Float], _ expected: [Float], of whole: Double) -> Double {
    let difference = rootMeanSquare(zip(found, expected).map { $0 - $1 })
    return difference / max(rootMeanSquare(expected), 5e-4 * whole)
  }

  @Test func theLossAndEveryGradientMatch() throws {
    let run = try Run()
    let loss = try run.accumulate(run.examples(conditional: true))
    let expectedLoss = try run.file.float("loss")[0]
    #expect(abs(loss / expectedLoss - 1) < 1e-4)
    let expected = try run.expectedGradients()
    #expect(Set(expected.map(\.name)) == Set(run.step.parameters.parameters.map(\.name)))
    let whole = Self.rootMeanSquare(expected.flatMap(\.values))
    for (name, values) in expected {
      let error = Self.error(try run.gradient(name), values, of: whole)
      #expect(error < 0.01, "\(name)")
    }
  }

  @Test func threeStepsEndAtTheSameWeightsAndAverages() throws {
    let run = try Run()
    let optimizer = try Optimizer(run.step.parameters, .denoiser, run.context)
    let expected = try run.file.float("loss")
    for (index, conditional) in [true, false, true].enumerated() {
      let loss = try run.accumulate(run.examples(conditional: conditional))
      #expect(abs(loss / expected[index] - 1) < 1e-4, "step \(index)")
      try optimizer.step()
    }
    let whole = Self.rootMeanSquare(try run.expectedGradients().flatMap(\.values))
    // AdamW moves an element by the learning rate whatever its gradient's size: where that is only a
    // rounding error, so is the direction, in the weights and in the averages that follow them.
    func wrong(_ found: [Float], _ key: String, of name: String) throws -> [Int] {
      let gradient = try run.file.float("grad." + Self.prefix + name)
      let expected = try run.file.float(key)
      try #require(found.count == expected.count)
      return found.indices.filter {
        let tolerance: Float = abs(Double(gradient[$0])) < 1e-5 * whole ? 6e-4 : 1e-5
        return !(abs(found[$0] - expected[$0]) < tolerance)
      }
    }
    let averages = Dictionary(
      uniqueKeysWithValues: try optimizer.averages.map { ($0.name, try $0.values()) })
    for key in run.file.keys {
      let after = "after3." + Self.prefix
      let average = "ema3." + Self.prefix
      if key.hasPrefix(after) {
        let name = String(key.dropFirst(after.count))
        let parameter = try #require(run.step.parameters[name])
        #expect(try wrong(run.context.read(parameter.tensor), key, of: name).isEmpty, "\(name)")
      } else if key.hasPrefix(average) {
        let name = String(key.dropFirst(average.count))
        let found = try #require(averages[name])
        #expect(try wrong(found, key, of: name).isEmpty, "average of \(name)")
      }
    }
    let absolute = try Run(distance: .absolute)
    for (parameter, values) in zip(run.step.parameters.parameters, try run.values()) {
      values.withUnsafeBufferPointer {
        absolute.step.parameters[parameter.name]?.setValues($0)
      }
    }
    let loss = try absolute.context.read(
      absolute.step.error(run.examples(conditional: true)))[0]
    let expectedLoss = try run.file.float("loss_l1_after3")[0]
    #expect(abs(loss / expectedLoss - 1) < 1e-4)
  }

  @Test(arguments: ElementType.trainingPrecisions)
  func checkpointingChangesNoBit(_ type: ElementType) throws {
    let plain = try Run(type)
    let checkpointed = try Run(type, checkpointing: true)
    let loss = try plain.accumulate(plain.examples(conditional: true))
    let other = try checkpointed.accumulate(plain.examples(conditional: true))
    #expect(loss == other)
    for parameter in plain.step.parameters.parameters {
      #expect(
        try plain.gradient(parameter.name) == checkpointed.gradient(parameter.name),
        "\(parameter.name)")
    }
  }

  @Test func aSecondRunGivesTheSameBits() throws {
    let weights = try (0..<2).map { _ in
      let run = try Run()
      let optimizer = try Optimizer(run.step.parameters, .denoiser, run.context)
      for _ in 0..<2 {
        _ = try run.accumulate(run.examples(conditional: true))
        try optimizer.step()
      }
      return try run.values()
    }
    #expect(weights[0] == weights[1])
  }

  @Test(
    .enabled(
      if: ElementType.hasBFloat16Training, Comment(rawValue: ElementType.noBFloat16Training)))
  func bfloat16GradientsPointTheSameWay() throws {
    let exact = try Run()
    let rounded = try Run(.bfloat16)
    let examples = try exact.examples(conditional: true)
    let loss = try exact.accumulate(examples)
    #expect(abs(try rounded.accumulate(examples) / loss - 1) < 0.02)
    let names = exact.step.parameters.parameters.map(\.name)
    let found = try names.flatMap { try rounded.gradient($0) }
    #expect(relativeError(found, from: try names.flatMap { try exact.gradient($0) }) < 0.05)
  }

  @Test func gradientsOfPartsAddUpToThoseOfTheWhole() throws {
    let whole = try Run()
    let parts = try Run()
    let examples = try whole.examples(conditional: true)
    _ = try whole.step.accumulate(examples)
    for example in examples {
      _ = try parts.step.accumulate([example], weight: 1 / Float(examples.count))
    }
    let names = whole.step.parameters.parameters.map(\.name)
    let size = Self.rootMeanSquare(try names.flatMap { try whole.gradient($0) })
    for name in names {
      let error = Self.error(try parts.gradient(name), try whole.gradient(name), of: size)
      #expect(error < 0.01, "\(name)")
    }
  }
}
