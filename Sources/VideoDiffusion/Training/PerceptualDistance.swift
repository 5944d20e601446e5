import NeuralLayers
import TensorCore

/// How different two images look, measured by the features of a network that was trained to classify
/// (Zhang et al. 2018, "LPIPS", with VGG16).
///
/// Its parameters are never trained. They come from the files users have: torchvision's VGG16
/// (`features.{n}`), and the `lin{k}.model.1.weight` of LPIPS; or from one file with LPIPS' own names
/// (`net.slice{k}.{n}`).
package struct PerceptualDistance: Sendable {
  private let toUnits: Linear
  private let slices: [[Convolution]]
  private let channelWeights: [Tensor]

  /// The numbers of the convolutions in VGG16's feature layers, in slices that end where features are
  /// compared: after relu 1_2, 2_2, 3_3, 4_3 and 5_3. Each slice but the first begins with pooling.
  package static let convolutions = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
  package static let widths = [64, 128, 256, 512, 512]
  private static let shift: [Float] = [-0.030, -0.088, -0.188]
  private static let scale: [Float] = [0.458, 0.448, 0.450]

  /// Takes the parameters.
  ///
  /// - Parameters:
  ///   - features: VGG16's convolutions.
  ///   - weights: The weights of the channels, `lin0` to `lin4`.
  ///   - side: Side of the images it will mostly see, in pixels.
  /// - Throws: ``ParameterError`` for a missing or misshapen parameter, and what the sources throw.
  package init(
    features: any ParameterSource, weights: any ParameterSource, side: Int,
    _ context: ComputeContext
  ) throws {
    let frozen = ParameterSet()
    let scope = ParameterScope(features, context: context, elementType: .float32, trained: frozen)
    var inputs = 3
    var side = side
    slices = try Self.convolutions.enumerated().map { slice, numbers in
      defer { side = max(1, side / 2) }
      return try numbers.map { number in
        let torchvision = scope["features"][number]
        let place =
          torchvision.contains("weight") ? torchvision : scope["net"]["slice\(slice + 1)"][number]
        let outputs = Self.widths[slice]
        defer { inputs = outputs }
        return try Convolution(
          place, inputs, outputs, on: ImageStack(width: side, heights: [side]))
      }
    }
    frozen.isTrained = false
    let weightScope = ParameterScope(weights, context: context, elementType: .float32)
    channelWeights = try Self.widths.enumerated().map { index, width in
      try weightScope["lin\(index)"]["model"][1].tensor("weight", shape: [1, width])
        .reshaped([width])
    }
    // (x - shift) / scale for each colour, as a diagonal matrix.
    var diagonal = [Float](repeating: 0, count: 9)
    for colour in 0..<3 { diagonal[colour * 4] = 1 / Self.scale[colour] }
    toUnits = try Linear(
      weight: context.tensor(diagonal, shape: [3, 3]),
      bias: context.tensor(zip(Self.shift, Self.scale).map { -$0 / $1 }, shape: [3]),
      elementType: .float32, context)
  }

  /// - Parameters:
  ///   - x: `[batch, height, width, 3]` float32 in (-1, 1), with sides that are multiples of 16.
  ///   - target: The same; gets no gradient.
  /// - Returns: The parts of the distance, one for each slice, as means over the batch to be added
  ///   up; and each sample's, `[batch]` for each slice, to be added up too.
  package func callAsFunction(
    _ x: Tensor, _ target: Tensor, _ context: ComputeContext
  ) throws -> (parts: [Tensor], distances: [Tensor]) {
    precondition(x.shape == target.shape && x.shape.count == 4)
    let batch = x.shape[0]
    var height = x.shape[1]
    var width = x.shape[2]
    var pair = try [x, target].map {
      try toUnits($0.reshaped([batch, height * width, 3]), context)
    }
    var parts: [Tensor] = []
    var distances: [Tensor] = []
    for (index, slice) in slices.enumerated() {
      if index > 0 {
        pair = try pair.map { try context.maximumPool($0, height: height, width: width) }
        height /= 2
        width /= 2
      }
      let stack = ImageStack(width: width, heights: [height])
      for convolution in slice {
        pair = try pair.map {
          try context.leakyReLU(convolution($0, on: stack, context), slope: 0)
        }
      }
      let (mean, each) = try context.featureDistance(
        pair[0], pair[1], weight: channelWeights[index])
      parts.append(mean)
      distances.append(each)
    }
    return (parts, distances)
  }
}
