import CheckpointIO
import NeuralLayers
import TensorCore

/// Weights that a formula gives for a name and an element's number, as the golden files' README
/// says: for networks that are too large to keep beside the tests.
public final class FormulaWeights: ParameterSource {
  /// Names and extents, in order.
  public let parameters: [(name: String, shape: [Int])]
  private let shapes: [String: [Int]]

  /// Weights of these names and extents.
  public init(_ parameters: [(name: String, shape: [Int])]) {
    self.parameters = parameters
    shapes = Dictionary(uniqueKeysWithValues: parameters)
  }

  public func shape(of name: String) -> [Int]? { shapes[name] }

  public func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let shape = shapes[name] else {
      throw ParameterError(name: name, problem: .missing(expected: []))
    }
    return try Self.values(name, shape).withUnsafeBufferPointer(body)
  }

  /// Writes the weights as a safetensors file.
  ///
  /// - Parameter change: May replace a tensor's numbers.
  public func write(
    to path: String, without omitted: String? = nil,
    change: (String, inout [Float]) -> Void = { _, _ in }
  ) throws {
    let tensors = parameters.filter { $0.name != omitted }.map {
      TensorDescription(name: $0.name, elementType: .float32, shape: $0.shape)
    }
    try SafetensorsWriter(tensors: tensors).write(to: path) { tensor, sink in
      var values = Self.values(tensor.name, tensor.shape)
      change(tensor.name, &values)
      try sink.append(converting: values)
    }
  }

  /// A tensor's numbers, row-major.
  public static func values(_ name: String, _ shape: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    let scale = (6 / Float(count / shape[0])).squareRoot()
    return uniform(name, count).map { u in
      let centred = 2 * u - 1
      if shape.count > 1 { return centred * scale }
      if name.hasSuffix("running_var") { return 1 + 0.2 * u }
      if name.hasSuffix("running_mean") { return 0.1 * centred }
      return name.hasSuffix("bias") ? 0.05 * centred : 1 + 0.1 * centred
    }
  }

  /// The formula's numbers in 0 ..< 1, 24 bits each.
  public static func uniform(_ name: String, _ count: Int) -> [Float] {
    let hash = FNV1a.hash(name.utf8)
    return (0..<count).map { index in
      // splitmix64's finaliser
      var z = hash &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return Float((z ^ (z >> 31)) >> 40) / Float(1 << 24)
    }
  }

  // MARK: Networks

  /// The parameters of I3D as its PyTorch file names them.
  public static var i3d: FormulaWeights {
    var parameters: [(name: String, shape: [Int])] = []
    func unit(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int = 1) {
      parameters.append(("\(name).conv3d.weight", [outputs, inputs, kernel, kernel, kernel]))
      for part in ["weight", "bias", "running_mean", "running_var"] {
        parameters.append(("\(name).bn.\(part)", [outputs]))
      }
    }
    unit("Conv3d_1a_7x7", 3, 64, 7)
    unit("Conv3d_2b_1x1", 64, 64)
    unit("Conv3d_2c_3x3", 64, 192, 3)
    let modules: [(String, Int, [Int])] = [
      ("Mixed_3b", 192, [64, 96, 128, 16, 32, 32]), ("Mixed_3c", 256, [128, 128, 192, 32, 96, 64]),
      ("Mixed_4b", 480, [192, 96, 208, 16, 48, 64]),
      ("Mixed_4c", 512, [160, 112, 224, 24, 64, 64]),
      ("Mixed_4d", 512, [128, 128, 256, 24, 64, 64]),
      ("Mixed_4e", 512, [112, 144, 288, 32, 64, 64]),
      ("Mixed_4f", 528, [256, 160, 320, 32, 128, 128]),
      ("Mixed_5b", 832, [256, 160, 320, 32, 128, 128]),
      ("Mixed_5c", 832, [384, 192, 384, 48, 128, 128]),
    ]
    for (name, inputs, widths) in modules {
      unit("\(name).b0", inputs, widths[0])
      unit("\(name).b1a", inputs, widths[1])
      unit("\(name).b1b", widths[1], widths[2], 3)
      unit("\(name).b2a", inputs, widths[3])
      unit("\(name).b2b", widths[3], widths[4], 3)
      unit("\(name).b3b", inputs, widths[5])
    }
    parameters.append(("logits.conv3d.weight", [400, 1024, 1, 1, 1]))
    parameters.append(("logits.conv3d.bias", [400]))
    return FormulaWeights(parameters)
  }

  /// The parameters of C3D as Caffe names them.
  public static var c3d: FormulaWeights {
    var parameters: [(name: String, shape: [Int])] = []
    let convolutions = [
      ("conv1a", 3, 64), ("conv2a", 64, 128), ("conv3a", 128, 256), ("conv3b", 256, 256),
      ("conv4a", 256, 512), ("conv4b", 512, 512), ("conv5a", 512, 512), ("conv5b", 512, 512),
    ]
    for (name, inputs, outputs) in convolutions {
      parameters.append(("\(name).weight", [outputs, inputs, 3, 3, 3]))
      parameters.append(("\(name).bias", [outputs]))
    }
    for (name, inputs, outputs) in [("fc6", 8192, 4096), ("fc7", 4096, 4096), ("fc8", 4096, 101)] {
      parameters.append(("\(name).weight", [outputs, inputs]))
      parameters.append(("\(name).bias", [outputs]))
    }
    return FormulaWeights(parameters)
  }

  /// The channel weights of the perceptual distance as LPIPS names them; to be made positive.
  public static var perceptualChannels: FormulaWeights {
    FormulaWeights(
      perceptualSlices.enumerated().map { slice, layers in
        ("lin\(slice).model.1.weight", [1, layers.width, 1, 1])
      })
  }

  /// VGG16's convolutions as torchvision names them.
  public static var vgg16: FormulaWeights {
    var parameters: [(name: String, shape: [Int])] = []
    var inputs = 3
    for (width, numbers) in perceptualSlices {
      for number in numbers {
        parameters.append(("features.\(number).weight", [width, inputs, 3, 3]))
        parameters.append(("features.\(number).bias", [width]))
        inputs = width
      }
    }
    return FormulaWeights(parameters)
  }

  private static let perceptualSlices: [(width: Int, numbers: [Int])] = [
    (64, [0, 2]), (128, [5, 7]), (256, [10, 12, 14]), (512, [17, 19, 21]), (512, [24, 26, 28]),
  ]
}
