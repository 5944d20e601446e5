/// The few steps that a denoiser was distilled for (``StepDistillation``): those of DDIM without fresh noise,
/// whose noise follows from the clamped estimate. With a denoiser that was not distilled, they are too long
/// to be of use.
struct DistilledSolver: Solver {
  let cleanHistoryLength = 0
  let keepsPreviousLatent = false
  private let step = DDIMSolver(eta: 0, recomputesNoise: true)

  func drawsNoise(in transition: SamplerTransition) -> Bool { false }

  func advance(
    _ input: SolverInput, through transition: SamplerTransition, schedule: DiffusionSchedule
  ) -> SolverOutput {
    step.advance(input, through: transition, schedule: schedule)
  }
}

extension SolverTraits {
  static let distilled = SolverTraits(
    title: "Distilled", order: 1, defaultSpacing: .published
  ) { _, _ in DistilledSolver() }
}
