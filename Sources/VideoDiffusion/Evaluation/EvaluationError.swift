/// An evaluation that cannot be done as asked.
public enum EvaluationError: Error, Sendable, Hashable {
  /// There is no file with the weights of a feature network.
  case noWeights(FeatureNetworkKind, path: String?)
  /// The file holds the weights of something else.
  case otherNetwork(FeatureNetworkKind, path: String, keys: [String])
  /// There is no file with the weights of the perceptual distance.
  case noPerceptualWeights(path: String)
  /// A feature network sees more frames than a clip has.
  case clipTooShort(frames: Int, needed: Int)
  /// Fewer clips than a covariance needs.
  case tooFewForCovariance(clips: Int, of: String)
  /// Fewer clips than the splits of an inception score need.
  case tooFewForSplits(clips: Int, splits: Int)
  /// The features of the two sets have different lengths.
  case featureCounts(Int, Int)
  /// A feature is not a finite number, for example because weights are damaged.
  case featureNotFinite(clip: Int)
}
