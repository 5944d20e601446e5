import Glibc
import NeuralLayers
import TensorCore

/// The parameters that training begins with, as the original code draws them, by PyTorch's rules:
/// matrices, kernels and their biases uniform within 1 / sqrt(inputs), normalisations at 1 and 0,
/// learned tokens and positions standard normal, and zeros for the last layer of each of the
/// denoiser's blocks, which so begins as the identity (Dhariwal and Nichol 2021).
///
/// A tensor's numbers depend on the seed and its name alone.
package final class InitialParameters: ParameterSource {
  /// Every tensor, in the order of a checkpoint, buffers included.
  package let parameters: [NamedShape]
  private let shapes: [String: [Int]]
  private let seed: UInt64
  private let rule: Rule

  private enum Rule { case autoencoder, denoiser, discriminator }

  /// The parameters of an untrained denoiser.
  package convenience init(_ configuration: DenoiserConfiguration, seed: UInt64) {
    self.init(configuration.parameters, seed, .denoiser)
  }

  /// The parameters of an untrained autoencoder.
  package convenience init(_ configuration: AutoencoderConfiguration, seed: UInt64) {
    self.init(configuration.parameters, seed, .autoencoder)
  }

  /// The parameters of an untrained discriminator: kernels normal with deviation 0.02, and the
  /// normalisations' weights the same around 1.
  package convenience init(discriminator reach: PatchDiscriminator.Reach, seed: UInt64) {
    self.init(PatchDiscriminator.parameters(reach), seed, .discriminator)
  }

  private init(_ parameters: [NamedShape], _ seed: UInt64, _ rule: Rule) {
    self.parameters = parameters
    self.seed = seed
    self.rule = rule
    shapes = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.shape) })
  }

  package func shape(of name: String) -> [Int]? { shapes[name] }

  package func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let shape = shapes[name] else {
      throw ParameterError(name: name, problem: .missing(expected: []))
    }
    return try values(name, shape).withUnsafeBufferPointer(body)
  }

  private func values(_ name: String, _ shape: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    if let buffer = Self.buffer(name, count) { return buffer }
    var numbers = TorchGenerator(seed: seed ^ FNV1a.hash(name.utf8))
    let parts = name.split(separator: ".")
    let layer = parts.dropLast().joined(separator: ".")
    let weight = shapes[layer + ".weight"] ?? shape
    switch parts.last {
    case _ where name.hasSuffix("_token") || name.hasSuffix("_pos_embedding"):
      return numbers.normals(count: count)
    case "weight" where weight.count == 1:
      guard rule == .discriminator else { return Array(repeating: 1, count: count) }
      return numbers.normals(count: count).map { 1 + 0.02 * $0 }
    case "bias" where weight.count == 1: return Array(repeating: 0, count: count)
    case _ where rule == .denoiser && Self.beginsAtZero(layer):
      return Array(repeating: 0, count: count)
    case "weight" where rule == .discriminator:
      return numbers.normals(count: count).map { 0.02 * $0 }
    default:
      // A transposed convolution's inputs are its second axis times the kernel, as PyTorch counts.
      let limit = 1 / Float(weight.dropFirst().reduce(1, *)).squareRoot()
      return numbers.uniforms(count: count).map { (2 * $0 - 1) * limit }
    }
  }

  /// The last layers of residual blocks, attentions and the whole network.
  private static func beginsAtZero(_ layer: String) -> Bool {
    layer.hasSuffix("out_layers.3") || layer.hasSuffix("proj_out") || layer == "out.2"
  }

  /// What the original computes and stores beside the parameters; `nil` for anything else.
  static func buffer(_ name: String, _ count: Int) -> [Float]? {
    let last = Float(max(count - 1, 1))
    switch name.split(separator: ".").last {
    case "zeros": return Array(repeating: 0, count: count)
    case "coords": return (0..<count).map { -1 + 2 * Float($0) / last }
    case "inv_freqs": return (0..<count).map { powf(10000, -Float($0) / Float(count)) }
    case "scales": return (0..<count).map { powf(5, Float($0) / last) }
    default: return nil
    }
  }
}

extension PatchDiscriminator {
  /// Every parameter of a discriminator.
  static func parameters(_ reach: Reach) -> [NamedShape] {
    let sides = Array(repeating: kernel, count: reach.rawValue)
    return plan.enumerated().flatMap { index, layer in
      let convolution = [
        ("0.weight", [layer.outputs, layer.inputs] + sides), ("0.bias", [layer.outputs]),
      ]
      let norm = [("1.weight", [layer.outputs]), ("1.bias", [layer.outputs])]
      return (convolution + (hasNorm(index) ? norm : [])).map {
        NamedShape(name: "model\(index).\($0)", shape: $1)
      }
    }
  }

  /// Whether a layer's convolution is normalised.
  static func hasNorm(_ layer: Int) -> Bool { (1..<(plan.count - 1)).contains(layer) }
}
