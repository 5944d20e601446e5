import Foundation
import KitTestSupport
import RunKit
import Synchronization
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Videos that are made on a card whose memory is short: the same, by smaller pieces.
struct GraphicsMemoryTests {
  private let folder: TemporaryFolder
  private let card = EmulatedCard()

  init() throws {
    folder = try TemporaryFolder()
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.autoencoder, seed: 1), to: folder.path("autoencoder.pth"))
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser, seed: 2), prefix: "diffusion_model.",
      to: folder.path("denoiser.pth"))
  }

  private func files() throws -> ModelFiles {
    try ModelFiles(
      model: nil, autoencoder: folder.path("autoencoder.pth"),
      denoiser: folder.path("denoiser.pth"))
  }

  /// What a run of four videos has told and written.
  private struct Outcome {
    var latents: [[Latent]] = []
    var frames: [PixelClip] = []
    var notes: [String] = []
  }

  /// - Parameter room: Bytes of memory beside the weights; `nil` for more than is needed.
  private func run(_ card: EmulatedCard, room: Int?) async throws -> Outcome {
    let outcome = Mutex(Outcome())
    var job = GenerationJob(
      model: try files(),
      request: GenerationRequest(
        clipCount: 1, firstSampler: SamplerConfiguration(steps: 1),
        laterSampler: SamplerConfiguration(steps: 1), seed: 3, sampleCount: 4),
      outputs: [folder.path("\(room ?? 0)/")])
    job.device = .card(0)
    let job1 = job
    try await card.standingIn {
      _ = try await job1.run { event in
        switch event {
        case .notes(let notes): outcome.withLock { $0.notes += notes }
        case .generation(.clipStarted):
          if let room { card.limit(toBytes: card.takenBytes + room) }
        case .generation(.clipFinished(let clip)):
          outcome.withLock { $0.latents.append(clip.latents) }
        case .decoded(_, _, let clip, _): outcome.withLock { $0.frames.append(clip) }
        default: break
        }
      }
    }
    return outcome.withLock { $0 }
  }

  @Test(
    "a batch and the frames of a clip go through in pieces, to the same bits, and a person is told")
  func pieces() async throws {
    let ample = EmulatedCard()
    let whole = try await run(ample, room: nil)
    #expect(whole.latents.count == 1 && whole.frames.count == 4 && whole.notes.isEmpty)
    print("most", ample.mostBytes)
    for room in [3_000_000, 2_000_000, 1_500_000, 1_000_000, 700_000, 500_000, 300_000] {
      do {
        let card = EmulatedCard()
        let pieces = try await run(card, room: room)
        print(room, card.mostBytes, pieces.notes)
        #expect(pieces.latents == whole.latents)
        #expect(pieces.frames.map(\.values) == whole.frames.map(\.values))
      } catch { print(room, error) }
    }
  }
}
