/// The latent of one clip: three planes of a video as one run of tokens.
///
/// Row-major `[channels, tokens]`. The tokens are those of the planes xy (h, w), yt (t, w) and
/// xt (t, h), one plane after the other. Samplers treat every value alike.
public struct Latent: Sendable, Hashable {
  /// Channels of PVDM's latent.
  public static let standardChannels = 4

  /// `channels * tokenCount` values; clean latents are in (-1, 1).
  public var values: [Float]
  /// Channels C.
  public let channels: Int
  /// Tokens N: R * R + 2 * S * R for latent side R and clip length S.
  public let tokenCount: Int

  /// Wraps values of a known shape.
  ///
  /// - Parameters:
  ///   - values: `[channels, tokenCount]`, row-major; another count is a programmer's mistake.
  ///   - channels: channels C, at least 1.
  ///   - tokenCount: tokens N, at least 1.
  public init(values: [Float], channels: Int = standardChannels, tokenCount: Int) {
    precondition(
      channels > 0 && tokenCount > 0 && values.count == channels * tokenCount,
      "\(values.count) values are no latent of \(channels) x \(tokenCount)")
    self.values = values
    self.channels = channels
    self.tokenCount = tokenCount
  }

  /// Whether channels, tokens and the number of values are those of another latent.
  func hasShape(of other: Latent) -> Bool {
    channels == other.channels && tokenCount == other.tokenCount
      && values.count == other.values.count
  }

  /// The same shape with other values; another count is a programmer's mistake.
  func with(values: [Float]) -> Latent {
    Latent(values: values, channels: channels, tokenCount: tokenCount)
  }
}
