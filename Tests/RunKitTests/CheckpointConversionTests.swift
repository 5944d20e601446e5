import CheckpointIO
import Foundation
import InspectionKit
import KitTestSupport
import RunKit
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

@Suite struct CheckpointConversionTests {
  private let folder: TemporaryFolder
  private let denoiser: String

  init() throws {
    folder = try TemporaryFolder()
    denoiser = folder.path("ema_model.pth")
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser), prefix: "diffusion_model.", to: denoiser)
    let settings = #"{"model_channels": 32, "num_heads": 4}"#
    try Data(settings.utf8).write(to: folder.url.appending(path: "config.json"))
  }

  @Test func roundTripKeepsEveryNumberAndTheConfiguration() throws {
    let source = try NetworkFile(path: denoiser)
    let elsewhere = try TemporaryFolder()
    let middle = elsewhere.path("denoiser.safetensors")
    #expect(try CheckpointConversion(source).write(to: middle).isEmpty)
    let read = try NetworkFile(path: middle)
    #expect(read.network == .denoiser(TinyCheckpoint.denoiser))
    #expect(read.checkpoint.metadata["pvdm.num_heads"] == "4")
    #expect(read.checkpoint.metadata["pvdm.image_size"] == "4")
    #expect(read.notes.isEmpty)

    let back = elsewhere.path("back.pth")
    let notes = try CheckpointConversion(read).write(to: back)
    #expect(notes.count == 1 && notes[0].contains("back.config.json"))
    let returned = try NetworkFile(path: back)
    #expect(returned.network == .denoiser(TinyCheckpoint.denoiser))
    #expect(!returned.notes.contains { $0.contains("assumed") })
    #expect(returned.dictionary.droppedPrefixes == ["diffusion_model."])
    for tensor in source.dictionary.tensors {
      #expect(try returned.values(tensor.name) == source.values(tensor.name), "\(tensor.name)")
      #expect(returned.dictionary[tensor.name]?.shape == tensor.entry.shape)
    }
  }

  @Test(arguments: [
    (CheckpointConversion.StoredType.f16, ElementType.float16, Float(1) / 2048),
    (.bf16, .bfloat16, Float(1) / 256),
  ])
  func weightsAreRoundedAndBuffersAreNot(
    _ type: CheckpointConversion.StoredType, _ elementType: ElementType, _ tolerance: Float
  ) throws {
    let path = folder.path("autoencoder.pth")
    try TinyCheckpoint.write(RandomParameters(TinyCheckpoint.autoencoder), to: path)
    let source = try NetworkFile(path: path, configurationPath: nil)
    let result = folder.path("autoencoder.safetensors")
    try CheckpointConversion(source, type: type).write(to: result)
    let converted = try NetworkFile(path: result)
    #expect(converted.network == .autoencoder(TinyCheckpoint.autoencoder))
    for tensor in converted.dictionary.tensors {
      let isBuffer = tensor.name == "coords" || tensor.name.contains("_rot_emb.")
      #expect(tensor.entry.elementType == (isBuffer ? .float32 : elementType), "\(tensor.name)")
      let before = try source.values(tensor.name)
      let after = try converted.values(tensor.name)
      for (old, new) in zip(before, after) {
        // Beneath the normal range of float16 the distance is absolute.
        #expect(abs(old - new) <= (isBuffer ? 0 : max(abs(old) * tolerance, 1e-7)))
      }
    }
  }

  @Test func tooLargeForHalfIsRefusedByName() throws {
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser), prefix: "diffusion_model.", to: denoiser
    ) { name, values in
      if name == "out.2.bias" { values[1] = -70000 }
    }
    let file = try NetworkFile(path: denoiser)
    let result = folder.path("half.safetensors")
    let error = #expect(throws: StudioError.self) {
      try CheckpointConversion(file, type: .f16).write(to: result)
    }
    let text = try Explanation(#require(error)).text
    #expect(text.contains("out.2.bias") && text.contains("-70000"))
    #expect(!FileManager.default.fileExists(atPath: result))
    try CheckpointConversion(file, type: .bf16).write(to: result)
  }

  @Test func integersAndStridesPassThrough() throws {
    let path = folder.path("counted.safetensors")
    let source = RandomParameters(TinyCheckpoint.autoencoder)
    var tensors = [TensorDescription(name: "encoder.steps", elementType: .int64, shape: [3])]
    tensors += source.parameters.map {
      TensorDescription(name: $0.name, elementType: .float32, shape: $0.shape)
    }
    let steps: [Int64] = [7, -2, 1 << 40]
    try SafetensorsWriter(tensors: tensors).write(to: path) { tensor, sink in
      if tensor.name == "encoder.steps" {
        try steps.withUnsafeBytes { try sink.append($0) }
      } else {
        try source.withValues(of: tensor.name) { try sink.append(converting: $0) }
      }
    }
    let result = folder.path("counted.pth")
    try CheckpointConversion(NetworkFile(path: path), type: .f16).write(to: result)
    let file = try NetworkFile(path: result)
    let entry = try #require(file.dictionary["encoder.steps"])
    #expect(entry.elementType == .int64)
    #expect(try file.checkpoint.int64Values(entry) == steps)
  }

  @Test("what no weight tells passes through a .pth file, whichever it is")
  func everySettingPasses() throws {
    var configuration = TinyCheckpoint.denoiser
    configuration.geometry = PlaneGeometry(side: 8, frames: 24)
    configuration.headWidth = 16
    configuration.newAttentionOrder = true
    configuration.isConditional = false
    let settings = """
      {"model_channels": 32, "image_size": 8, "frames": 24, "num_head_channels": 16,
       "use_new_attention_order": true, "weights": "average", "trained_steps": 700,
       "prediction": "velocity", "distilled_steps": 8}
      """
    let source = folder.path("long.pth")
    try TinyCheckpoint.write(
      RandomParameters(configuration), prefix: "diffusion_model.", to: source)
    try Data(settings.utf8).write(to: URL(filePath: folder.path("long.config.json")))
    func check(_ path: String) throws -> NetworkFile {
      let file = try NetworkFile(path: path)
      guard case .denoiser(let found) = file.network else {
        Issue.record("no denoiser")
        return file
      }
      #expect(found.geometry == configuration.geometry, "\(path)")
      #expect(found.headWidth == 16 && found.newAttentionOrder, "\(path)")
      #expect(file.weightKind == .average && file.trainedSteps == 700, "\(path)")
      #expect(found.prediction == .velocity && file.distilledSteps == 8, "\(path)")
      #expect(!file.notes.contains { $0.contains("assumed") })
      return file
    }
    let own = folder.path("a/long.safetensors")
    try CheckpointConversion(check(source)).write(to: own)
    let back = folder.path("b/long.pth")
    try CheckpointConversion(check(own)).write(to: back)
    _ = try check(back)
    let summary = try #require(try Inspection(of: back).network)
    #expect(summary.weights == .average && summary.trainedSteps == 700 && summary.heads == 2)
    #expect(summary.prediction == .velocity && summary.distilledSteps == 8)
    // The settings beside it are somebody's, too.
    #expect(throws: StudioError(folder.path("b/long.config.json"), .exists)) {
      try FileManager.default.removeItem(atPath: back)
      try CheckpointConversion(check(own)).write(to: back)
    }
    try CheckpointConversion(check(own)).write(to: back, overwrites: true)
  }

  @Test func nothingIsReplacedUnasked() throws {
    let file = try NetworkFile(path: denoiser)
    let result = folder.path("there.safetensors")
    try Data("mine".utf8).write(to: URL(filePath: result))
    #expect(throws: StudioError(result, .exists)) {
      try CheckpointConversion(file).write(to: result)
    }
    #expect(try Data(contentsOf: URL(filePath: result)) == Data("mine".utf8))
    try CheckpointConversion(file).write(to: result, overwrites: true)
    #expect(try NetworkFile(path: result).kind == .denoiser)
    #expect(throws: StudioError.self) {
      try CheckpointConversion(file).write(to: folder.path("model.onnx"))
    }
  }
}
