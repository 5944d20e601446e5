import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// C3D with weights that let one colour through, so that the result can be worked out by hand.
struct C3DTests {
  /// Every convolution copies channel 0, every linear layer sums its inputs with `1 / inputs`, and
  /// the last one adds the class number.
  private static func parameters(renamed: Bool, mean: [Float]?) -> MemoryParameters {
    let source = MemoryParameters()
    for (name, shape) in FormulaWeights.c3d.parameters {
      var values = [Float](repeating: 0, count: shape.reduce(1, *))
      if name.hasSuffix("weight") {
        if shape.count == 5 { values[13] = 1 }  // the kernel's centre, input 0, output 0
        if name == "fc6.weight" {
          for index in 0..<16 { values[index] = 1 / 16 }  // all places of channel 0
        } else if shape.count == 2 {
          for output in 0..<shape[0] { values[output * shape[1]] = 1 }
        }
      } else if name == "fc8.bias" {
        values = (0..<101).map(Float.init)
      }
      let short = ["conv1a": "conv1", "conv2a": "conv2"]
      let parts = name.split(separator: ".").map(String.init)
      let key = renamed ? "\(short[parts[0]] ?? parts[0]).\(parts[1])" : name
      source.parameters[key] = .init(shape: shape, values: values)
    }
    if let mean { source.parameters["mean"] = .init(shape: [3], values: mean) }
    return source
  }

  private static func logits(_ source: MemoryParameters, _ video: FrameBytes) throws -> [Float] {
    let context = try ComputeContext()
    let scope = ParameterScope(source, context: context, elementType: .float32)
    let network = try C3D(scope)
    try scope.checkEverythingWasUsed(of: source.names)
    return try network.features(of: [video], context)[0]
  }

  private static func video(frames: Int, red: UInt8, blue: UInt8) -> FrameBytes {
    FrameBytes(
      count: frames, height: 10, width: 14,
      bytes: (0..<(frames * 140)).flatMap { _ in [red, 77, blue] })
  }

  @Test(
    "the first channel is blue, less the mean, and reaches every class", arguments: [false, true])
  func passage(renamed: Bool) throws {
    let source = Self.parameters(renamed: renamed, mean: nil)
    let logits = try Self.logits(source, Self.video(frames: 16, red: 10, blue: 200))
    for (index, logit) in logits.enumerated() {
      #expect(abs(logit - (200 - 90.25164795 + Float(index))) < 1e-3)
    }
  }

  @Test("a mean in the file takes the place of the usual one; what is below it is cut off")
  func mean() throws {
    let source = Self.parameters(renamed: false, mean: [120, 0, 0])
    let bright = try Self.logits(source, Self.video(frames: 16, red: 0, blue: 150))
    #expect(abs(bright[5] - 35) < 1e-3)
    let dark = try Self.logits(source, Self.video(frames: 16, red: 0, blue: 100))
    #expect(abs(dark[5] - 5) < 1e-3)
  }

  @Test("only the first 16 frames count; fewer are refused")
  func lengths() throws {
    let source = Self.parameters(renamed: false, mean: nil)
    let first = Self.video(frames: 16, red: 0, blue: 180)
    let long = FrameBytes(
      count: 20, height: 10, width: 14,
      bytes: first.bytes + Self.video(frames: 4, red: 0, blue: 255).bytes)
    #expect(try Self.logits(source, first) == Self.logits(source, long))
    #expect(throws: EvaluationError.clipTooShort(frames: 15, needed: 16)) {
      try Self.logits(source, Self.video(frames: 15, red: 0, blue: 0))
    }
  }
}
