import TestSupport
import Testing
import VideoDiffusion

/// Runs of which frames are known.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct DirectionTests {
  private func request(clips: Int = 2, samples: Int = 1, closing: Int = 0) -> GenerationRequest {
    GenerationRequest(
      clipCount: clips, firstSampler: SamplerConfiguration(method: .uniPC, steps: 4),
      laterSampler: SamplerConfiguration(method: .uniPC, steps: 4), seed: 5,
      sampleCount: samples, closingFrames: closing)
  }

  private func engine() async throws -> VideoEngine {
    try await Networks.engine(denoiser: "unet-8x16", autoencoder: "ae-64")
  }

  private func clips(
    _ engine: VideoEngine, _ request: GenerationRequest, _ known: [Int: KnownFrames] = [:],
    from state: GenerationState = GenerationState()
  ) async throws -> [[Latent]] {
    var clips: [[Latent]] = []
    for try await event in engine.generate(request, from: state, knowing: known) {
      if case .clipFinished(let clip) = event { clips.append(clip.latents) }
    }
    return clips
  }

  /// Half of another clip that the networks made.
  private func known(_ engine: VideoEngine) async throws -> KnownFrames {
    var other = request(clips: 1)
    other.seed = 77
    let latent = try await clips(engine, other)[0][0]
    return KnownFrames([0, 1, 2, 3, 12, 13, 14, 15], of: try await engine.decode(latent))
  }

  @Test(
    "a clip goes on from what the autoencoder makes of the directed frames; clips before it stay")
  func directed() async throws {
    let engine = try await engine()
    let plain = try await clips(engine, request())
    let half = try await known(engine)
    let some = try await clips(engine, request(), [1: half])
    #expect(some[0] == plain[0] && some[1] != plain[1])
    // Where every frame is known, the estimate is the latent of those frames, whatever was sampled.
    let shown = half.directing(try await engine.decode(plain[1][0]))
    let all = try await clips(engine, request(), [1: KnownFrames(0..<16, of: shown)])
    let expected = try await engine.encode(shown)
    #expect(largestDifference(all[1][0].values, expected.values) < 1e-3)
  }

  @Test("a batch gives each sample what it gets alone")
  func batch() async throws {
    let engine = try await engine()
    let known = [0: try await known(engine)]
    let both = try await clips(engine, request(samples: 2, closing: 3), known)
    var alone = request(closing: 3)
    alone.seed += 1
    let second = try await clips(engine, alone, known)
    for clip in 0..<2 {
      #expect(largestDifference(both[clip][1].values, second[clip][0].values) < 2e-3)
      #expect(both[clip][0] != both[clip][1])
    }
  }

  @Test("a loop that was interrupted goes on to the same clips, bit for bit")
  func resume() async throws {
    let engine = try await engine()
    let request = request(closing: 4)
    let plain = try await clips(engine, self.request())
    let folder = try TemporaryFolder()
    var finished: [[Latent]] = []
    var states: [(GenerationState, Int)] = []
    for try await event in engine.generate(request) {
      switch event {
      case .clipStarted: break
      case .step(let step): states.append((step.state, finished.count))
      case .clipFinished(let clip): finished.append(clip.latents)
      }
    }
    #expect(finished[0] == plain[0] && finished[1] != plain[1])
    for (number, (state, done)) in states.enumerated() where number >= 4 {
      let path = folder.path("\(number).safetensors")
      try SavedRun(request: request, state: state, finishedClips: Array(finished.prefix(done)))
        .write(to: path)
      let saved = try SavedRun(contentsOf: path)
      #expect(saved.request == request && saved.state == state)
      let rest = try await clips(engine, saved.request, from: saved.state)
      #expect(saved.finishedClips + rest == finished)
    }
  }

  @Test("what a loop's last clip ends with is the beginning of the first")
  func closing() async throws {
    let engine = try await engine()
    let request = request(closing: 4)
    let made = try await clips(engine, request)
    let end = try await engine.closingFrames(request, opening: made[0][0], nil)
    let opening = try await engine.decode(made[0][0])
    #expect(end == KnownFrames(side: opening.side).adding(opening, first: 12, count: 4))
    let ending = try await engine.decode(made[1][0])
    let shown = end.directing(ending)
    let size = opening.side * opening.side * 3
    #expect(shown.values.suffix(4 * size) == opening.values.prefix(4 * size))
    #expect(request.closesLoop(clip: 1) && !request.closesLoop(clip: 0))
  }

  @Test("what fits no clip, no size, no loop or no networks is refused")
  func refused() async throws {
    let engine = try await engine()
    let side = try #require(await engine.autoencoderConfiguration).resolution
    let frame = [Float](repeating: 0, count: side * side * 3)
    var outside = KnownFrames(side: side)
    outside.know(frame, at: 16)
    var fits = KnownFrames(side: side)
    fits.know(frame, at: 15)
    var small = KnownFrames(side: 2)
    small.know([Float](repeating: 0, count: 12), at: 0)
    for known in [[0: outside], [2: fits], [-1: fits], [1: small]] {
      await #expect(throws: ModelError.self) { try await clips(engine, request(), known) }
    }
    for wrong in [request(clips: 1, closing: 4), request(closing: 16), request(closing: -1)] {
      await #expect(throws: ModelError.self) { try await clips(engine, wrong) }
    }
    var endless = request(closing: 4)
    endless.clipCount = nil
    #expect(throws: ModelError.self) { try endless.validate() }
    let alone = try await Networks.engine(denoiser: "unet-8x16")
    await #expect(throws: ModelError(.notLoaded(.autoencoder))) {
      try await clips(alone, request(), [0: fits])
    }
    await #expect(throws: ModelError(.notLoaded(.autoencoder))) {
      try await clips(alone, request(closing: 4))
    }
  }
}

extension KnownFrames {
  /// The first frames of a clip, known from a number on.
  fileprivate func adding(_ clip: PixelClip, first: Int, count: Int) -> KnownFrames {
    var result = self
    let size = clip.side * clip.side * 3
    for number in 0..<count {
      result.know(
        Array(clip.values[(number * size)..<((number + 1) * size)]), at: first + number)
    }
    return result
  }
}
