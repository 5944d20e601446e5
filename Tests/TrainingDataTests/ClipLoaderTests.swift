import Foundation
import TestSupport
import Testing
import TrainingData
import VideoDiffusion

@Suite("Batches to train on")
struct ClipLoaderTests {
  private let folder: TemporaryFolder
  private let dataset: VideoDataset

  /// Ten videos of 6 to 24 frames.
  init() throws {
    folder = try TemporaryFolder()
    for number in 0..<10 {
      try Fixture.write(folder, "\(number).mkv", frames: 6 + 2 * number, video: number)
    }
    dataset = try VideoDataset(root: folder.url.path, testShare: 0)
  }

  private func sampler(_ dataset: VideoDataset, mirrors: Bool = true) throws -> ClipSampler {
    try ClipSampler(
      dataset.videos, of: dataset.root,
      settings: ClipSampler.Settings(frames: 8, fewestFrames: 4, mirrors: mirrors), seed: 11)
  }

  private func loader(
    _ dataset: VideoDataset, _ sampler: ClipSampler, threads: Int = 2, ahead: Int = 4
  ) -> ClipLoader<ClipSampler> {
    ClipLoader(
      sampler, reader: ClipReader(root: dataset.root, side: 8), batchSize: 3, clipsAhead: ahead,
      threadCount: threads)
  }

  private func batches<Source>(_ loader: ClipLoader<Source>, _ count: Int) async throws
    -> [ClipBatch]
  {
    var batches: [ClipBatch] = []
    while batches.count < count, let batch = try await loader.next() { batches.append(batch) }
    return batches
  }

