import EvaluationKit
import Foundation
import KitTestSupport
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Which clips of a folder an evaluation looks at, and that they are the ones that lie there.
struct EvaluationChoiceTests {
  private let fixtures: EvaluationFixtures

  init() throws { fixtures = try EvaluationFixtures() }

  private func drift(of data: String, clips: Int, output: String) -> EvaluationJob {
    var job = fixtures.job(.drift, of: .folder(data), output: output)
    (job.clips, job.frames) = (clips, 32)
    return job
  }

  @Test("the seed chooses the clips and stands in the report")
  func seeds() async throws {
    let data = try fixtures.videos("long", frames: [70, 70, 70])
    var job = fixtures.job(.reconstruction, of: try EvaluationFixtures.model())
    (job.dataPath, job.clips) = (data, 1)
    let first = try await job.run()
    #expect(first.protocol.realClipSeed == 0)
    #expect(first.text.contains("at random, seed 0"))
    #expect(first.text.contains("seed 0: videos in random order, each from a random frame"))
    (job.clipSeed, job.outputFolder) = (5, fixtures.folder.path("second"))
    let second = try await job.run()
    #expect(second.protocol.realClipSeed == 5)
    #expect(second.scores != first.scores)
    (job.clipSeed, job.outputFolder) = (0, fixtures.folder.path("third"))
    #expect(try await job.run().scores == first.scores)
    #expect(try ReportComparison(first, second).differing.contains("chosen"))
  }

  @Test("the drift of videos in a folder is that of their beginnings, however long they are")
  func driftFromTheBeginning() async throws {
    let whole = try fixtures.videos("whole", frames: [32, 32])
    let longer = try fixtures.videos("longer", frames: [75, 64])
    let expected = try await drift(of: whole, clips: 2, output: "first").run()
    let found = try await drift(of: longer, clips: 8, output: "second").run()
    #expect(found.protocol.generatedClips == 2 && found.scores == expected.scores)
    #expect(found.series == expected.series)
  }

  @Test("only a seeded choice is the paper's, and its name says the seed")
  func badge() throws {
    var taken = EvaluationProtocol(source: "model")
    taken.dataLayout = "UCF-101"
    (taken.split, taken.precision, taken.resolution) = ("train", "f32", 256)
    taken.realClips = 2048
    taken.realClipSeed = 3
    var report = EvaluationReport(
      metric: .reconstruction, protocol: taken, scores: [], date: Date(), seconds: 1)
    #expect(report.badge == "paper protocol, real clips of seed 3")
    report.protocol.realClipSeed = nil
    #expect(report.badge == "not the paper's protocol")
    #expect(
      report.differences
        == ["real clips of the first videos by name, from their first frames, not of random ones"])
  }

  @Test("scores are those of the frames that lie there now")
  func changedInPlace() async throws {
    let data = try fixtures.videos("set", frames: [32, 32], speed: 3)
    let first = try await drift(of: data, clips: 2, output: "first").run()
    #expect(try await drift(of: data, clips: 2, output: "again").run().scores == first.scores)
    let other = try fixtures.videos("other", frames: [32, 32], speed: 9)
    for video in ["video0", "video1"] {
      for number in 0..<32 {
        let name = "\(video)/frame\(String(format: "%05d", number)).png"
        let bytes = try Data(contentsOf: URL(filePath: other + "/" + name))
        let file = try #require(FileHandle(forWritingAtPath: data + "/" + name))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: bytes)
        try file.close()
      }
    }
    let changed = try await drift(of: data, clips: 2, output: "changed").run()
    #expect(changed.scores != first.scores)
    #expect(
      changed.scores == (try await drift(of: other, clips: 2, output: "other-report").run().scores))
  }

  @Test("a clip that cannot be read is named and left out, also when the evaluation goes on")
  func unreadableClip() async throws {
    let data = try fixtures.videos("set", frames: [32, 32, 32, 32])
    let expected = try fixtures.videos("whole", frames: [32, 32, 32, 32])
    try FileManager.default.removeItem(atPath: expected + "/video2")
    let frame = URL(filePath: data + "/video2/frame00007.png")
    try Data(contentsOf: frame).prefix(45).write(to: frame)
    let events = EvaluationEvents()
    let report = try await drift(of: data, clips: 4, output: "report").run { events.append($0) }
    #expect(report.protocol.generatedClips == 3)
    let notes = report.notes.filter { $0.hasPrefix("left out video2 from frame 0: frame00007.png") }
    #expect(notes.count == 1, "\(report.notes)")
    #expect(events.progress("videos").last.map { [$0.done, $0.total] } == [3, 3])
    #expect(
      report.scores == (try await drift(of: expected, clips: 4, output: "expected").run().scores))

    var again = drift(of: data, clips: 4, output: "report")
    again.overwrites = true
    let resumed = EvaluationEvents()
    let repeated = try await again.run { resumed.append($0) }
    #expect(repeated.scores == report.scores && repeated.notes == report.notes)
    // What was kept before the clip, then all.
    #expect(resumed.progress("videos").count == 2)
    #expect(
      try await drift(of: data, clips: 2, output: "few").run().protocol.generatedClips == 2)
  }

  @Test(
    "weights that were fetched are taken where the metric has a use for them and none are named")
  func fetchedWeights() throws {
    let library = WeightLibrary(folder: fixtures.folder.path("weights"))
    try FileManager.default.createDirectory(
      atPath: library.folder, withIntermediateDirectories: true)
    func taken(_ metric: Metric, i3d: String? = nil, lpips: String? = nil) throws -> [String?] {
      var job = fixtures.job(metric, of: try EvaluationFixtures.model())
      (job.featureWeights, job.perceptualWeights) = (i3d, lpips)
      job.takeFetchedWeights(from: library)
      return [job.featureWeights, job.perceptualWeights]
    }
    #expect(try taken(.reconstruction) == [nil, nil])
    #expect(try taken(.frechetVideoDistance) == [nil, nil])
    for weights in [WeightSet.i3d, .lpips] {
      try Data([1]).write(to: URL(filePath: library.path(of: weights)))
    }
    #expect(try taken(.reconstruction) == [nil, library.path(of: .lpips)])
    #expect(try taken(.reconstruction, lpips: "own") == [nil, "own"])
    #expect(try taken(.frechetVideoDistance) == [library.path(of: .i3d), nil])
    #expect(try taken(.frechetVideoDistance, i3d: "own") == ["own", nil])
    #expect(try taken(.drift) == [nil, nil])
  }
}
