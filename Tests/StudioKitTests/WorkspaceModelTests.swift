import Foundation
import KitTestSupport
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// Models, estimates, presets and previews of a workspace.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceModelTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  @Test("a model that is opened stays, and its hashes are remembered")
  func openAndHash() async throws {
    let other = fixture.folder.path("elsewhere/other")
    _ = try WorkspaceFixture.makeModel(in: other)
    let workspace = try await fixture.open()
    let entry = try await workspace.openModel(other)
    #expect(entry.canGenerate && entry.path == other)
    try await workspace.hashModel(entry.id)
    await workspace.close()

    let again = try await fixture.open()
    let found = try #require(await again.findModels().first { $0.path == other })
    #expect(found.autoencoderHash == (try CheckpointHash.sha256(of: other + "/autoencoder.pth")))
    #expect(found.denoiserHash?.count == 64)
    // A changed file has another hash, so the one that was kept is not shown.
    try FileManager.default.removeItem(atPath: other + "/autoencoder.pth")
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.autoencoder, seed: 9), to: other + "/autoencoder.pth")
    let changed = try #require(await again.findModels().first { $0.path == other })
    #expect(changed.canGenerate && changed.autoencoderHash == nil && changed.denoiserHash != nil)
    await again.close()
  }

  @Test("steps that a denoiser was not distilled for are refused at once")
  func distilledSteps() async throws {
    let workspace = try await fixture.open()
    let entry = try await workspace.openModel(
      URL(filePath: try #require(fixture.model.denoiser))
        .deletingLastPathComponent().path)
    let settings = WorkspaceFixture.settings().fitting(distilledSteps: 4)
    let error = await #expect(throws: ModelError.self) {
      try await workspace.make(entry.reference, settings)
    }
    #expect(error?.problem == .notDistilled(steps: 4))
    #expect(await workspace.toldJobs.isEmpty)
    await workspace.close()
  }

  @Test("two checkpoints are paired for good, and not two of one kind")
  func pair() async throws {
    let workspace = try await fixture.open()
    let autoencoder = try #require(fixture.model.autoencoder)
    let denoiser = try #require(fixture.model.denoiser)
    let entry = try await workspace.pairModel(autoencoder: autoencoder, denoiser: denoiser)
    #expect(entry.canGenerate)
    await #expect(throws: StudioError.self) {
      try await workspace.pairModel(autoencoder: denoiser, denoiser: autoencoder)
    }
    await workspace.close()
    let again = try await fixture.open()
    #expect(await again.findModels().contains { $0.path == entry.path })
    await again.close()
  }

  @Test("opening does not wait for the search, and closing neither")
  func opensFirst() async throws {
    let workspace = try await fixture.open()
    let searches = await workspace.first { event -> Bool? in
      if case .modelSearch(let isRunning) = event { isRunning } else { nil }
    }
    #expect(searches != nil)
    let found = await workspace.first { event -> [ModelEntry]? in
      if case .models(let models) = event { models } else { nil }
    }
    #expect(found?.contains { $0.canGenerate } == true)
    await workspace.stopReading()
    await #expect(throws: CancellationError.self) {
      try await workspace.openModel(fixture.folder.path("samples/tiny"))
    }
    await workspace.close()
    // The lock is free again.
    let again = try await fixture.open()
    await again.close()
  }

  @Test("an estimate rests on measurements once there was a run")
  func estimate() async throws {
    let workspace = try await fixture.open()
    let entry = try await workspace.openModel(fixture.folder.path("samples/tiny"))
    let settings = WorkspaceFixture.settings(clips: 2)
    let before = try #require(await workspace.estimate(entry.reference, settings))
    #expect(!before.isMeasured && before.seconds > 0 && before.bytes > 0)
    try await workspace.make(entry.reference, settings)
    await workspace.settle()
    let after = try #require(await workspace.estimate(entry.reference, settings))
    #expect(after.isMeasured && after.seconds > 0)
    await workspace.close()
  }

  @Test("presets are kept as files and forgotten")
  func presets() async throws {
    func names(_ workspace: Workspace) async -> [String] {
      await workspace.first { event in
        if case .presets(let presets) = event { presets.map(\.name) } else { nil }
      } ?? []
    }
    let workspace = try await fixture.open()
    let builtIn = await names(workspace)
    #expect(!builtIn.isEmpty)
    try await workspace.savePreset("mine", WorkspaceFixture.settings(steps: 7))
    try await workspace.savePreset("mine", WorkspaceFixture.settings(steps: 8))
    #expect(await names(workspace) == builtIn + ["mine"])
    try await workspace.deletePreset("mine")
    #expect(await names(workspace) == builtIn)
    await workspace.close()
  }

  @Test("previews show the clip in progress", arguments: [PreviewMode.linear, .decoded])
  func previews(mode: PreviewMode) async throws {
    var settings = WorkspaceFixture.settings(clips: nil, seed: 2, steps: 300, laterSteps: 300)
    settings.preview = mode
    settings.previewInterval = 2
    let workspace = try await fixture.open()
    let (_, job) = try await workspace.make(fixture.model, settings)
    let preview = try #require(
      await workspace.first { event in
        if case .preview(let preview) = event { preview } else { nil }
      })
    #expect(preview.job == job && preview.mode == mode && preview.images.count == 16)
    #expect(preview.images[0].width == (mode == .linear ? 4 : 32))
    let progress = await workspace.first { event -> JobProgress? in
      guard case .progress(let progress) = event, progress.previewShare > 0 else { return nil }
      return progress
    }
    #expect(progress.map { $0.secondsPerStep ?? 0 > 0 && $0.residentBytes > 0 } == true)
    await workspace.close()
  }
}
