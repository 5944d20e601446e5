/// What a run would take.
public struct RunEstimate: Sendable, Hashable {
  /// Time in seconds, loading and decoding included.
  public var seconds: Double
  /// Memory in bytes.
  public var bytes: Int
  /// Whether it rests on runs of this model on this machine, or on arithmetic alone.
  public var isMeasured: Bool

  /// What a run would take.
  public init(seconds: Double, bytes: Int, isMeasured: Bool) {
    self.seconds = seconds
    self.bytes = bytes
    self.isMeasured = isMeasured
  }
}
