import Foundation
import TestSupport
import Testing
import TrainingData

@Suite("Clips for measuring are chosen by a seed")
struct EvaluationWindowsTests {
  private func windows(
    _ videos: [DatasetVideo], frames: Int, limit: Int? = nil, seed: UInt64 = 0
  ) throws -> [ClipWindow] {
    var source = try EvaluationWindows(
      videos, of: "set", frames: frames, limit: limit, seed: seed)
    var windows: [ClipWindow] = []
    while let window = source.next() { windows.append(window) }
    #expect(windows.count == source.count)
    return windows
  }

  @Test("All videos first, no frame twice, every whole clip once")
  func rounds() throws {
    let counts = [9, 3, 13, 4, 4, 29]
    let all = try windows(Fixture.videos(counts), frames: 4)
    #expect(all.count == 2 + 3 + 1 + 1 + 7)
    #expect(Set(all.prefix(5).map(\.video.path)).count == 5)
    #expect(Set(all[5..<8].map(\.video.path)) == ["v0.mkv", "v2.mkv", "v5.mkv"])
    for (number, count) in counts.enumerated() {
      let starts = all.filter { $0.video.path == "v\(number).mkv" }.map(\.start).sorted()
      #expect(starts.count == count / 4)
      #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 == 4 })
      #expect(starts.allSatisfy { (0...count - 4).contains($0) })
    }
    #expect(all.allSatisfy { $0.frames == 4 && $0.paddedFrames == 0 && !$0.isMirrored })
  }

  @Test("The same however many are asked for, others for other seeds")
  func prefixes() throws {
    let videos = try Fixture.videos(Array(repeating: 50, count: 20))
    let all = try windows(videos, frames: 16)
    for limit in [0, 1, 7, 20, 33] {
      #expect(try windows(videos, frames: 16, limit: limit) == Array(all.prefix(limit)))
    }
    #expect(try windows(videos, frames: 16) == all)
    let other = try windows(videos, frames: 16, seed: 1)
    #expect(other.prefix(20).map(\.video.path) != all.prefix(20).map(\.video.path))
    #expect(Set(other.prefix(20)) != Set(all.prefix(20)))
  }

  @Test("A video added leaves the others as they are")
  func added() throws {
    let videos = try Fixture.videos(Array(repeating: 20, count: 30))
    let few = try windows(Array(videos.dropLast()), frames: 16)
    let many = try windows(videos, frames: 16)
    #expect(many.filter { $0.video.path != "v29.mkv" } == few)
  }

  @Test("Of many classes none is left out, and starts are spread over the videos")
  func unbiased() throws {
    // As UCF-101: 101 classes of 130 videos; the first 2,048 by name are of 16 classes.
    let videos = try Fixture.videos(Array(repeating: 180, count: 101 * 130))
    var counts = [Int](repeating: 0, count: 101)
    let chosen = try windows(videos, frames: 16, limit: 2048)
    for window in chosen {
      let number = try #require(Int(window.video.path.dropFirst().dropLast(4)))
      counts[number / 130] += 1
    }
    // 20.3 are expected, with a deviation of 4.1.
    #expect(counts.allSatisfy { (5...40).contains($0) }, "\(counts)")
    let mean = Double(chosen.reduce(0) { $0 + $1.start }) / 2048
    // Of starts between 0 and 164: a deviation of 47 / sqrt(2048) about 82.
    #expect(abs(mean - 82) < 5)
    // 11 clips of each video, which begin at one of 5 frames.
    #expect(Set(chosen.map(\.start)).count == 55)
  }

  @Test("Too short videos are refused, and billions of frames take no memory")
  func bounds() throws {
    #expect(
      datasetProblem { _ = try EvaluationWindows(Fixture.videos([9]), of: "set", frames: 14) }
        == .allTooShort(longest: 9, needed: 14))
    let long = try Fixture.videos(Array(repeating: Int(Int32.max), count: 1000))
    #expect(try windows(long, frames: 16, limit: 2000).count == 2000)
    #expect(
      try EvaluationWindows(long, of: "set", frames: 16).count == Int(Int32.max) / 16 * 1000)
  }
}
