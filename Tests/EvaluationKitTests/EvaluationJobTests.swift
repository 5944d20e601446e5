import EvaluationKit
import Foundation
import KitTestSupport
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Whole evaluations, small, from the sources to the report.
struct EvaluationJobTests {
  private let fixtures: EvaluationFixtures

  init() throws { fixtures = try EvaluationFixtures() }

  @Test("a model's distance to real videos is computed, written with its protocol, and kept")
  func modelDistance() async throws {
    let data = try fixtures.videos("real", frames: [32, 20])
    let date = Date(timeIntervalSince1970: 1_700_000_000)
    let job = fixtures.distance(of: try EvaluationFixtures.model(batch: 2), to: data, clips: 3)
    let report = try await job.run(now: { date })
    let score = try #require(report.scores.first { $0.name == "FVD" })
    #expect(score.value.isFinite && score.value > 0)
    #expect(try EvaluationReport(contentsOf: fixtures.folder.path("report")) == report)
    let taken = report.protocol
    #expect(taken.realClips == 3 && taken.generatedClips == 3 && taken.frames == 16)
    #expect(taken.resolution == 64 && taken.split == "all")
    #expect(taken.denoiser?.name == "denoiser.safetensors")
    #expect(taken.denoiser?.hash.count == 64 && taken.featureNetwork?.hash.count == 64)
    #expect(taken.request?.seed == 5 && taken.request?.firstSampler.steps == 2)
    #expect(report.badge == "not the paper's protocol" && report.date == date)
    let differences = report.differences.joined(separator: "; ")
    for phrase in ["3 real clips in place of 2048", "frames of 64 pixels", "steps 2/2"] {
      #expect(differences.contains(phrase), "\(differences)")
    }
    let text = try String(
      contentsOfFile: fixtures.folder.path("report/report.txt"), encoding: .utf8)
    #expect(text.contains("FVD") && text.contains("denoiser.safetensors"))
    let kernel = try #require(report.scores.first { $0.name == "KVD" })
    let (lower, upper) = (try #require(kernel.lowerBound), try #require(kernel.upperBound))
    #expect(lower < upper && text.contains("(95 %: ") && score.lowerBound == nil)

    // The same again: nothing is computed, the number is the same; more clips go on from there.
    var again = job
    again.overwrites = true
    let events = EvaluationEvents()
    let repeated = try await again.run { events.append($0) }
    #expect(repeated.scores == report.scores)
    #expect(events.progress("generated clips").map(\.resumed) == [3])
    #expect(events.progress("real clips").map(\.done) == [3])
  }

  @Test("an evaluation that was stopped keeps its clips and gives the same number when it goes on")
  func stopAndResume() async throws {
    let data = try fixtures.videos("real", frames: [16, 16, 16])
    let source = try EvaluationFixtures.model()
    var whole = fixtures.distance(of: source, to: data, clips: 3, output: "whole")
    whole.cacheFolder = fixtures.folder.path("other-cache")
    let expected = try await whole.run()

    let job = fixtures.distance(of: source, to: data, clips: 3)
    let stop = StopSignal()
    let error = await #expect(throws: EvaluationStopped.self) {
      try await job.run(stop: stop) { event in
        if case .progress(let progress) = event, progress.stage == "generated clips",
          progress.done > 0
        {
          stop.requestStop(.afterStep)
        }
      }
    }
    #expect(error?.stage == "generated clips")
    let saved = error?.saved ?? 0
    #expect(saved == 1)
    #expect(!FileManager.default.fileExists(atPath: fixtures.folder.path("report/report.json")))
    let events = EvaluationEvents()
    let report = try await job.run { events.append($0) }
    #expect(events.progress("generated clips").first?.resumed == saved)
    #expect(report.scores == expected.scores)
  }

  @Test("a folder of videos is at distance 0 from itself")
  func folderAgainstItself() async throws {
    let data = try fixtures.videos("real", frames: [32, 16])
    let report = try await fixtures.distance(of: .folder(data), to: data, clips: 100).run()
    #expect(abs(report.scores[0].value) < 1e-3)
    #expect(report.protocol.realClips == 3 && report.protocol.resolution == 64)
    #expect(report.notes.contains { $0.contains("there are 3 real clips of 16 frames, not 100") })
    #expect(report.notes.contains { $0.contains("3 clips for 400 features") })
    #expect(report.differences.contains("videos from a folder, made in an unknown way"))
  }

  @Test("features that are damaged on disk are computed again")
  func damagedCache() async throws {
    let data = try fixtures.videos("real", frames: [16, 16])
    var job = fixtures.distance(of: .folder(data), to: data, clips: 2)
    let report = try await job.run()
    let cache = fixtures.folder.path("cache")
    for name in try FileManager.default.contentsOfDirectory(atPath: cache)
    where name.hasSuffix(".safetensors") {
      var bytes = try Data(contentsOf: URL(filePath: cache + "/" + name))
      bytes.removeLast(40)
      try bytes.write(to: URL(filePath: cache + "/" + name))
    }
    job.overwrites = true
    let events = EvaluationEvents()
    let repeated = try await job.run { events.append($0) }
    #expect(events.progress("real clips").first?.resumed == 0)
    #expect(repeated.scores == report.scores)
  }

