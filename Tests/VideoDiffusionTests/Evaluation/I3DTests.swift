import CheckpointIO
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// I3D against PyTorch's numbers.
struct I3DTests {
  @Test(
    "logits of two clips are PyTorch's within 1e-3")
  func logits() throws {
    let golden = try GoldenFile(named: "evaluation.safetensors")
    let context = try ComputeContext()
    let scope = ParameterScope(FormulaWeights.i3d, context: context, elementType: .float32)
    let network = try I3D(scope)
    let logits = try network.features(of: Self.clips(golden), context)
    let reference = try golden.float("i3d_logits")
    #expect(logits.count == 2)
    #expect(relativeError(logits.flatMap { $0 }, from: reference) < 1e-3)
    #expect(largestDifference(logits.flatMap { $0 }, reference) < 1e-3)
  }

  @Test(
    "frames are resized and cut as PyTorch does, within 1e-4")
  func preparation() throws {
    let golden = try GoldenFile(named: "evaluation.safetensors")
    let side = 224
    var prepared: [Float] = []
    for clip in try Self.clips(golden) {
      let frame = I3D.prepared(clip[0..<1])
      for channel in 0..<3 {
        for pixel in 0..<(side * side) { prepared.append(frame[pixel * 3 + channel]) }
      }
    }
    #expect(largestDifference(prepared, try golden.float("i3d_preprocessed_frame0")) < 1e-4)
  }

  @Test("an oblong frame keeps its centre and its proportions")
  func oblong() {
    // A ramp from left to right: the cut must be symmetric about its middle.
    let (height, width) = (112, 200)
    let bytes = (0..<(height * width)).flatMap { pixel in
      [UInt8](repeating: UInt8(pixel % width), count: 3)
    }
    let values = I3D.prepared(FrameBytes(count: 1, height: height, width: width, bytes: bytes))
    #expect(values.count == 224 * 224 * 3)
    let levels = (0..<224).map { (values[$0 * 3] / 2 + 0.5) * 255 }
    // 200 columns become 400, of which 88 are cut off at the left: column 88 lies at 43.75.
    #expect(abs(levels[0] - 43.75) < 1e-3 && abs(levels[223] - 155.25) < 1e-3)
    #expect(levels == levels.sorted())
  }

  @Test("clips of different lengths give 400 numbers; too short ones are refused")
  func lengths() throws {
    let context = try ComputeContext()
    let scope = ParameterScope(FormulaWeights.i3d, context: context, elementType: .float32)
    let network = try I3D(scope)
    for frames in [9, 24] {
      let clip = FrameBytes(
        count: frames, height: 8, width: 8,
        bytes: (0..<(frames * 192)).map { UInt8($0 * 7 % 256) })
      let features = try network.features(of: [clip], context)
      #expect(features.count == 1 && features[0].count == 400)
      #expect(features[0].allSatisfy(\.isFinite) && Set(features[0]).count > 100)
    }
    let short = FrameBytes(count: 8, height: 8, width: 8, bytes: .init(repeating: 0, count: 1536))
    #expect(throws: EvaluationError.clipTooShort(frames: 8, needed: 9)) {
      try network.features(of: [short], context)
    }
  }

  private static func clips(_ golden: GoldenFile) throws -> [FrameBytes] {
    let shape = try golden.shape("i3d_videos_u8")
    let bytes = try golden.ints("i3d_videos_u8").map { UInt8($0) }
    let size = bytes.count / shape[0]
    return (0..<shape[0]).map {
      FrameBytes(
        count: shape[1], height: shape[2], width: shape[3],
        bytes: Array(bytes[($0 * size)..<(($0 + 1) * size)]))
    }
  }
}

/// Files of weights: strict, and named in every complaint.
struct FeatureNetworkFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("a file of all weights loads, and batch counters beside them are passed over")
  func whole() throws {
    let counters = FormulaWeights(
      FormulaWeights.i3d.parameters + [("Conv3d_1a_7x7.bn.num_batches_tracked", [1])])
    try counters.write(to: folder.path("i3d.safetensors"))
    let file = try FeatureNetworkFile(path: folder.path("i3d.safetensors"), kind: .i3d)
    let network = try file.load(ComputeContext(), frames: 16)
    #expect(network.kind == .i3d)
  }

  @Test("a missing, a misshapen, a damaged and a needless weight are named with the file")
  func faults() throws {
    let path = folder.path("i3d.safetensors")
    let context = try ComputeContext()
    func problem() throws -> String {
      let file = try FeatureNetworkFile(path: path, kind: .i3d)
      let error = try #require(
        throws: ModelError.self, performing: { try file.load(context, frames: 16) })
      #expect(error.path == path)
      return error.description
    }
    try FormulaWeights.i3d.write(to: path, without: "Mixed_4c.b1b.conv3d.weight")
    #expect(try problem().contains("Mixed_4c.b1b.conv3d.weight is missing"))
    try FormulaWeights.i3d.write(to: path) { name, values in
      if name == "Mixed_3b.b0.bn.running_var" { values[3] = .nan }
    }
    #expect(try problem().contains("Mixed_3b.b0.bn.running_var holds values that are not finite"))
    try FormulaWeights(
      FormulaWeights.i3d.parameters.map {
        $0.name == "logits.conv3d.bias" ? ($0.name, [600]) : $0
      }
    ).write(to: path)
    #expect(try problem().contains("logits.conv3d.bias is 600; expected 400"))
    try FormulaWeights(FormulaWeights.i3d.parameters + [("head.weight", [2, 2])]).write(to: path)
    #expect(try problem().contains("head.weight"))
  }

  @Test("no file and the file of another network are told apart")
  func otherFiles() throws {
    let path = folder.path("weights.safetensors")
    #expect(throws: EvaluationError.noWeights(.i3d, path: path)) {
      try FeatureNetworkFile(path: path, kind: .i3d)
    }
    try FormulaWeights([("conv1a.weight", [2, 2])]).write(to: path)
    #expect(throws: EvaluationError.otherNetwork(.i3d, path: path, keys: ["conv1a.weight"])) {
      try FeatureNetworkFile(path: path, kind: .i3d)
    }
  }
}
