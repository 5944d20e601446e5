import TrainingKit

/// A training run to begin, or to go on with.
public struct TrainTask: Sendable, Hashable, Codable {
  /// The run's folder.
  public var runFolder: String
  /// What it begins with; `nil` for a run that is there.
  public var request: TrainingRequest?

  /// A training run.
  public init(runFolder: String, request: TrainingRequest?) {
    self.runFolder = runFolder
    self.request = request
  }
}
