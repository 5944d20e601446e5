/// Classifier-free guidance: one noise prediction out of two.
///
/// Source: Ho and Salimans, "Classifier-Free Diffusion Guidance" (2022), Eq. 6, in PVDM's terms.
public enum Guidance {
  /// Whether the unconditional prediction is needed at all; at scale 0 one evaluation is enough.
  public static func needsUnconditional(scale: Double) -> Bool { scale != 0 }

  /// `(1 + scale) * conditional - scale * unconditional`.
  ///
  /// - Parameters:
  ///   - conditional: eps given the condition, `[4, N]`.
  ///   - unconditional: eps without it, same shape; another shape is a programmer's mistake.
  ///   - scale: guidance scale w; 0 gives `conditional` unchanged.
  public static func guided(
    conditional: Latent, unconditional: Latent, scale: Double
  ) -> Latent {
    precondition(
      conditional.hasShape(of: unconditional), "guidance needs two predictions of one shape")
    guard needsUnconditional(scale: scale) else { return conditional }
    return conditional.with(
      values: weightedSum((1 + scale, conditional.values), (-scale, unconditional.values)))
  }
}

/// The steps of a run that are guided: those of middling noise gain most by guidance, and each of the others
/// costs half as much without.
///
/// Source: Kynkäänniemi et al., "Applying Guidance in a Limited Interval Improves Sample and Distribution
/// Quality in Diffusion Models" (NeurIPS 2024), in shares of the steps in place of noise levels.
public struct GuidanceInterval: Sendable, Hashable, Codable {
  /// The share of the steps after which guidance begins, 0 to 1.
  public var start: Double
  /// The share of the steps after which it ends, 0 to 1; where it does not come after `start`, no step is
  /// guided.
  public var end: Double

  /// Some steps; see ``validate()``.
  public init(from start: Double = 0, to end: Double = 1) {
    self.start = start
    self.end = end
  }

  /// Every step.
  public static let all = GuidanceInterval()

  /// Whether a step is guided.
  ///
  /// - Parameters:
  ///   - step: The step's number within the whole run, in `0..<count`.
  ///   - count: Steps of the whole run.
  public func contains(step: Int, of count: Int) -> Bool {
    let share = Double(step) / Double(max(count, 1))
    return share >= start && share < end
  }

  /// Checks both ends.
  ///
  /// - Throws: ``ModelError``.
  func validate() throws {
    for share in [start, end] where !(0...1).contains(share) {
      throw ModelError(
        .setting(name: "the guided share of the steps", found: "\(share)", expected: "0 to 1"))
    }
  }
}
