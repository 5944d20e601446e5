import Foundation
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// What a denoiser of few steps learns from its teacher.
struct StepDistillationTests {
  private static func latent(_ generator: inout TorchGenerator, _ scale: Float) -> Latent {
    let zeros = Latent(zerosFor: GoldenNetwork.small.configuration.geometry)
    return Latent(
      values: generator.normals(count: zeros.values.count).map { scale * $0 },
      tokenCount: zeros.tokenCount)
  }

  @Test("the teacher's steps lead from where a step of the student begins to where it ends")
  func teacherSteps() {
    let schedule = DiffusionSchedule.published
    for (steps, teacherSteps) in [(1, 1), (1, 8), (4, 1), (4, 2), (4, 4), (7, 3), (64, 64)] {
      let distillation = StepDistillation(steps: steps, teacherSteps: teacherSteps)
      #expect(distillation.timesteps.count == steps + 1 && distillation.timesteps[0] == 999)
      for index in 0..<steps {
        let found = distillation.teacherTimesteps(index)
        #expect(found.first == distillation.timesteps[index])
        #expect(found.last == distillation.timesteps[index + 1])
        #expect(found.count <= teacherSteps + 1 && found.count >= 2)
        #expect(zip(found, found.dropFirst()).allSatisfy { $0 > $1 })
      }
    }
    // Even in the logarithm of the ratio, within what whole timesteps allow.
    let first = StepDistillation(steps: 4, teacherSteps: 4).teacherTimesteps(0)
    let ratios = first.map { schedule.noiseLevel(at: $0).halfLogSignalToNoise }
    let strides = zip(ratios.dropFirst(), ratios).map { $0 - $1 }
    #expect(strides.count == 4 && strides.allSatisfy { abs($0 / strides[0] - 1) < 0.05 })
    // The last one ends with a short step from the lowest noise.
    #expect(StepDistillation(steps: 4, teacherSteps: 4).teacherTimesteps(3).suffix(2) == [0, -1])
  }

  @Test("a step of the student with what it is to predict leads to the landing", arguments: 0..<4)
  func landing(index: Int) throws {
    let distillation = StepDistillation(steps: 4, teacherSteps: 4)
    let (start, end) = (distillation.timesteps[index], distillation.timesteps[index + 1])
    let schedule = DiffusionSchedule.published
    var generator = TorchGenerator(seed: UInt64(index))
    let latent = Self.latent(&generator, 1)
    // A landing that a clean latent within the range leads to.
    let clean = Self.latent(&generator, 0.2)
    let (from, to) = (schedule.noiseLevel(at: start), schedule.noiseLevel(at: end))
    var landing = latent
    for i in landing.values.indices {
      let noise = (Double(latent.values[i]) - from.signal * Double(clean.values[i])) / from.noise
      landing.values[i] = Float(to.signal * Double(clean.values[i]) + to.noise * noise)
    }
    let target = distillation.target(from: latent, to: landing, step: index)
    func place(_ noise: Latent) throws -> Latent {
      let sampler = try Sampler(configuration: StepDistillation.sampler(steps: 4))
      var state = try sampler.initialState(
        latents: [latent], generators: [TorchGenerator(seed: 0)])
      // Goes to the step in question with predictions that leave the latent's place open.
      state = SamplerState(
        configuration: state.configuration, stepIndex: index, samples: state.samples)
      return try sampler.step(state, noisePredictions: [noise]).state.latents[0]
    }
    #expect(largestDifference(try place(target.noise).values, landing.values) < 2e-4)

    // The weight is the square of the landing's change with the prediction.
    var other = target.noise
    for i in other.values.indices { other.values[i] += 1e-3 }
    let moved = try place(other)
    let slopes = zip(moved.values, try place(target.noise).values).map { Double($0 - $1) / 1e-3 }
    let square = slopes.reduce(0) { $0 + $1 * $1 } / Double(slopes.count)
    #expect(abs(square / Double(target.weight) - 1) < 0.02)
  }

