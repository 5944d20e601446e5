/// Which estimate was asked for, so that none is asked for twice until another run was measured.
struct EstimateRequests: Sendable {
  private var asked: (key: AppState.EstimateKey, measuredRuns: Int)?

  /// Asks what some settings cost, unless that is known or on its way.
  mutating func ask(_ key: AppState.EstimateKey, _ app: AppState) -> [StudioEffect] {
    if let asked, asked == (key, app.measuredRuns) { return [] }
    asked = (key, app.measuredRuns)
    return app.estimates[key] == nil ? [.query(.estimate(key.model, key.settings))] : []
  }
}
