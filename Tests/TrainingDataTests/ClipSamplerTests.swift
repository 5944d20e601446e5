import Foundation
import Testing
import TrainingData

@Suite("Windows to train on")
struct ClipSamplerTests {
  private func sampler(
    _ counts: [Int], frames: Int = 8, fewest: Int = 4, multiple: Int = 1, mirrors: Bool = false,
    seed: UInt64 = 5
  ) throws -> ClipSampler {
    try ClipSampler(
      Fixture.videos(counts), of: "set",
      settings: ClipSampler.Settings(
        frames: frames, fewestFrames: fewest, startMultiple: multiple, mirrors: mirrors),
      seed: seed)
  }

  private func windows(_ sampler: ClipSampler, _ count: Int) -> [ClipWindow] {
    var sampler = sampler
    return (0..<count).compactMap { _ in sampler.next() }
  }

  @Test("Each epoch shows every video once, in an order of its own")
  func epochs() throws {
    let drawn = windows(try sampler([20, 30, 40, 50, 60]), 15).map(\.video.path)
    let epochs = [drawn[0..<5], drawn[5..<10], drawn[10..<15]].map(Array.init)
    for epoch in epochs { #expect(Set(epoch).count == 5) }
    #expect(Set(epochs).count > 1)
  }

  @Test("A seed gives the same windows, another one others")
  func seeds() throws {
    let counts = [100, 200, 300]
    #expect(try windows(sampler(counts), 9) == windows(sampler(counts), 9))
    #expect(try windows(sampler(counts), 9) != windows(sampler(counts, seed: 6), 9))
  }

  @Test("Windows lie within their videos and reach every start")
  func starts() throws {
    let drawn = windows(try sampler([12]), 200)
    #expect(Set(drawn.map(\.start)) == [0, 1, 2, 3, 4])
    #expect(drawn.allSatisfy { $0.paddedFrames == 0 && $0.frames == 8 })
    let coarse = windows(try sampler([20], multiple: 4), 100)
    #expect(Set(coarse.map(\.start)) == [0, 4, 8, 12])
  }

  @Test("Of short videos one clip from anywhere is padded in front, shorter ones are left out")
  func padding() throws {
    let sampler = try sampler([3, 4, 6, 8])
    #expect(sampler.videos.map(\.frameCount) == [4, 6, 8])
    #expect(sampler.tooShortCount == 1)
    let padded = Dictionary(
      uniqueKeysWithValues: windows(sampler, 3).map { ($0.video.frameCount, $0) })
    #expect(padded[4]?.paddedFrames == 4)
    #expect(padded[6]?.paddedFrames == 4)
    #expect(padded[8]?.paddedFrames == 0)
    #expect(padded[4]?.start == 0 && padded[8]?.start == 0)
    let short = windows(try self.sampler([6]), 100)
    #expect(Set(short.map(\.start)) == [0, 1, 2] && short.allSatisfy { $0.paddedFrames == 4 })
    #expect(
      datasetProblem { _ = try self.sampler([3, 2]) } == .allTooShort(longest: 3, needed: 4))
  }

  @Test("Half of the windows are mirrored where that is wanted")
  func mirroring() throws {
    #expect(windows(try sampler([40]), 50).allSatisfy { !$0.isMirrored })
    let share = windows(try sampler([40], mirrors: true), 200).count { $0.isMirrored }
    #expect((60...140).contains(share))
  }

  @Test("A position read back goes on with the same windows, at any moment")
  func resumption() throws {
    let counts = [20, 30, 40]
    var running = try sampler(counts, mirrors: true)
    let all = windows(running, 20)
    for taken in 0..<10 {
      let position = try JSONDecoder().decode(
        ClipSampler.Position.self, from: JSONEncoder().encode(running.position))
      let resumed = try ClipSampler(
        Fixture.videos(counts), of: "set", settings: running.settings, resumingAt: position)
      #expect(windows(resumed, 10) == Array(all[taken..<taken + 10]))
      _ = running.next()
    }
  }

  @Test("A position of other videos or settings is refused")
  func otherPosition() throws {
    let position = try sampler([20, 30]).position
    let settings = try sampler([20, 30]).settings
    var mirrored = settings
    mirrored.mirrors = true
    func resume(_ counts: [Int], _ settings: ClipSampler.Settings) -> DatasetError.Problem? {
      datasetProblem {
        _ = try ClipSampler(
          Fixture.videos(counts), of: "set", settings: settings, resumingAt: position)
      }
    }
    #expect(resume([20, 30], settings) == nil)
    #expect(resume([20, 31], settings) == .otherPosition)
    #expect(resume([20, 30, 40], settings) == .otherPosition)
    #expect(resume([20, 30], mirrored) == .otherPosition)
  }
}
