import TensorCore
import VideoDiffusion

/// A network of PVDM, as its checkpoint tells. Keys that do not apply to the network are absent.
public struct NetworkSummary: Sendable, Hashable, Codable {
  /// `autoencoder` or `denoiser`.
  public let network: String
  /// The training stage that makes it: 1 for the autoencoder, 2 for the denoiser.
  public let stage: Int
  /// Numbers in its weights.
  public let parameters: Int
  /// Tensors of each stored type: `float32`, `float16` and so on.
  public let storedTypes: [String: Int]
  /// Frames of a clip.
  public let clipLength: Int
  /// Side R of the latent's first plane.
  public let latentSide: Int
  /// Tokens of a latent.
  public let latentTokens: Int
  /// Side of the frames in pixels; of an autoencoder.
  public private(set) var resolution: Int?
  /// Side of a patch in pixels; of an autoencoder.
  public private(set) var patchSide: Int?
  /// Width of the tokens, or of the denoiser's first level.
  public let width: Int
  /// Layers of an autoencoder's encoder and of its decoder.
  public private(set) var layers: Int?
  /// Width of each level as a multiple of the first; of a denoiser.
  public private(set) var widthMultipliers: [Int]?
  /// Residual blocks of each level; of a denoiser.
  public private(set) var residualBlocks: Int?
  /// Downsampling factors with attention within each plane; of a denoiser.
  public private(set) var attentionFactors: [Int]?
  /// Heads of its attentions; of the first level, where heads have a width.
  public let heads: Int
  /// Channels of each head, where wider levels have more heads; of a denoiser.
  public private(set) var headWidth: Int?
  /// Whether q, k and v are split before the heads; of a denoiser, where it is so.
  public private(set) var newAttentionOrder: Bool?
  /// Whether it can continue a clip; of a denoiser.
  public private(set) var conditional: Bool?
  /// Floating point operations of a forward pass, or of a decoding, in GFLOP.
  public let gflop: Double
  /// The key under which the weights were found, such as `ema`.
  public let wrapper: String?
  /// Prefixes dropped from all names.
  public let droppedPrefixes: [String]
  /// How it was read: wrappers used, prefixes dropped, defaults assumed.
  public let notes: [String]

  /// Steps that it was distilled to sample in; of a denoiser that was.
  public let distilledSteps: Int?
  /// What is predicted, where it is not the noise; of a denoiser.
  public private(set) var prediction: Prediction?
  /// Training steps behind the weights, where the checkpoint tells.
  public private(set) var trainedSteps: Int?
  /// Which weights of a training they are, where the checkpoint tells: `average` or `raw`.
  public private(set) var weights: WeightKind?

  /// Summarises a network's file.
  package init(_ file: NetworkFile) {
    self.init(
      file.network, parameters: file.parameterCount,
      storedTypes: Dictionary(
        uniqueKeysWithValues: file.storedTypes.map { ($0.key.rawValue, $0.value) }),
      wrapper: file.dictionary.wrapper, droppedPrefixes: file.dictionary.droppedPrefixes,
      notes: file.notes,
      trainedSteps: file.trainedSteps, distilledSteps: file.distilledSteps, weights: file.weightKind
    )
  }

  /// What there is to tell about a network of this configuration.
  package init(
    _ network: NetworkFile.Network, parameters: Int, storedTypes: [String: Int],
    wrapper: String? = nil, droppedPrefixes: [String] = [], notes: [String] = [],
    trainedSteps: Int? = nil, distilledSteps: Int? = nil, weights: WeightKind? = nil
  ) {
    self.parameters = parameters
    self.storedTypes = storedTypes
    self.wrapper = wrapper
    self.droppedPrefixes = droppedPrefixes
    self.notes = notes
    self.trainedSteps = trainedSteps
    self.distilledSteps = distilledSteps
    self.weights = weights
    let geometry: PlaneGeometry
    switch network {
    case .autoencoder(let configuration):
      self.network = NetworkKind.autoencoder.rawValue
      stage = 1
      geometry = configuration.geometry
      width = configuration.width
      heads = configuration.headCount
      gflop = rounded(configuration.decodeOperations / 1e9)
      resolution = configuration.resolution
      patchSide = configuration.patchSide
      layers = configuration.layers
    case .denoiser(let configuration):
      self.network = NetworkKind.denoiser.rawValue
      stage = 2
      geometry = configuration.geometry
      width = configuration.baseWidth
      heads = configuration.heads(
        of: configuration.baseWidth * (configuration.widthMultipliers.first ?? 1))
      headWidth = configuration.headWidth
      newAttentionOrder = configuration.newAttentionOrder ? true : nil
      gflop = rounded(configuration.forwardOperations / 1e9)
      widthMultipliers = configuration.widthMultipliers
      residualBlocks = configuration.residualBlocks
      attentionFactors = configuration.attentionFactors.sorted()
      conditional = configuration.isConditional
      prediction = configuration.prediction == .noise ? nil : configuration.prediction
    }
    clipLength = geometry.frames
    latentSide = geometry.side
    latentTokens = geometry.tokenCount
  }
}
