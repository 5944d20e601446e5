extension Latent {
  /// A latent of zeros for the given planes.
  public init(zerosFor geometry: PlaneGeometry) {
    self.init(
      values: [Float](repeating: 0, count: PlaneGeometry.channels * geometry.tokenCount),
      tokenCount: geometry.tokenCount)
  }
}
