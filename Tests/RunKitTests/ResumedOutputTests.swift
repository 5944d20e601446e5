import Foundation
import KitTestSupport
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// What a run that goes on writes, and what it leaves alone.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct ResumedOutputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func put(_ text: String, _ name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: folder.path(name)))
  }

  private func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder.path(name), encoding: .utf8)
  }

  private func latents(_ name: String) throws -> [Latent] {
    try LatentFile(contentsOf: folder.path(name)).latents
  }

  private func frames(_ name: String) throws -> [RGBImage] {
    let reader = try VideoReader(path: folder.path(name))
    return try reader.frames(from: 0, count: reader.frameCount()) { $0 }
  }

  /// Stops a job after its first clip, or in it.
  private func stop(_ job: GenerationJob, afterClip: Bool) async throws {
    let stop = StopSignal()
    let stopped = try await job.run(stop: stop) { event in
      switch event {
      case .generation(.clipFinished) where afterClip: stop.requestStop(.afterStep)
      case .generation(.step) where !afterClip: stop.requestStop(.afterStep)
      default: break
      }
    }
    #expect(stopped.isInterrupted)
  }

  @Test("a batch that goes on replaces what it wrote, and no other file by the name of a seed")
  func batch() async throws {
    var job = try TinyModel.job([folder.path("a.safetensors")], clips: 3, samples: 2)
    try await stop(job, afterClip: true)
    #expect(folder.contents.contains("a-9.safetensors"))
    job.resumes = true
    job.outputs.append(folder.path("b.safetensors"))
    try put("mine", "b-10.safetensors")
    await #expect(throws: StudioError(folder.path("b-10.safetensors"), .exists)) {
      try await job.run { _ in }
    }
    #expect(try text("b-10.safetensors") == "mine")
    #expect(!folder.contents.contains("b-9.safetensors"))

    try FileManager.default.removeItem(atPath: folder.path("b-10.safetensors"))
    let result = try await job.run { _ in }
    #expect(!result.isInterrupted && result.written.count == 4)
    for seed in [9, 10] {
      let made = try latents("a-\(seed).safetensors")
      #expect(try made.count == 3 && made == latents("b-\(seed).safetensors"))
    }
  }

  @Test("a run that was stopped before it wrote anything replaces nothing, unless it may")
  func nothingWritten() async throws {
    var job = try TinyModel.job([folder.path("a.safetensors")], clips: 2)
    try await stop(job, afterClip: false)
    #expect(!folder.contents.contains("a.safetensors"))
    try put("mine", "a.safetensors")
    job.resumes = true
    await #expect(throws: StudioError(folder.path("a.safetensors"), .exists)) {
      try await job.run { _ in }
    }
    #expect(try text("a.safetensors") == "mine")
    job.overwrites = true
    _ = try await job.run { _ in }
    #expect(try latents("a.safetensors").count == 2)
  }

  @Test("one output that fails at the end leaves the others, and a loop goes on to the same frames")
  func loop() async throws {
    var whole = try TinyModel.job([folder.path("whole/")], clips: 2)
    try whole.closeLoop()
    _ = try await whole.run { _ in }

    let gone = folder.path("gone")
    try FileManager.default.createDirectory(atPath: gone, withIntermediateDirectories: false)
    var job = try TinyModel.job([folder.path("loop/"), gone + "/z.safetensors"], clips: 2)
    job.request = whole.request
    let failure = await #expect(throws: JobFailure.self) {
      try await job.run { event in
        if case .writing = event { try? FileManager.default.removeItem(atPath: gone) }
      }
    }
    #expect(failure?.clips == 2)
    #expect(try frames("loop") == frames("whole"))

    // Every clip is sampled; what was written is its own.
    job.outputs.removeLast()
    job.resumes = true
    let result = try await job.run { _ in }
    #expect(result.clips == 2 && !result.isInterrupted)
    #expect(try frames("loop") == frames("whole"))
    #expect(!folder.contents.contains { $0.contains("resume") })
  }
}
