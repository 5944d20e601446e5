/// Which weights of a training a network's are.
public enum WeightKind: String, Sendable, Hashable, Codable {
  /// The moving average of the weights, which the paper samples with.
  case average
  /// The weights themselves.
  case raw

  /// In a few words.
  public var phrase: String { self == .average ? "moving average" : "as trained, not averaged" }
}

/// Where a network's weights come from, as far as its file tells.
struct WeightOrigin {
  /// Which weights they are.
  var kind: WeightKind?
  /// Steps of the training behind them.
  var steps: Int?
  /// Steps of the sampler that they were distilled for; see ``StepDistillation``.
  var distilledSteps: Int?

  private static let kindKey = "pvdm.weights"
  private static let stepsKey = "pvdm.trained_steps"
  private static let distilledKey = "pvdm.distilled_steps"

  /// Describes weights.
  init(kind: WeightKind? = nil, steps: Int? = nil, distilledSteps: Int? = nil) {
    self.kind = kind
    self.steps = steps
    self.distilledSteps = distilledSteps
  }

  /// What metadata tells.
  init(metadata: [String: String]) {
    kind = metadata[Self.kindKey].flatMap(WeightKind.init(rawValue:))
    steps = metadata[Self.stepsKey].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    distilledSteps = metadata[Self.distilledKey].flatMap { Int($0) }
      .flatMap { StepDistillation.stepRange.contains($0) ? $0 : nil }
  }

  /// The same as metadata.
  var metadata: [String: String] {
    var metadata: [String: String] = [:]
    metadata[Self.kindKey] = kind?.rawValue
    metadata[Self.stepsKey] = steps.map(String.init)
    metadata[Self.distilledKey] = distilledSteps.map(String.init)
    return metadata
  }
}
