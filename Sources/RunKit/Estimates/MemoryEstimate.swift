/// How much memory a run takes, by arithmetic.
enum MemoryEstimate {
  /// The program with its libraries, without a model.
  private static let program = 100 << 20
  /// Features of the widest layer that are alive at once in a transformer, in widths of a token: the
  /// gated layer's eight, its input and output, and the running sum.
  private static let transformerWidths = 12
  /// Features of the first level that are alive at once in the denoiser, in widths: those kept for
  /// the way up, and an operation's inputs and results.
  private static let denoiserWidths = 24

  /// Bytes that a run needs at most: both networks' weights as they are computed with, and the
  /// features of the larger of a step and a decoding.
  static func bytes(
    denoiser: NetworkSummary, autoencoder: NetworkSummary, precision: Precision, isGuided: Bool
  ) -> Int {
    let width = precision.elementType.byteCount
    let weights = (denoiser.parameters + autoencoder.parameters) * width
    let step =
      denoiser.latentTokens * denoiser.width * denoiserWidths * width * (isGuided ? 2 : 1)
    let voxels = autoencoder.clipLength * autoencoder.latentSide * autoencoder.latentSide
    let decoding = voxels * autoencoder.width * transformerWidths * width
    let side = autoencoder.resolution ?? 0
    let frames = autoencoder.clipLength * side * side * 3 * MemoryLayout<Float>.size
    return program + weights + max(step, decoding) + 2 * frames
  }
}
