import RunKit

/// Which estimates were asked for, so that none is asked for twice until another run was measured.
struct EstimateRequests: Sendable {
  private var asked: Set<AppState.EstimateKey> = []
  private var measuredRuns = 0

  /// Asks what some settings cost, unless that is known or on its way.
  mutating func ask(_ key: AppState.EstimateKey, _ app: AppState) -> [StudioEffect] {
    ask([key], app)
  }

  /// Asks what several runs cost.
  mutating func ask(_ keys: [AppState.EstimateKey], _ app: AppState) -> [StudioEffect] {
    if measuredRuns != app.measuredRuns { (asked, measuredRuns) = ([], app.measuredRuns) }
    return keys.compactMap { key in
      guard app.estimates[key] == nil, asked.insert(key).inserted else { return nil }
      return .query(.estimate(key.model, key.settings, from: key.start))
    }
  }
}

extension AppState {
  /// What several runs cost one after the other; `nil` while one of them is not known.
  func estimate(of keys: [EstimateKey]) -> RunEstimate? {
    var sum: RunEstimate?
    for key in keys {
      guard let next = estimates[key] else { return nil }
      guard let before = sum else {
        sum = next
        continue
      }
      sum = RunEstimate(
        seconds: before.seconds + next.seconds, bytes: max(before.bytes, next.bytes),
        isMeasured: before.isMeasured && next.isMeasured)
    }
    return sum
  }

  /// An estimate in words: `3:10  1.9 GB`, with `~` before it until runs were measured here, and dots
  /// while it is not known.
  func estimateText(of keys: [EstimateKey], each: String = "") -> String {
    guard !keys.isEmpty else { return "-" }
    guard let estimate = estimate(of: keys) else { return "..." }
    let sign = estimate.isMeasured ? "" : "~"
    return "\(sign)\(PaceText.time(estimate.seconds))\(each)  \(Wording.bytes(estimate.bytes))"
  }
}
