extension Latent {
  /// A latent of zeros for the given planes.
  public init(zerosFor geometry: PlaneGeometry) {
    self.init(
      values: [Float](repeating: 0, count: PlaneGeometry.channels * geometry.tokenCount),
      tokenCount: geometry.tokenCount)
  }

  /// Cuts a tensor `[K, 4, N]` into its K latents.
  ///
  /// - Parameters:
  ///   - values: Row-major, as many as the shape holds.
  ///   - shape: Three extents, already checked by the caller.
  static func list(_ values: [Float], shape: [Int]) -> [Latent] {
    let size = shape[1] * shape[2]
    return (0..<shape[0]).map {
      Latent(
        values: Array(values[($0 * size)..<(($0 + 1) * size)]), channels: shape[1],
        tokenCount: shape[2])
    }
  }
}
