import Foundation
import KitTestSupport
import MediaIO
import RunKit
import Synchronization
import TestSupport
import Testing
import VideoDiffusion

/// Videos whose seams fade, from the job to the frames.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct SeamJobTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func job(_ names: String..., clips: Int = 3, fade: Int) throws -> GenerationJob {
    var job = try TinyModel.job(names.map(folder.path), clips: clips)
    job.request.seamFade = fade
    return job
  }

  private func run(_ job: GenerationJob) async throws { _ = try await job.run { _ in } }

  private func frames(_ name: String) throws -> [RGBImage] {
    let reader = try VideoReader(path: folder.path(name))
    return try reader.frames(from: 0, count: reader.frameCount()) { $0 }
  }

  private func latents(_ name: String) throws -> [Latent] {
    try LatentFile(contentsOf: folder.path(name)).latents
  }

  private func engine() async throws -> VideoEngine {
    let engine = try VideoEngine(threadCount: 1)
    try await engine.load(#require(TinyModel.files().autoencoder))
    return engine
  }

  @Test("each clip but the first is shown after the last frame before it; latents stay the same")
  func sample() async throws {
    try await run(job("plain/", "plain.safetensors", fade: 0))
    try await run(job("faded/", "faded.safetensors", fade: 6))
    let latents = try latents("faded.safetensors")
    #expect(try latents == self.latents("plain.safetensors"))
    let engine = try await engine()
    var expected: [RGBImage] = []
    var last: [UInt8]?
    for latent in latents {
      var clip = try await engine.decode(latent)
      if let last { clip = clip.fadingIn(from: last, over: 6) }
      expected += clip.images
      last = clip.lastFrame
    }
    let (faded, plain) = (try frames("faded"), try frames("plain"))
    #expect(faded == expected)
    #expect(faded.prefix(16) == plain.prefix(16) && faded[16] != plain[16])
    #expect(faded[22..<32] == plain[22..<32], "beyond the fade nothing changes")
  }

  @Test("a stopped run goes on to the same frames")
  func resume() async throws {
    try await run(job("whole/", fade: 15))
    let stop = StopSignal()
    var job = try job("part/", fade: 15)
    let stopped = try await job.run(stop: stop) { event in
      if case .generation(.clipFinished) = event { stop.requestStop(.afterStep) }
    }
    #expect(stopped.isInterrupted)
    job.resumes = true
    try await run(job)
    #expect(try frames("part") == frames("whole"))
  }

  @Test("what a video is continued by fades in from its last frame, whether that is written or not")
  func extend() async throws {
    try Video(frames: TinyModel.frames(20), frameRate: FrameRate(8)).write(
      to: folder.path("source/"))
    var job = try job("all/", "z.safetensors", clips: 2, fade: 15)
    job.inputPath = folder.path("source/")
    try await run(job)
    let all = try frames("all")
    let engine = try await engine()
    let first = try #require(try latents("z.safetensors").dropFirst().first)
    let decoded = try await engine.decode(first).fadingIn(from: all[19].pixels, over: 15)
    #expect(Array(all[20..<36]) == decoded.images)
    job.onlyNew = true
    job.outputs = [folder.path("new/")]
    try await run(job)
    #expect(try frames("new") == Array(all[20...]))
  }

  @Test("latents that are continued fade from the frame that they decode to")
  func extendLatents() async throws {
    try await run(job("long/", "long.safetensors", clips: 2, fade: 15))
    try await run(job("one.safetensors", clips: 1, fade: 15))
    var job = try job("more/", "more.safetensors", clips: 1, fade: 15)
    job.inputPath = folder.path("one.safetensors")
    try await run(job)
    #expect(try frames("more").prefix(16) == frames("long").prefix(16))
    let engine = try await engine()
    let more = try latents("more.safetensors")
    let last = try await engine.decode(more[0]).lastFrame
    let expected = try await engine.decode(more[1]).fadingIn(from: last, over: 15).images
    #expect(try Array(frames("more")[16...]) == expected)
  }

  @Test("each video of a batch fades by itself")
  func batch() async throws {
    var both = try job("b/", clips: 2, fade: 15)
    both.request.sampleCount = 2
    try await run(both)
    for seed in [9, 10] {
      var alone = try job("alone-\(seed)/", clips: 2, fade: 15)
      alone.request.seed = UInt64(seed)
      try await run(alone)
      let (a, b) = (try frames("b-\(seed)"), try frames("alone-\(seed)"))
      // A batch may round differently; where frames differ, it is by a level.
      #expect(
        zip(a, b).allSatisfy {
          zip($0.pixels, $1.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 }
        })
    }
  }

  @Test("a fade out of range is refused", arguments: [-1, 65])
  func range(fade: Int) async throws {
    let job = try job("a/", fade: fade)
    await #expect(throws: ModelError.self) { try await run(job) }
    #expect(folder.contents.isEmpty)
  }
}
