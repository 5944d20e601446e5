/// The settings of an autoencoder.
public struct AutoencoderConfiguration: Sendable, Hashable, Codable {
  /// Side of the square frames, in pixels.
  public var resolution: Int
  /// Side of the square patch that becomes a token, in pixels; divides the resolution.
  public var patchSide: Int
  /// Frames of a clip, S.
  public var frames: Int
  /// Width D of the tokens (`channels`).
  public var width: Int
  /// Layers of the encoder and of the decoder.
  public var layers: Int
  /// Heads of the encoder's and decoder's attentions, 64 channels each.
  public var headCount: Int
  /// Layers of the attention that projects onto each plane.
  public var projectionLayers: Int
  /// Heads of that attention, D / 8 channels each.
  public var projectionHeadCount: Int
  /// Width of that attention's hidden layer.
  public var projectionHiddenWidth: Int

  /// Describes an autoencoder; the defaults are the published one's.
  public init(
    resolution: Int = 256, patchSide: Int = 8, frames: Int = 16, width: Int = 384,
    layers: Int = 8, headCount: Int = 8, projectionLayers: Int = 4, projectionHeadCount: Int = 4,
    projectionHiddenWidth: Int = 512
  ) {
    self.resolution = resolution
    self.patchSide = patchSide
    self.frames = frames
    self.width = width
    self.layers = layers
    self.headCount = headCount
    self.projectionLayers = projectionLayers
    self.projectionHeadCount = projectionHeadCount
    self.projectionHiddenWidth = projectionHiddenWidth
  }

  /// The configuration of the authors' released models.
  public static let published = AutoencoderConfiguration()

  /// Channels of each head of the encoder and decoder.
  public static let headWidth = 64

  /// The planes it writes a clip as.
  public var geometry: PlaneGeometry { PlaneGeometry(side: resolution / patchSide, frames: frames) }
}
