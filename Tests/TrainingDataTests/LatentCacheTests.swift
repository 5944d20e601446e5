import Foundation
import TestSupport
import Testing
import TrainingData
import VideoDiffusion

@Suite("Latents kept on disk")
struct LatentCacheTests {
  private struct EncodingFailed: Error {}

  /// Stands in for an autoencoder: the clip's first and last frame numbers.
  private func encode(_ clip: PixelClip) -> Latent {
    let numbers = Fixture.frameNumbers(clip)
    let ends = [Float(numbers[0]), Float(numbers[numbers.count - 1])]
    return Latent(
      values: [0, 1, 2, 3].flatMap { channel in ends.map { $0 + channel } }, tokenCount: 2)
  }

  private let folder: TemporaryFolder
  private let dataset: VideoDataset
  private let cache: LatentCache

  init() throws {
    folder = try TemporaryFolder()
    for (number, frames) in [11, 3, 8].enumerated() {
      try Fixture.write(folder, "set/\(number).mkv", frames: frames, video: number)
    }
    dataset = try VideoDataset(root: folder.path("set"), testShare: 0)
    cache = LatentCache(
      folder: folder.path("latents"),
      identity: LatentCache.Identity(autoencoder: "a", side: 8, frames: 4, stride: 2))
  }

  @Test("Every start has the latent of its clip, the last one included")
  func fill() async throws {
    let reader = ClipReader(root: dataset.root, side: 8)
    #expect(cache.starts(in: dataset.videos[0]) == [0, 2, 4, 6, 7])
    let broken = try await cache.fill(dataset.videos, reader: reader) { encode($0) }
    #expect(broken.isEmpty)
    let latents = try #require(try cache.latents(of: dataset.videos[0]))
    for start in [0, 2, 4, 6, 7] {
      #expect(latents.latent(from: start)?.values[0] == Float(start))
      #expect(latents.latent(from: start)?.values[1] == Float(start + 3))
    }
    #expect(latents.latent(from: 1) == nil)
    #expect(try cache.latents(of: dataset.videos[1]) == nil)
    #expect(try cache.latents(of: dataset.videos[2]) != nil)
  }

  @Test("Work that failed goes on where it was, and finished work is not done again")
  func continuation() async throws {
    let reader = ClipReader(root: dataset.root, side: 8)
    var calls = 0
    await #expect(throws: EncodingFailed.self) {
      _ = try await cache.fill(dataset.videos, reader: reader) { clip in
        calls += 1
        if calls == 7 { throw EncodingFailed() }
        return encode(clip)
      }
    }
    #expect(try cache.latents(of: dataset.videos[0]) != nil)
    #expect(try cache.latents(of: dataset.videos[2]) == nil)
    calls = 0
    for _ in 0..<2 {
      _ = try await cache.fill(dataset.videos, reader: reader) { clip in
        calls += 1
        return encode(clip)
      }
    }
    #expect(calls == 3)
  }

  @Test("Latents of a changed video, another autoencoder or a damaged file are made again")
  func invalidation() async throws {
    let reader = ClipReader(root: dataset.root, side: 8)
    _ = try await cache.fill(dataset.videos, reader: reader) { encode($0) }
    let other = LatentCache(
      folder: cache.folder,
      identity: LatentCache.Identity(autoencoder: "b", side: 8, frames: 4, stride: 2))
    #expect(try other.latents(of: dataset.videos[0]) == nil)

    try FileManager.default.removeItem(atPath: folder.path("set/2.mkv"))
    try Fixture.write(folder, "set/2.mkv", frames: 9)
    let changed = try VideoDataset(root: folder.path("set"), testShare: 0)
    #expect(try cache.latents(of: changed.videos[2]) == nil)
    #expect(try cache.latents(of: changed.videos[0]) != nil)

    let names = try FileManager.default.contentsOfDirectory(atPath: cache.folder)
    let damaged = try #require(names.first { $0.hasPrefix("0.mkv") })
    try Data("damaged".utf8).write(to: URL(filePath: cache.folder + "/" + damaged))
    _ = try await cache.fill(changed.videos, reader: reader) { encode($0) }
    #expect(try cache.latents(of: changed.videos[0]) != nil)
    #expect(try cache.latents(of: changed.videos[2]) != nil)
  }

  @Test("Latents of which one bit changed are not learnt, but made again")
  func flippedBit() async throws {
    let reader = ClipReader(root: dataset.root, side: 8)
    _ = try await cache.fill(dataset.videos, reader: reader) { encode($0) }
    let names = try FileManager.default.contentsOfDirectory(atPath: cache.folder)
    let path = cache.folder + "/" + (try #require(names.first { $0.hasPrefix("0.mkv") }))
    let whole = try Data(contentsOf: URL(filePath: path))
    var damaged = whole
    damaged[whole.count - 40] ^= 1
    try damaged.write(to: URL(filePath: path))
    #expect(throws: (any Error).self) { try cache.latents(of: dataset.videos[0]) }
    _ = try await cache.fill(dataset.videos, reader: reader) { encode($0) }
    #expect(try Data(contentsOf: URL(filePath: path)) == whole)
  }

  @Test("Mirrored latents stand beside the others")
  func mirrored() async throws {
    let mirror = LatentCache(
      folder: cache.folder,
      identity: LatentCache.Identity(
        autoencoder: "a", side: 8, frames: 4, stride: 2, isMirrored: true))
    let reader = ClipReader(root: dataset.root, side: 8)
    var firstPixels: [[Float]] = []
    for cache in [cache, mirror] {
      _ = try await cache.fill(Array(dataset.videos[..<1]), reader: reader) { clip in
        firstPixels.append(Array(clip.values[..<3]))
        return encode(clip)
      }
    }
    try #require(firstPixels.count == 10)
    #expect(firstPixels[0] != firstPixels[5])
    #expect(try cache.latents(of: dataset.videos[0]) != nil)
    #expect(try mirror.latents(of: dataset.videos[0]) != nil)
  }

  @Test("Videos that cannot be read are named")
  func broken() async throws {
    try Data("no video".utf8).write(to: folder.url.appending(path: "set/0.mkv"))
    let reader = ClipReader(root: dataset.root, side: 8)
    let broken = try await cache.fill(dataset.videos, reader: reader) { encode($0) }
    #expect(broken.map(\.path) == ["0.mkv"])
    #expect(try cache.latents(of: dataset.videos[2]) != nil)
  }
}
