extension SolverTraits {
  /// The few steps that a denoiser was distilled for (``StepDistillation``): those of DDIM without fresh noise,
  /// over the schedule's even spacing, whose noise follows from the clamped estimate. With a denoiser that was
  /// not distilled, they are too long to be of use.
  static let distilled = SolverTraits(
    title: "Distilled", order: 1, defaultSpacing: .published
  ) { _, _ in DDIMSolver(eta: 0, recomputesNoise: true) }
}
