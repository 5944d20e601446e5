import TestSupport
import Testing
import VideoDiffusion

/// Clips that are made anew from others.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct RefiningTests {
  private func request(strength: Double?, seed: UInt64 = 5) -> GenerationRequest {
    var request = GenerationRequest(
      clipCount: 2, firstSampler: SamplerConfiguration(steps: 4),
      laterSampler: SamplerConfiguration(method: .dpmSolverPlusPlus2MStochastic, steps: 6),
      seed: seed, sampleCount: 2)
    if let strength {
      request.firstSampler = request.firstSampler.begun(at: strength)
      request.laterSampler = request.laterSampler.begun(at: strength)
    }
    return request
  }

  private func clips(
    _ engine: VideoEngine, _ request: GenerationRequest, _ originals: [Latent],
    from state: GenerationState = GenerationState()
  ) async throws -> [[Latent]] {
    var clips: [[Latent]] = []
    for try await event in engine.generate(request, from: state, refining: originals) {
      if case .clipFinished(let clip) = event { clips.append(clip.latents) }
    }
    return clips
  }

  @Test("strength 0 gives the clips themselves, 1 what is made without them, between is between")
  func strengths() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    let originals = try await Networks.clips(engine, request(strength: nil, seed: 77)).map { $0[0] }
    let plain = try await Networks.clips(engine, request(strength: nil))
    let nothing = try await clips(engine, request(strength: 0), originals)
    #expect(nothing == originals.map { [$0, $0] })
    #expect(try await clips(engine, request(strength: 1), originals) == plain)
    let half = try await clips(engine, request(strength: 0.5), originals)
    #expect(half != plain && half != nothing)
    // Samples of a batch begin with the same clip and go ways of their own.
    #expect(half[0][0] != half[0][1])
  }

  @Test("a run that was interrupted goes on to the same clips, bit for bit")
  func resume() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    let originals = try await Networks.clips(engine, request(strength: nil, seed: 77)).map { $0[0] }
    let request = request(strength: 0.5)
    let folder = try TemporaryFolder()
    var finished: [[Latent]] = []
    var states: [(GenerationState, Int)] = []
    for try await event in engine.generate(request, refining: originals) {
      switch event {
      case .clipStarted(let start): #expect(start.stepCount == (start.clip == 0 ? 2 : 3))
      case .step(let step): states.append((step.state, finished.count))
      case .clipFinished(let clip): finished.append(clip.latents)
      }
    }
    #expect(states.count == 5)
    for (number, (state, done)) in states.enumerated() {
      let path = folder.path("\(number).safetensors")
      try SavedRun(request: request, state: state, finishedClips: Array(finished.prefix(done)))
        .write(to: path)
      let saved = try SavedRun(contentsOf: path)
      let rest = try await clips(engine, saved.request, originals, from: saved.state)
      #expect(saved.finishedClips + rest == finished)
    }
  }

  @Test("a run that leaves out steps needs a clip to begin with for each that it makes")
  func refused() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    let latent = Networks.latent([Float](repeating: 0.1, count: 1280))
    for originals in [[], [latent], [latent, latent, latent]] {
      await #expect(throws: ModelError.self) {
        try await clips(engine, request(strength: 0.5), originals)
      }
    }
    let other = Networks.latent([Float](repeating: 0.1, count: 640))
    await #expect(throws: ModelError.self) {
      try await clips(engine, request(strength: 0.5), [other, other])
    }
  }

  @Test("guidance on an interval guides those steps alone; of all steps it is guidance as ever")
  func guidanceInterval() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    var request = request(strength: nil)
    let plain = try await Networks.clips(engine, request)
    request.guidanceScale = 2
    let guided = try await Networks.clips(engine, request)
    #expect(guided[0] == plain[0] && guided[1] != plain[1])
    request.guidanceInterval = GuidanceInterval(from: 0.5, to: 0.5)
    #expect((0..<6).allSatisfy { !request.guides(step: $0) })
    #expect(try await Networks.clips(engine, request) == plain)
    request.guidanceInterval = GuidanceInterval(from: 0.5, to: 0.9)
    #expect((0..<6).map { request.guides(step: $0) } == [false, false, false, true, true, true])
    let part = try await Networks.clips(engine, request)
    #expect(part[1] != plain[1] && part[1] != guided[1])
    for interval in [GuidanceInterval(from: -0.1, to: 1), GuidanceInterval(from: 0, to: 1.1)] {
      request.guidanceInterval = interval
      #expect(throws: ModelError.self) { try request.validate() }
    }
  }

  @Test("a variation changes every clip a little, and none at share 0")
  func variation() async throws {
    let engine = try await Networks.engine(denoiser: "unet-8x16")
    var request = request(strength: nil)
    let plain = try await Networks.clips(engine, request)
    request.variation = NoiseVariation(seed: 1, share: 0)
    #expect(try await Networks.clips(engine, request) == plain)
    request.variation = NoiseVariation(seed: 1, share: 0.2)
    let near = try await Networks.clips(engine, request)
    for clip in 0..<2 {
      for sample in 0..<2 { #expect(near[clip][sample] != plain[clip][sample]) }
    }
    // A sample of a batch is what a run alone makes with both seeds one further.
    var alone = request
    alone.seed += 1
    alone.variation?.seed += 1
    alone.sampleCount = 1
    let second = try await Networks.clips(engine, alone)
    #expect(largestDifference(second[0][0].values, near[0][1].values) < 1e-4)
  }
}
