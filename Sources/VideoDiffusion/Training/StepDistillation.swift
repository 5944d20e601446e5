import NeuralLayers
import TensorCore

/// How a denoiser is taught to sample in few steps: each of its steps is to lead where several steps of its
/// teacher do.
///
/// Progressive distillation (Salimans and Ho, "Progressive Distillation for Fast Sampling of Diffusion Models",
/// ICLR 2022, algorithm 2) in a single stage: the student begins as its teacher, whose steps are those of
/// DPM-Solver++ (2M), of second order, in place of DDIM's two, so that few of them are enough. The student's
/// step is one of DDIM without fresh noise, which leads to the landing for one noise prediction alone; that is
/// what it learns (there, appendix G, in terms of the noise).
public struct StepDistillation: Sendable, Hashable {
  /// The student's steps, in `steps`.
  public static let stepRange = 1...64
  /// The teacher's steps for one of the student's.
  public static let teacherStepRange = 1...64

  /// Steps that the student samples in.
  public let steps: Int
  /// Steps that its teacher takes in place of each.
  public let teacherSteps: Int
  /// The timesteps that the student's steps begin at, noisiest first, and `DiffusionSchedule.cleanTimestep`.
  public let timesteps: [Int]
  private let schedule: DiffusionSchedule

  /// The timesteps that the student's steps begin at, noisiest first.
  package var startTimesteps: [Int] { timesteps.dropLast() }

  /// Describes a distillation.
  ///
  /// - Parameters:
  ///   - steps: Steps of the student, in ``stepRange``.
  ///   - teacherSteps: Steps of the teacher for each of them, in ``teacherStepRange``.
  public init(steps: Int, teacherSteps: Int, schedule: DiffusionSchedule = .published) {
    precondition(Self.stepRange.contains(steps) && Self.teacherStepRange.contains(teacherSteps))
    self.steps = steps
    self.teacherSteps = teacherSteps
    self.schedule = schedule
    timesteps = Self.sampler(steps: steps).spacing.knownTimesteps(steps, schedule)
  }

  /// The sampler that a student of so many steps is for.
  public static func sampler(steps: Int) -> SamplerConfiguration {
    SamplerConfiguration(method: .distilled, steps: steps)
  }

  /// Checks that a denoiser can sample in the steps that it is asked for.
  ///
  /// - Parameters:
  ///   - steps: Those that it was distilled for; `nil` for one that was not.
  ///   - request: What it is asked for.
  /// - Throws: ``ModelError`` if they do not belong together.
  package static func check(_ steps: Int?, for request: GenerationRequest) throws {
    for sampler in [request.firstSampler, request.laterSampler] {
      guard sampler.method == .distilled || steps != nil else { continue }
      guard let steps else { throw ModelError(.notDistilled(steps: sampler.steps)) }
      guard sampler.method == .distilled, sampler.steps == steps,
        sampler.spacing == Self.sampler(steps: steps).spacing
      else { throw ModelError(.distilled(steps: steps)) }
    }
  }

  /// The timesteps of the teacher within a step of the student: evenly spaced in the logarithm of the
  /// signal-to-noise ratio, where clean data, whose is infinite, counts as the schedule's lowest noise with
  /// one step more from there.
  ///
  /// - Parameter index: Which step of the student, in `0..<steps`.
  /// - Returns: Strictly decreasing, from where the student's step begins to where it ends; fewer than
  ///   `teacherSteps` steps where the schedule has no more.
  package func teacherTimesteps(_ index: Int) -> [Int] {
    let (start, end) = (timesteps[index], timesteps[index + 1])
    let isLast = end == DiffusionSchedule.cleanTimestep
    let strides = isLast ? teacherSteps - 1 : teacherSteps
    let last = max(end, 0)
    var chosen = [start]
    if strides > 0, start > last {
      let first = schedule.noiseLevel(at: start).halfLogSignalToNoise
      let final = schedule.noiseLevel(at: last).halfLogSignalToNoise
      var timestep = start
      for stride in 1...strides {
        let wanted = first + (final - first) * Double(stride) / Double(strides)
        while timestep > last, schedule.noiseLevel(at: timestep).halfLogSignalToNoise < wanted {
          timestep -= 1
        }
        let place = stride == strides ? last : timestep
        if place < chosen[chosen.count - 1] { chosen.append(place) }
      }
    }
    return isLast || chosen.count == 1 ? chosen + [end] : chosen
  }