  @Test("videos that cannot be read are named and left out, the others are looked at")
  func unreadableVideos() async throws {
    let data = try fixtures.videos("real", frames: [16, 16])
    try Data("no video".utf8).write(to: URL(filePath: data + "/broken.mp4"))
    let events = EvaluationEvents()
    let report = try await fixtures.distance(of: .folder(data), to: data, clips: 2)
      .run { events.append($0) }
    #expect(report.protocol.realClips == 2)
    #expect(events.notes.contains { $0.contains("broken.mp4") })
  }

  @Test("reconstruction has PSNR, SSIM, motion, and with weights the distance")
  func reconstruction() async throws {
    let names = ["PSNR", "SSIM", "motion", "motion of the originals"]
    var job = fixtures.job(.reconstruction, of: try EvaluationFixtures.model())
    job.dataPath = try fixtures.videos("real", frames: [16, 32], sizes: [80, 64])
    job.clips = 3
    let plain = try await job.run()
    #expect(plain.scores.map(\.name) == names)
    #expect(plain.notes.contains { $0.contains("R-FVD") })
    #expect((5...60).contains(plain.scores[0].value))
    #expect(plain.scores.dropFirst().allSatisfy { (0...1).contains($0.value) })
    job.featureWeights = EvaluationFixtures.featureWeights
    job.overwrites = true
    let full = try await job.run()
    #expect(full.scores.map(\.name) == names + ["R-FVD", "R-KVD"])
    #expect(full.scores[0] == plain.scores[0])
    #expect(try #require(full.scores.last).value > 0)
  }

  @Test("the motion of the originals is that of their frames")
  func motionOfOriginals() async throws {
    var job = fixtures.job(.reconstruction, of: try EvaluationFixtures.model())
    job.dataPath = try fixtures.videos("real", frames: [32], sizes: [64])
    job.clips = 2
    let reconstruction = try await job.run()
    var drift = fixtures.job(.drift, of: .folder(job.dataPath ?? ""), output: "drift")
    (drift.clips, drift.frames, drift.resolution) = (1, 32, reconstruction.protocol.resolution)
    let motions = try #require(try await drift.run().series.first { $0.name == "motion" }).values
    let mean = try #require(
      reconstruction.scores.first { $0.name == "motion of the originals" })
    #expect(mean.value > 0)
    #expect(abs(mean.value - motions.reduce(0, +) / 2) < 1e-6)
  }

  @Test("drift of a folder and of a model has a number for each clip, and a picture")
  func drift() async throws {
    let data = try fixtures.videos("long", frames: [48, 48])
    var job = fixtures.job(.drift, of: .folder(data))
    (job.frames, job.clips) = (48, 2)
    let report = try await job.run()
    #expect(report.series.map(\.name) == ["red", "green", "blue", "contrast", "motion", "seam"])
    #expect(report.series[3].values.count == 3 && report.series[5].values.count == 2)
    let seam = try #require(report.scores.first { $0.name == "seam against motion" })
    #expect(abs(seam.value - 1) < 0.2)
    let picture = try PNGFile.read(fixtures.folder.path("report/curves.png"))
    #expect(picture.width > 600 && Set(picture.pixels).count > 3)
    var made = fixtures.job(.drift, of: try EvaluationFixtures.model(), output: "made")
    (made.frames, made.clips) = (32, 1)
    let generated = try await made.run()
    #expect(generated.series[0].values.count == 2 && generated.protocol.frames == 32)
  }

  @Test("efficiency has a time for steps, clips and the long video, and the memory")
  func efficiency() async throws {
    let job = fixtures.job(.efficiency, of: try EvaluationFixtures.model(steps: 20))
    let report = try await job.run()
    func score(_ name: String) throws -> Double {
      try #require(report.scores.first { $0.name == name }).value
    }
    for score in report.scores { #expect(score.value > 0) }
    let (first, later) = (
      try score("first clip, 20 steps"), try score("later clip, 20 steps")
    )
    #expect(try abs(score("video of 128 frames") - first - 7 * later) < 1e-9)
    let step = try 20 * score("step of a first clip") + score("decoding a clip")
    #expect(abs(step - first) < 1e-9)
    #expect(try score("peak memory") > 0.05)
  }

  @Test("two reports are compared score by score, and settings that differ are named")
  func comparison() async throws {
    let data = try fixtures.videos("long", frames: [48, 48])
    var job = fixtures.job(.drift, of: .folder(data))
    (job.frames, job.clips) = (48, 2)
    let first = try await job.run()
    (job.frames, job.outputFolder) = (32, fixtures.folder.path("second"))
    let second = try await job.run()
    let comparison = try ReportComparison(first, second)
    #expect(comparison.differing.contains("frames"))
    #expect(comparison.scores.count == first.scores.count)
    #expect(comparison.scores.allSatisfy { !$0.change.isEmpty })
    #expect(try ReportComparison(first, first).differing.isEmpty)
    var other = second
    other.metric = .efficiency
    #expect(throws: StudioError.self) { try ReportComparison(first, other) }
  }
}
