import Foundation
import MediaIO
import RunKit
import Synchronization
import TestSupport
import Testing
import VideoDiffusion

/// Previews of a run, with the model that comes with the program.
@Suite struct PreviewTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The previews of a run of 12 steps and its latents.
  private func run(
    _ mode: PreviewMode, interval: Int = 3
  ) async throws -> (previews: [StepPreview], latents: [Latent]) {
    let output = folder.path("\(mode.rawValue).safetensors")
    let request = GenerationRequest(firstSampler: SamplerConfiguration(steps: 12), seed: 4)
    var job = try GenerationJob(
      model: ModelFiles(model: Samples.path("skies-64")), request: request, outputs: [output])
    job.overwrites = true
    job.preview = mode
    job.previewInterval = interval
    job.previewCacheFolder = folder.path("cache")
    let previews = Mutex<[StepPreview]>([])
    _ = try await job.run { event in
      if case .preview(let preview) = event { previews.withLock { $0.append(preview) } }
    }
    return (previews.withLock { $0 }, try LatentFile(contentsOf: output).latents)
  }

  @Test("previews never change the video")
  func sameVideo() async throws {
    let plain = try await run(.off)
    #expect(plain.previews.isEmpty)
    #expect(try await run(.linear).latents == plain.latents)
    #expect(try await run(.decoded).latents == plain.latents)
  }

  @Test("linear previews are small, whole clips, and leave their map behind")
  func linear() async throws {
    _ = try await run(.linear)
    let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path("cache"))
    #expect(kept.count == 1 && kept[0].hasPrefix("linear-preview-"))
    // With the map at hand, the first step has one.
    let preview = try #require(try await run(.linear).previews.first)
    #expect(preview.mode == .linear && preview.step == 1 && preview.stepCount == 12)
    #expect(preview.images.count == 16 && preview.images.allSatisfy { $0.width == 16 })
    #expect(preview.seconds >= 0)
  }

  @Test("decoded previews come every few steps at most, never of the last")
  func decoded() async throws {
    let previews = try await run(.decoded, interval: 5).previews
    let steps = previews.map(\.step)
    #expect(steps.first == 1)
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $1 - $0 >= 5 })
    #expect(steps.allSatisfy { $0 < 12 })
    #expect(previews.allSatisfy { $0.images.count == 16 && $0.images[0].width == 64 })
  }
}
