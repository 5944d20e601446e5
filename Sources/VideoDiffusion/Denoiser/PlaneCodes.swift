import NeuralLayers

extension Latent {
  /// A latent that tells the planes apart, for the place of a condition where there is none: 0 in xy, 1
  /// in yt, -1 in xt.
  ///
  /// The denoiser's blocks are shared by the planes, and its attention knows no positions, so that with
  /// zeros it treats planes of one shape alike: it can learn their content, but not which is which, and
  /// what it makes from nothing has them in any order. (At 256 x 256 that are yt and xt; where the
  /// latent's side equals the number of frames, all three.) The authors' code reads the buffer `zeros`
  /// of its checkpoint in this place, so that a network trained with these numbers works there too.
  public static func planeCodes(_ geometry: PlaneGeometry) -> Latent {
    var latent = Latent(zerosFor: geometry)
    for (plane, code) in zip(geometry.planes, [0, 1, -1] as [Float]) {
      for channel in 0..<PlaneGeometry.channels {
        for token in plane { latent.values[channel * geometry.tokenCount + token] = code }
      }
    }
    return latent
  }
}

/// A source of parameters whose buffer `zeros` holds plane codes.
final class PlaneCodedParameters: ParameterSource {
  private let base: any ParameterSource
  private let codes: Latent

  init(_ base: any ParameterSource, _ geometry: PlaneGeometry) {
    self.base = base
    codes = .planeCodes(geometry)
  }

  func shape(of name: String) -> [Int]? {
    name == "zeros" ? [1, PlaneGeometry.channels, codes.tokenCount] : base.shape(of: name)
  }

  func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard name == "zeros" else { return try base.withValues(of: name, body) }
    return try codes.values.withUnsafeBufferPointer(body)
  }
}
