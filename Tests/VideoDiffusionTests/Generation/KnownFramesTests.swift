import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// What frames that are known make of a clip.
@Suite struct KnownFramesTests {
  private static let side = 2
  private static let size = side * side * 3

  private func clip(frames: Int = 8, seed: UInt64 = 1) -> PixelClip {
    var generator = TorchGenerator(seed: seed)
    return PixelClip(
      frames: frames, side: Self.side, values: generator.normals(count: frames * Self.size))
  }

  private func frame(_ clip: PixelClip, _ number: Int) -> [Float] {
    Array(clip.values[(number * Self.size)..<((number + 1) * Self.size)])
  }

  private func moved(_ frame: [Float], by difference: Float) -> [Float] {
    frame.map { $0 + difference }
  }

  private func distance(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test("known frames stand as they are given, and the others move by what those differ in")
  func between() {
    let clip = clip()
    var known = KnownFrames(side: Self.side)
    known.know(moved(frame(clip, 1), by: 0.4), at: 1)
    known.know(moved(frame(clip, 5), by: -0.4), at: 5)
    let directed = known.directing(clip)
    let expected: [Float] = [0.4, 0.4, 0.2, 0, -0.2, -0.4, -0.4, -0.4]
    for (number, difference) in expected.enumerated() {
      let moved = moved(frame(clip, number), by: difference)
      #expect(distance(frame(directed, number), moved) < 1e-5, "frame \(number)")
    }
    #expect(frame(directed, 1) == known.frames[1] && frame(directed, 5) == known.frames[5])
  }

  @Test("a clip that is shown after a frame leads from it, unless its first frame is known")
  func after() {
    let clip = clip()
    var known = KnownFrames(side: Self.side)
    known.know(moved(frame(clip, 3), by: 0.8), at: 3)
    let before = moved(frame(clip, 0), by: -0.4)
    let directed = known.directing(clip, after: before)
    for (number, difference) in [Float(-0.1), 0.2, 0.5, 0.8, 0.8].enumerated() {
      let moved = moved(frame(clip, number), by: difference)
      #expect(distance(frame(directed, number), moved) < 1e-5, "frame \(number)")
    }
    known.know(frame(clip, 0), at: 0)
    #expect(known.directing(clip, after: before) == known.directing(clip))
    #expect(KnownFrames(side: Self.side).directing(clip, after: before) == clip)
  }

  @Test("frames are taken of a clip by their numbers, and directing twice is directing once")
  func ofClip() {
    let (clip, other) = (clip(), clip(seed: 2))
    let known = KnownFrames([2, 6], of: other)
    #expect(known.frames == [2: frame(other, 2), 6: frame(other, 6)])
    let directed = known.directing(clip)
    #expect(known.directing(directed) == directed)
  }

  @Test("a step goes on from another estimate: the last one of a DDIM run gives it")
  func redirected() throws {
    let sampler = try Sampler(configuration: SamplerConfiguration(steps: 3))
    var state = try sampler.initialState(seed: 3, sampleCount: 2, tokenCount: 6)
    let wanted = state.latents.map { latent in
      Latent(values: latent.values.map { $0 / 9 }, tokenCount: 6)
    }
    var seen: [[Latent]] = []
    while sampler.nextTimestep(of: state) != nil {
      let noise = state.latents
      var estimates: [Latent] = []
      let changed = try sampler.redirected(noise, of: state) { sample, estimate in
        estimates.append(estimate)
        return wanted[sample]
      }
      let step = try sampler.step(state, noisePredictions: changed)
      for (estimate, wish) in zip(step.cleanEstimates, wanted) {
        #expect(distance(estimate.values, wish.values) < 1e-3)
      }
      // Left as it is, an estimate changes nothing but by rounding.
      let same = try sampler.redirected(noise, of: state) { $1 }
      if estimates.allSatisfy({ $0.values.allSatisfy { abs($0) < 1 } }) {
        for (a, b) in zip(same, noise) { #expect(distance(a.values, b.values) < 1e-3) }
      }
      seen.append(estimates)
      state = step.state
    }
    #expect(seen.count == 3)
    for (latent, wish) in zip(state.latents, wanted) {
      #expect(distance(latent.values, wish.values) < 1e-3)
    }
    #expect(throws: SamplingError.alreadyFinished(steps: 3)) {
      try sampler.redirected(state.latents, of: state) { $1 }
    }
  }
}
