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