  @Test("A clip's frames are those of its window, in -1 ... 1")
  func frames() async throws {
    let batch = try #require(
      try await loader(dataset, try sampler(dataset, mirrors: false)).next())
    #expect(batch.clips.count == 3)
    for clip in batch.clips {
      let padded = clip.window.paddedFrames
      let numbers = Array(Fixture.frameNumbers(clip.pixels)[padded...])
      #expect(numbers == Array(clip.window.start..<clip.window.start + 8 - padded))
      #expect(clip.pixels.values.allSatisfy { (-1...1).contains($0) })
    }
  }

  @Test("The number of threads and of clips ahead changes no batch")
  func threads() async throws {
    let expected = try await batches(loader(dataset, sampler(dataset), threads: 1, ahead: 1), 8)
    for (threads, ahead) in [(2, 4), (4, 12)] {
      let found = try await batches(
        loader(dataset, sampler(dataset), threads: threads, ahead: ahead), 8)
      #expect(found == expected)
    }
  }

  @Test("Frames held in memory change no batch, and no more memory is taken than allowed")
  func heldFrames() async throws {
    let expected = try await batches(loader(dataset, sampler(dataset)), 12)
    for limit in [1 << 20, 4000] {
      let cache = FrameCache(byteLimit: limit)
      let held = ClipLoader(
        try sampler(dataset), reader: ClipReader(root: dataset.root, side: 8, cache: cache),
        batchSize: 3)
      #expect(try await batches(held, 12) == expected)
      #expect(cache.byteCount > 0 && cache.byteCount <= limit)
    }
    let other = FrameCache(byteLimit: 1 << 20)
    let resized = ClipReader(root: dataset.root, side: 4, cache: other)
    #expect(
      try resized.clip(ClipWindow(video: dataset.videos[4], start: 1, frames: 4))
        == ClipReader(root: dataset.root, side: 4).clip(
          ClipWindow(video: dataset.videos[4], start: 1, frames: 4)))
    #expect(other.byteCount == 0)
  }

  @Test("A run resumed after any batch gets the batches of one never stopped")
  func resumption() async throws {
    let whole = try await batches(loader(dataset, sampler(dataset)), 9)
    for stop in [1, 4, 7] {
      let first = loader(dataset, try sampler(dataset))
      _ = try await batches(first, stop)
      let position = try JSONDecoder().decode(
        ClipSampler.Position.self, from: JSONEncoder().encode(first.source.position))
      let second = try ClipSampler(
        dataset.videos, of: dataset.root, settings: first.source.settings, resumingAt: position)
      let rest = try await batches(loader(dataset, second, threads: 3), 9 - stop)
      #expect(rest == Array(whole[stop...]))
    }
  }

  @Test("A broken file is named once, counted, and its place taken, the same for any threads")
  func broken() async throws {
    // Since the index was made, one file was replaced and one cut short.
    try Data("no video".utf8).write(to: folder.url.appending(path: "3.mkv"))
    try FileManager.default.removeItem(atPath: folder.path("9.mkv"))
    try Fixture.write(folder, "9.mkv", frames: 9, video: 9)
    let one = loader(dataset, try sampler(dataset), threads: 1)
    let expected = try await batches(one, 10)
    #expect(expected.allSatisfy { $0.clips.count == 3 })
    #expect(Set(one.broken.map(\.path)) == ["3.mkv", "9.mkv"])
    #expect(one.skippedCount >= 4)
    #expect(one.broken.allSatisfy { $0.reason.hasPrefix($0.path) })
    let three = loader(dataset, try sampler(dataset), threads: 3)
    #expect(try await batches(three, 10) == expected)
    #expect(three.broken == one.broken)
    #expect(three.skippedCount == one.skippedCount)
  }

  @Test("A set of which nothing can be read ends with an error")
  func nothingReadable() async throws {
    for number in 0..<10 {
      try Data("no video".utf8).write(to: folder.url.appending(path: "\(number).mkv"))
    }
    let loader = loader(dataset, try sampler(dataset))
    await #expect(throws: DatasetError.self) { _ = try await loader.next() }
  }

  @Test("Padded frames are black and take the condition away")
  func padding() async throws {
    let clips = try await batches(loader(dataset, sampler(dataset)), 4).flatMap(\.clips)
    let short = try #require(clips.first { $0.window.video.path == "0.mkv" })
    #expect(short.window.paddedFrames == 4)
    #expect(short.frames(0..<4).values.allSatisfy { $0 == -1 })
    let start = short.window.start
    #expect(Fixture.frameNumbers(short.frames(4..<8)) == Array(start..<(start + 4)))
    #expect(!short.window.hasCondition)
    #expect(short.window.targetStarts == 4...4)
    let long = try #require(clips.first { $0.window.video.path == "5.mkv" })
    #expect(long.window.hasCondition)
    #expect(long.window.targetStarts == 0...4)
    #expect(ClipBatch(clips: [short, long]).conditionMask == [0, 1])
  }

  @Test("A mirrored clip exchanges left and right and nothing else")
  func mirroring() throws {
    let reader = ClipReader(root: dataset.root, side: 8)
    let video = dataset.videos[7]
    let plain = try reader.clip(ClipWindow(video: video, start: 2, frames: 4)).pixels
    let mirrored = try reader.clip(
      ClipWindow(video: video, start: 2, frames: 4, isMirrored: true)
    ).pixels
    #expect(plain != mirrored)
    for row in 0..<4 * 8 {
      for column in 0..<8 {
        let (left, right) = ((row * 8 + column) * 3, (row * 8 + 7 - column) * 3)
        #expect(plain.values[left..<left + 3] == mirrored.values[right..<right + 3])
      }
    }
  }

  @Test("Clips for measuring come in order and end, the last batch with what is left")
  func evaluation() async throws {
    let windows = try EvaluationWindows(dataset.videos, of: dataset.root, frames: 8, limit: 10)
    let loader = ClipLoader(
      windows, reader: ClipReader(root: dataset.root, side: 8), batchSize: 4)
    let found = try await batches(loader, .max)
    #expect(found.map(\.clips.count) == [4, 4, 2])
    var source = windows
    var expected: [ClipWindow] = []
    while let window = source.next() { expected.append(window) }
    #expect(found.flatMap(\.clips).map(\.window) == expected)
    #expect(try await loader.next() == nil)
  }

  @Test("A cancelled task takes no batch, and the loader goes on")
  func cancellation() async throws {
    let sampler = try sampler(dataset)
    let expected = try await batches(loader(dataset, sampler), 2)
    let root = dataset.root
    let found = try await Task {
      let loader = ClipLoader(
        sampler, reader: ClipReader(root: root, side: 8), batchSize: 3)
      var found = [try await loader.next()]
      withUnsafeCurrentTask { $0?.cancel() }
      await #expect(throws: CancellationError.self) { _ = try await loader.next() }
      let position = loader.source
      found.append(
        try await Task.detached {
          try await ClipLoader(
            position, reader: ClipReader(root: root, side: 8), batchSize: 3
          ).next()
        }.value)
      return found
    }.value
    #expect(found == expected)
  }
}
