/// Which estimate was asked for, so that none is asked for twice until another run was measured.
struct EstimateRequests: Sendable {
  private var asked: (key: World.EstimateKey, measuredRuns: Int)?

  /// Asks what some settings cost, unless that is known or on its way.
  mutating func ask(_ key: World.EstimateKey, _ world: World) -> [StudioEffect] {
    if let asked, asked == (key, world.measuredRuns) { return [] }
    asked = (key, world.measuredRuns)
    return world.estimates[key] == nil ? [.query(.estimate(key.model, key.settings))] : []
  }
}
