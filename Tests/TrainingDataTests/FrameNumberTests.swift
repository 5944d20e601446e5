import Foundation
import MediaIO
import TestSupport
import Testing
import TrainingData
import VideoDiffusion

@Suite("Videos whose packets are not their frames are used to the last frame that decodes")
struct FrameNumberTests {
  /// The inputs and the frames that decode.
  private static let counts = [
    "cut_hevc.mkv": 225, "cut_xvid.avi": 140, "faststart_cut.mp4": 17, "recording.ts": 170,
    "vp8_altref.webm": 200,
  ]

  private func copy(to folder: TemporaryFolder) throws -> String {
    for name in Self.counts.keys {
      let target = folder.path("set/" + name)
      try FileManager.default.createDirectory(
        atPath: folder.path("set"), withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: Shared.path("cases/inputs/" + name), toPath: target)
    }
    return folder.path("set")
  }

  @Test(
    "They are counted, their last clips read, and latents of all of them kept",
    .enabled(if: Shared.isThere, "\(Shared.skipReason)"))
  func set() async throws {
    let folder = try TemporaryFolder()
    let dataset = try VideoDataset(root: copy(to: folder), testShare: 0)
    #expect(dataset.broken.isEmpty)
    #expect(
      Dictionary(uniqueKeysWithValues: dataset.videos.map { ($0.path, $0.frameCount) })
        == Self.counts)
    #expect(dataset.damaged.contains { $0.path == "faststart_cut.mp4" }, "\(dataset.damaged)")
    #expect(
      dataset.damaged.first { $0.path == "faststart_cut.mp4" }?.reason
        .contains("ends early: 17 frames could be read") == true)
    #expect(!dataset.damaged.contains { $0.path == "vp8_altref.webm" })

    let reader = ClipReader(root: dataset.root, side: 16)
    for video in dataset.videos {
      let all = try Video.read(dataset.root + "/" + video.path).frames
      let window = ClipWindow(video: video, start: video.frameCount - 16, frames: 16)
      let clip = try reader.clip(window).pixels
      let preparation = FramePreparation(resolution: 16)
      let levels = all.suffix(16).flatMap { preparation.preparedValues($0) }
      #expect(clip == PixelClip(frames: 16, side: 16, levels: levels), "\(video.path)")
    }

    let cache = LatentCache(
      folder: folder.path("latents"),
      identity: LatentCache.Identity(autoencoder: "a", side: 16, frames: 16, stride: 16))
    let broken = try await cache.fill(dataset.videos, reader: reader) { clip in
      Latent(values: [0, 1, 2, 3].map { clip.values[$0] }, tokenCount: 1)
    }
    #expect(broken.isEmpty, "\(broken)")
    for video in dataset.videos {
      let latents = try #require(try cache.latents(of: video))
      for start in cache.starts(in: video) { #expect(latents.latent(from: start) != nil) }
    }
  }

  @Test("Of a video that ends sooner than was known the clips that are there are kept and used")
  func endsSooner() async throws {
    let folder = try TemporaryFolder()
    try Fixture.write(folder, "set/a/", frames: 11)
    try Fixture.write(folder, "set/b/", frames: 8, video: 1)
    // The header of a picture, by which it is counted, and nothing that decodes.
    let frame = URL(filePath: folder.path("set/a/frame00007.png"))
    try Data(contentsOf: frame).prefix(45).write(to: frame)
    let dataset = try VideoDataset(root: folder.path("set"), testShare: 0)
    #expect(dataset.videos[0].frameCount == 11)
    let cache = LatentCache(
      folder: folder.path("latents"),
      identity: LatentCache.Identity(autoencoder: "a", side: 8, frames: 4, stride: 2))
    let reader = ClipReader(root: dataset.root, side: 8)
    let broken = try await cache.fill(dataset.videos, reader: reader) { clip in
      let number = Float(Fixture.frameNumbers(clip)[0])
      return Latent(values: [number, number, number, number], tokenCount: 1)
    }
    #expect(broken.map(\.path) == ["a"])
    #expect(broken[0].reason.hasSuffix("; the 2 clips before that are used"), "\(broken)")
    let latents = try #require(try cache.latents(of: dataset.videos[0]))
    #expect(latents.latent(from: 0)?.values[0] == 0 && latents.latent(from: 2)?.values[0] == 2)
    #expect([4, 6, 7].allSatisfy { latents.latent(from: $0) == nil })
    #expect(try cache.latents(of: dataset.videos[1])?.latent(from: 4) != nil)
  }
}
