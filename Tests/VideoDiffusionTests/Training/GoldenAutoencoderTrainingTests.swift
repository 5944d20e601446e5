import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// A step of the autoencoder's training against PyTorch's.
@Suite(
  .enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)), .onEveryDevice)
struct GoldenAutoencoderTrainingTests {
  private struct Run {
    let context: ComputeContext
    let step: AutoencoderTrainingStep
    let file: GoldenFile
    let example: AutoencoderExample

    init(_ type: ElementType = .float32, checkpointing: Bool = false) throws {
      context = try ComputeContext(threadCount: 2)
      file = try GoldenFile(named: "training/autoencoder-step.safetensors")
      step = try AutoencoderTrainingStep(
        GoldenNetwork.parameters("training/ae-32.pth"),
        AutoencoderConfiguration(resolution: 32, width: 32), elementType: type,
        checkpointing: checkpointing, context)
      example = AutoencoderExample(clip: try file.clip("video_u8"), frame: 0)
    }

    func gradient(_ name: String) throws -> [Float] {
      try context.read(#require(step.parameters[name]?.gradient))
    }
  }

  @Test func theLossTheGradientsAndAStepMatch() throws {
    let run = try Run()
    let losses = try run.step.accumulate([run.example]).read(run.context)
    let expectedLoss = try run.file.float("loss")[0]
    #expect(abs(losses.total(run.step.weights) / expectedLoss - 1) < 1e-4)
    #expect(run.file.keys.contains { $0.hasPrefix("grad.") })
    #expect(run.file.keys.contains { $0.hasPrefix("after1.") })
    for key in run.file.keys where key.hasPrefix("grad.") {
      let name = String(key.dropFirst("grad.".count))
      let error = relativeError(try run.gradient(name), from: try run.file.float(key))
      #expect(error < 0.01, "\(name)")
      #expect(try run.step.parameters[name]?.shape == run.file.shape(key))
    }
    try Optimizer(run.step.parameters, .autoencoder, run.context).step()
    for key in run.file.keys where key.hasPrefix("after1.") {
      let name = String(key.dropFirst("after1.".count))
      let parameter = try #require(run.step.parameters[name])
      #expect(
        largestDifference(try run.context.read(parameter.tensor), try run.file.float(key)) < 1e-5,
        "\(name)")
    }
  }

  @Test func checkpointingChangesNoBit() throws {
    let plain = try Run()
    let checkpointed = try Run(checkpointing: true)
    let loss = try plain.step.accumulate([plain.example]).read(plain.context)
    let other = try checkpointed.step.accumulate([plain.example]).read(checkpointed.context)
    #expect(other == loss)
    for parameter in plain.step.parameters.parameters {
      #expect(
        try plain.gradient(parameter.name) == checkpointed.gradient(parameter.name),
        "\(parameter.name)")
    }
  }

  @Test(
    .enabled(
      if: ElementType.hasBFloat16Training, Comment(rawValue: ElementType.noBFloat16Training)))
  func bfloat16GradientsPointTheSameWay() throws {
    let exact = try Run()
    let rounded = try Run(.bfloat16)
    _ = try exact.step.accumulate([exact.example])
    _ = try rounded.step.accumulate([exact.example])
    let names = exact.step.parameters.parameters.map(\.name)
    let found = try names.flatMap { try rounded.gradient($0) }
    #expect(relativeError(found, from: try names.flatMap { try exact.gradient($0) }) < 0.1)
  }
}
