import CheckpointIO
import Foundation
import TestSupport
import Testing
import VideoDiffusion

@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct GenerationTests {
  private let short = SamplerConfiguration(steps: 3)

  private func request(clips: Int? = 2, seed: UInt64 = 5, samples: Int = 1) -> GenerationRequest {
    GenerationRequest(
      clipCount: clips, firstSampler: short, laterSampler: SamplerConfiguration(steps: 2),
      seed: seed, sampleCount: samples)
  }

  @Test("a sample is the same alone and in a batch, in every clip")
  func batchInvariance() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    let batch = try await Networks.clips(engine, request(samples: 3))
    for sample in 0..<3 {
      let alone = try await Networks.clips(engine, request(seed: 5 + UInt64(sample)))
      for clip in 0..<2 {
        #expect(
          largestDifference(batch[clip][sample].values, alone[clip][0].values) < 1e-4)
      }
    }
  }

  @Test("events come in order, with the steps of first and later clips")
  func eventOrder() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    var log: [String] = []
    for try await event in engine.generate(request()) {
      switch event {
      case .clipStarted(let start): log.append("start \(start.clip) of \(start.stepCount)")
      case .step(let step): log.append("step \(step.finishedSteps)/\(step.stepCount)")
      case .clipFinished(let clip): log.append("end \(clip.clip)")
      }
    }
    #expect(
      log == [
        "start 0 of 3", "step 1/3", "step 2/3", "step 3/3", "end 0",
        "start 1 of 2", "step 1/2", "step 2/2", "end 1",
      ])
  }

  @Test("a run saved after any step goes on to the same video, bit for bit")
  func resumeFromDisk() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    let request = request()
    var states: [(GenerationState, [[Latent]])] = []
    var finished: [[Latent]] = []
    for try await event in engine.generate(request) {
      switch event {
      case .clipStarted: break
      case .step(let step): states.append((step.state, finished))
      case .clipFinished(let clip): finished.append(clip.latents)
      }
    }
    let folder = try TemporaryFolder()
    for (number, (state, done)) in states.enumerated() {
      let path = folder.path("run-\(number).safetensors")
      try SavedRun(request: request, state: state, finishedClips: done).write(to: path)
      let saved = try SavedRun(contentsOf: path)
      #expect(saved.request == request)
      #expect(saved.state == state)
      let rest = try await Networks.clips(engine, saved.request, from: saved.state)
      #expect(saved.finishedClips + rest == finished)
    }
  }

  @Test("a saved run of which one bit changed is refused")
  func damagedSavedRun() throws {
    let latent = Networks.latent((0..<1280).map { Float($0 % 7) / 7 - 0.5 })
    let folder = try TemporaryFolder()
    let path = folder.path("run.safetensors")
    let run = SavedRun(
      request: request(), state: GenerationState(condition: [latent]), finishedClips: [],
      notes: ["a": "b"])
    try run.write(to: path)
    #expect(try SavedRun(contentsOf: path).notes == ["a": "b"])
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[bytes.count - 100] ^= 1
    try bytes.write(to: URL(filePath: path))
    #expect(throws: CheckpointError.self) { try SavedRun(contentsOf: path) }
  }

  @Test("stopping after a step or a clip ends the run there")
  func stopping() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    for (moment, expected) in [(StopSignal.Moment.afterStep, 1), (.afterClip, 3)] {
      let stop = StopSignal()
      var steps = 0
      for try await event in engine.generate(request(clips: nil), stop: stop) {
        if case .clipStarted = event { stop.requestStop(moment) }
        if case .step = event { steps += 1 }
      }
      #expect(steps <= expected)
    }
  }

  @Test("guidance 0 asks the network once, and equals no guidance")
  func guidance() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    let x = [Latent(zerosFor: PlaneGeometry(side: 8))]
    let condition = [Networks.latent((0..<1280).map { Float($0 % 7) / 7 - 0.5 })]
    let plain = try await engine.predictNoise(x, conditions: condition, timestep: 100)
    let alone = try await engine.predictNoise(x, conditions: nil, timestep: 100)
    let guided = try await engine.predictNoise(
      x, conditions: condition, timestep: 100, guidanceScale: 2)
    let expected = zip(plain[0].values, alone[0].values).map { 3 * $0 - 2 * $1 }
    #expect(largestDifference(guided[0].values, expected) < 1e-4)
  }

  @Test("an unconditional denoiser makes one clip and refuses to continue")
  func unconditional() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16-uncond")
    #expect(try await Networks.clips(engine, request(clips: 1)).count == 1)
    await #expect(throws: ModelError(.unconditional)) {
      try await Networks.clips(engine, request(clips: 2))
    }
  }

  @Test("networks for other latents are refused together")
  func unfitNetworks() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    await #expect(throws: ModelError.self) {
      try await engine.load(Networks.file("ae-256", "model.pth"))
    }
  }

  @Test("impossible settings are refused before anything runs", arguments: [0, -3])
  func settings(clips: Int) async throws {
    #expect(throws: ModelError.self) { try request(clips: clips).validate() }
    var steps = request()
    steps.laterSampler.steps = 1001
    #expect(throws: SamplingError.self) { try steps.validate() }
    var guidance = request()
    guidance.guidanceScale = .nan
    #expect(throws: ModelError.self) { try guidance.validate() }
    #expect(throws: ModelError.self) { try VideoEngine(threadCount: 0) }
    let error = #expect(throws: ModelError.self) {
      try VideoEngine(threadCount: 1, precision: .tensorFloat32, device: .processor)
    }
    #expect(error?.description.hasPrefix("graphics processors alone compute in tf32") == true)
  }
}