  /// What the student is to predict as noise, so that its step leads from a latent to a landing, and how
  /// far an error of the prediction moves it from there.
  ///
  /// - Parameters:
  ///   - latent: Where the student's step begins.
  ///   - landing: Where it is to end.
  ///   - index: Which step of the student, in `0..<steps`.
  /// - Returns: The noise, and the square of the landing's change with it: the factor that makes a mean
  ///   square error of noise one of the landing.
  package func target(
    from latent: Latent, to landing: Latent, step index: Int
  ) -> (noise: Latent, weight: Float) {
    let start = schedule.noiseLevel(at: timesteps[index])
    let end = schedule.noiseLevel(at: timesteps[index + 1])
    // x' = s' (x - n eps) / s + n' eps, solved for eps.
    let ratio = end.signal / start.signal
    let slope = end.noise - ratio * start.noise
    let noise = latent.with(
      values: weightedSum((1 / slope, landing.values), (-ratio / slope, latent.values)))
    return (noise, Float(slope * slope))
  }
}

extension TimestepSpacing {
  /// ``timesteps(stepCount:schedule:)`` of a number of steps that is known to be in range.
  fileprivate func knownTimesteps(_ count: Int, _ schedule: DiffusionSchedule) -> [Int] {
    guard let timesteps = try? timesteps(stepCount: count, schedule: schedule) else {
      preconditionFailure("\(count) steps of a schedule of \(schedule.stepCount)")
    }
    return timesteps
  }
}

/// The teacher of a distillation at work: the denoiser that the student began as.
final class StepTeacher {
  let distillation: StepDistillation
  private let network: Denoiser
  private let context: ComputeContext

  init(_ distillation: StepDistillation, _ network: Denoiser, _ context: ComputeContext) {
    self.distillation = distillation
    self.network = network
    self.context = context
  }

  /// The examples with what the student is to predict in them. Their time steps are those at which steps of
  /// the student begin.
  ///
  /// - Throws: `TensorError` if memory is short.
  func taught(_ examples: [DenoiserExample]) throws -> [DenoiserExample] {
    var result = examples
    for (index, timestep) in distillation.startTimesteps.enumerated() {
      let places = examples.indices.filter { examples[$0].step == timestep }
      guard !places.isEmpty else { continue }
      let starts = places.map { examples[$0].noised() }
      let landings = try landings(
        starts, conditions: places.map { examples[$0].condition }, step: index)
      for (number, place) in places.enumerated() {
        let target = distillation.target(
          from: starts[number], to: landings[number], step: index)
        result[place].target = target.noise
        result[place].weight = target.weight
      }
    }
    return result
  }

  /// Where the teacher's steps lead in place of one of the student's.
  private func landings(
    _ latents: [Latent], conditions: [Latent?], step index: Int
  ) throws -> [Latent] {
    let timesteps = distillation.teacherTimesteps(index)
    let sampler = try Sampler(method: .dpmSolverPlusPlus2M, timesteps: timesteps)
    var state = try sampler.initialState(
      latents: latents, generators: latents.map { _ in TorchGenerator(seed: 0) })
    while let timestep = sampler.nextTimestep(of: state) {
      let noise = try network(
        state.latents, conditions: conditions, step: Float(timestep), context)
      state = try sampler.step(state, noisePredictions: noise).state
    }
    return state.latents
  }
}
