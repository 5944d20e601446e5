import Foundation
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Linear previews of the model that comes with the program.
@Suite struct LinearPreviewLibraryTests {
  private typealias Pair = (latent: Latent, clip: PixelClip)

  private func skies() async throws -> (engine: VideoEngine, geometry: PlaneGeometry) {
    let model = try ModelFiles(model: Samples.path("skies-64"))
    let engine = try VideoEngine()
    let autoencoder = try #require(model.autoencoder)
    try await engine.load(autoencoder)
    try await engine.load(#require(model.denoiser))
    return (engine, autoencoder.geometry)
  }

  /// Clips of other seeds than those of the fit, decoded, and the estimates half way to them.
  private func heldOut(_ engine: VideoEngine) async throws -> (clips: [Pair], estimates: [Pair]) {
    let request = GenerationRequest(
      firstSampler: SamplerConfiguration(method: .dpmSolverPlusPlus2MStochastic, steps: 16),
      seed: 1000,
      sampleCount: 6)
    var clips: [Pair] = []
    var estimates: [Pair] = []
    for try await event in engine.generate(request) {
      switch event {
      case .step(let step) where step.finishedSteps == 8:
        for latent in step.cleanEstimates {
          estimates.append((latent, try await engine.decode(latent)))
        }
      case .clipFinished(let clip):
        for latent in clip.latents { clips.append((latent, try await engine.decode(latent))) }
      default: break
      }
    }
    return (clips, estimates)
  }

  @Test("a first fit explains clips that it has not seen, and learns from finished ones")
  func heldOutClips() async throws {
    let (engine, geometry) = try await skies()
    let folder = try TemporaryFolder()
    let library = LinearPreviewLibrary(cacheFolder: folder.url.path)
    #expect(await library.preview(for: "skies", geometry: geometry) == nil)
    let preview = try await library.preview(for: "skies", fittingWith: engine)
    let held = try await heldOut(engine)
    let (clips, estimates) = (held.clips, held.estimates)
    let first = preview.determination(of: clips)
    #expect(first > 0.85, "R2 is \(first)")
    #expect(preview.determination(of: estimates) > 0.85)

    var better: LinearPreview?
    for pair in clips.prefix(3) {
      better = try await library.improve("skies", with: pair.latent, decoded: pair.clip)
    }
    let learned = try #require(better)
    let (known, rest) = (Array(clips.prefix(3)), Array(clips.dropFirst(3)))
    #expect(learned.determination(of: known) > preview.determination(of: known))
    #expect(learned.determination(of: rest) > 0.85)

    // Another session finds it without an engine.
    let next = LinearPreviewLibrary(cacheFolder: folder.url.path)
    #expect(await next.preview(for: "skies", geometry: geometry) == better)
    #expect(await next.preview(for: "other", geometry: geometry) == nil)
  }

  @Test("callers at the same time share one fit, and a folder that cannot be written harms nothing")
  func sharing() async throws {
    let (engine, _) = try await skies()
    let library = LinearPreviewLibrary(cacheFolder: "/dev/null/nowhere")
    async let first = library.preview(for: "skies", fittingWith: engine)
    async let second = library.preview(for: "skies", fittingWith: engine)
    let both = try await (first, second)
    #expect(both.0 == both.1)
  }

  @Test("an engine without an autoencoder is named as such")
  func missingNetwork() async throws {
    let engine = try VideoEngine()
    await #expect(throws: ModelError.self) {
      try await LinearPreviewLibrary(cacheFolder: nil).preview(for: "x", fittingWith: engine)
    }
  }
}
