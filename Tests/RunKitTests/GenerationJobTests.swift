import Foundation
import KitTestSupport
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct GenerationJobTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(
    _ job: GenerationJob, stop: StopSignal = StopSignal(),
    _ report: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) async throws -> GenerationJob.Result {
    try await job.run(stop: stop, report: report)
  }

  @Test("a video from nothing is written in every format at once")
  func everyFormat() async throws {
    let names = ["a.mp4", "a.webm", "a.gif", "a.png", "frames/", "a.safetensors"]
    let result = try await run(TinyModel.job(names.map(folder.path), clips: 2))
    #expect(result.written == names.map(folder.path))
    #expect(result.frames == 32 && result.clips == 2 && !result.isInterrupted)
    for name in ["a.mp4", "a.webm", "a.gif"] {
      #expect(try VideoReader(path: folder.path(name)).frameCount() == 32, "\(name)")
    }
    #expect(try VideoReader(path: folder.path("frames")).frameCount() == 32)
    #expect(try LatentFile(contentsOf: folder.path("a.safetensors")).latents.count == 2)
  }

  @Test("the settings are in every output and read back from it")
  func embeddedSettings() async throws {
    let names = ["a.mp4", "a.webm", "a.gif", "a.png", "frames/"]
    let job = try TinyModel.job(names.map(folder.path))
    _ = try await run(job)
    for name in names {
      let text = try #require(try MediaMetadata.read(folder.path(name)), "\(name)")
      let settings = try #require(RunSettings(json: text))
      #expect(settings.request == job.request)
      #expect(settings.seed == 9)
    }
  }

  @Test("what is continued stands before the new frames", arguments: [nil, 0, 5])
  func extendVideo(firstFrame: Int?) async throws {
    let source = folder.path("source/")
    try Video(frames: TinyModel.frames(21), frameRate: FrameRate(8)).write(to: source)
    var job = try TinyModel.job([folder.path("all/"), folder.path("z.safetensors")])
    job.inputPath = source
    job.firstFrame = firstFrame
    let result = try await run(job)
    let preceding = firstFrame.map { $0 + 16 } ?? 21
    #expect(result.frames == preceding + 16)
    let reader = try VideoReader(path: folder.path("all/"))
    let first = try #require(try reader.nextFrame())
    #expect(first == FramePreparation(resolution: 64).prepared(TinyModel.frames(1)[0]))
    #expect(try LatentFile(contentsOf: folder.path("z.safetensors")).latents.count == 2)

    job.onlyNew = true
    job.outputs = [folder.path("new/")]
    #expect(try await run(job).frames == 16)
  }

  @Test("an earlier output can be continued")
  func extendOutput() async throws {
    _ = try await run(TinyModel.job([folder.path("first.mp4")]))
    var job = try TinyModel.job([folder.path("second.mp4")])
    job.inputPath = folder.path("first.mp4")
    #expect(try await run(job).frames == 32)
  }

  @Test("latents are continued without an autoencoder, exactly as one long run")
  func extendLatents() async throws {
    _ = try await run(TinyModel.job([folder.path("z.safetensors")], autoencoder: false))
    var job = try TinyModel.job([folder.path("more.safetensors")], autoencoder: false)
    job.inputPath = folder.path("z.safetensors")
    job.onlyNew = true
    _ = try await run(job)
    #expect(try LatentFile(contentsOf: folder.path("more.safetensors")).latents.count == 1)
    job.onlyNew = false
    job.outputs = [folder.path("all.safetensors")]
    _ = try await run(job)
    let all = try LatentFile(contentsOf: folder.path("all.safetensors")).latents
    #expect(all.count == 2)
    #expect(all[0] == (try LatentFile(contentsOf: folder.path("z.safetensors")).latents[0]))
  }

  @Test("frames without an autoencoder are refused by name")
  func noAutoencoder() async throws {
    let job = try TinyModel.job([folder.path("a.mp4")], autoencoder: false)
    await #expect(throws: ModelError(.notLoaded(.autoencoder))) { try await self.run(job) }
    #expect(folder.contents.isEmpty)
  }

  @Test("a batch writes one output for each seed, equal to the runs alone")
  func batch() async throws {
    _ = try await run(TinyModel.job([folder.path("b.safetensors")], samples: 2))
    #expect(folder.contents == ["b-10.safetensors", "b-9.safetensors"])
    _ = try await run(TinyModel.job([folder.path("alone.safetensors")]))
    let batch = try LatentFile(contentsOf: folder.path("b-9.safetensors")).latents[0]
    let alone = try LatentFile(contentsOf: folder.path("alone.safetensors")).latents[0]
    #expect(largestDifference(batch.values, alone.values) < 1e-4)
  }

  @Test("a stopped run keeps complete clips and goes on to the same video")
  func stopAndResume() async throws {
    let whole = folder.path("whole.safetensors")
    _ = try await run(TinyModel.job([whole], clips: 3))
    let stop = StopSignal()
    var job = try TinyModel.job([folder.path("part.safetensors")], clips: 3)
    let stopped = try await run(job, stop: stop) { event in
      if case .generation(.clipFinished) = event { stop.requestStop(.afterStep) }
    }
    #expect(stopped.isInterrupted)
    let kept = try LatentFile(contentsOf: folder.path("part.safetensors")).latents.count
    #expect((1...2).contains(kept))
    #expect(FileManager.default.fileExists(atPath: try #require(stopped.savedRun)))

    job.resumes = true
    let finished = try await run(job)
    #expect(!finished.isInterrupted && finished.clips == 3)
    #expect(
      try LatentFile(contentsOf: whole).latents
        == LatentFile(contentsOf: folder.path("part.safetensors")).latents)
    #expect(folder.contents == ["part.safetensors", "whole.safetensors"])
  }

  @Test("a run cannot be resumed with other settings, or where nothing was kept")
  func wrongResume() async throws {
    var job = try TinyModel.job([folder.path("a.safetensors")], clips: 2)
    job.resumes = true
    await #expect(throws: StudioError.self) { try await self.run(job) }
    job.resumes = false
    let stop = StopSignal()
    let interrupted = try await run(job, stop: stop) { event in
      if case .generation(.step) = event { stop.requestStop(.afterStep) }
    }
    #expect(interrupted.savedRun != nil)
    job.resumes = true
    job.request.seed = 1
    let seed = await #expect(throws: StudioError.self) { try await self.run(job) }
    #expect(
      seed?.problem == .resume(reason: "--seed was 9 when it began; leave that as it was"))
    (job.request.seed, job.request.firstSampler.steps) = (9, 7)
    let steps = await #expect(throws: StudioError.self) { try await self.run(job) }
    guard case .resume(let reason)? = steps?.problem else {
      Issue.record("\(String(describing: steps))")
      return
    }
    #expect(reason.hasPrefix("--steps was "))
  }

  @Test("a run goes on only on the device that it began on")
  func deviceOfResume() throws {
    let here = RunSettings(
      command: "sample", model: "tiny", autoencoder: nil, denoiser: nil, precision: .float32,
      device: .processor, framesPerSecond: 16)
    #expect(here.device == nil && here.difference(from: here) == nil)
    var saved = here
    saved.device = "NVIDIA H200"
    #expect(here.difference(from: saved) == "the device was another")
    #expect(RunSettings(json: try saved.json)?.device == "NVIDIA H200")
  }

  @Test("a card that is not there is refused by name, with what to do")
  func absentCard() async throws {
    var job = try TinyModel.job([folder.path("a.safetensors")])
    job.device = .card(15)
    let error = await #expect(throws: ModelError.self) { _ = try await self.run(job) }
    #expect(error?.description.hasPrefix("cuda:15 cannot be used") ?? false)
    #expect(folder.contents.isEmpty)
  }
}