  @Test("what is taught is where the teacher's solver leads, with a condition and without")
  func teacher() async throws {
    // One whose predictions depend on the condition: a new network's are 0 whatever it is given.
    let file = try NetworkFile(path: try GoldenFile.path("golden/unet-8x16/ema_model.pth"))
    let distillation = StepDistillation(steps: 2, teacherSteps: 3)
    var plan = DenoiserTrainer.Plan(
      GoldenNetwork.small.configuration, beginning: .network(file))
    plan.teaching = (file, distillation)
    plan.threadCount = 1
    let trainer = try await DenoiserTrainer.open(plan)

    var generator = TorchGenerator(seed: 2)
    let examples = (0..<4).map { number in
      DenoiserExample(
        clean: Self.latent(&generator, 0.4),
        condition: number % 2 == 0 ? nil : Self.latent(&generator, 0.4),
        among: distillation.startTimesteps, generator: &generator)
    }
    #expect(Set(examples.map(\.step)).isSubset(of: distillation.timesteps))
    let taught = try await trainer.taught(examples)
    var swapped = examples
    for index in swapped.indices { swapped[index].condition = nil }
    let without = try await trainer.taught(swapped)
    for (index, example) in examples.enumerated() where example.condition != nil {
      let (found, other) = (taught[index].target?.values, without[index].target?.values)
      #expect(largestDifference(try #require(found), try #require(other)) > 1e-2)
    }
    let engine = try VideoEngine(threadCount: 1)
    try await engine.load(file)
    for (example, result) in zip(examples, taught) {
      let index = try #require(distillation.timesteps.firstIndex(of: example.step))
      let sampler = try Sampler(
        method: .dpmSolverPlusPlus2M, timesteps: distillation.teacherTimesteps(index))
      var state = try sampler.initialState(
        latents: [example.noised()], generators: [TorchGenerator(seed: 0)])
      while let timestep = sampler.nextTimestep(of: state) {
        let noise = try await engine.predictNoise(
          state.latents, conditions: example.condition.map { [$0] }, timestep: timestep)
        state = try sampler.step(state, noisePredictions: noise).state
      }
      let target = distillation.target(
        from: example.noised(), to: state.latents[0], step: index)
      #expect(largestDifference(try #require(result.target).values, target.noise.values) < 1e-4)
      #expect(result.weight == target.weight)
    }
  }

  @Test("a denoiser that learns few steps comes nearer to its teacher, and its file says so")
  func learning() async throws {
    let folder = try TemporaryFolder()
    let configuration = GoldenNetwork.small.configuration
    var plan = DenoiserTrainer.Plan(configuration, beginning: .random(seed: 1))
    plan.threadCount = 1
    let path = folder.path("teacher.safetensors")
    try await DenoiserTrainer.open(plan).writeNetwork(to: path)
    let file = try NetworkFile(path: path)
    #expect(file.distilledSteps == nil)
    let distillation = StepDistillation(steps: 2, teacherSteps: 2)
    plan.beginning = .network(file)
    plan.teaching = (file, distillation)
    plan.optimizer.schedule = LearningRateSchedule(peak: 3e-3)
    let trainer = try await DenoiserTrainer.open(plan)
    var generator = TorchGenerator(seed: 3)
    let examples = distillation.startTimesteps.map { timestep in
      DenoiserExample(
        clean: Self.latent(&generator, 0.4), condition: nil, noise: Self.latent(&generator, 1),
        step: timestep)
    }
    var losses: [Double] = []
    for step in 1...20 { losses.append(try await trainer.step(step, [examples]).losses[0].value) }
    #expect(losses[19] < 0.7 * losses[0], "\(losses)")

    let student = folder.path("student.safetensors")
    try await trainer.writeNetwork(to: student)
    #expect(try NetworkFile(path: student).distilledSteps == 2)
    let state = folder.path("state.safetensors")
    try await trainer.writeState(to: state)
    #expect(
      try NetworkFile(path: state, wrapper: "network.parameters").distilledSteps == 2)
  }
}
