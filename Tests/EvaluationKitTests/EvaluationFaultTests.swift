import EvaluationKit
import Foundation
import KitTestSupport
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Evaluations that cannot be done: each says why and what to do, and leaves no report.
struct EvaluationFaultTests {
  private let fixtures: EvaluationFixtures

  init() throws { fixtures = try EvaluationFixtures() }

  /// The explanation of what a job throws.
  private func explanation(_ job: EvaluationJob) async -> Explanation? {
    do {
      _ = try await job.run()
      return nil
    } catch {
      #expect(!FileManager.default.fileExists(atPath: job.outputFolder + "/report.json"))
      return Explanation(error)
    }
  }

  @Test("missing weights are explained with the file's name and where it comes from")
  func missingWeights() async throws {
    let data = try fixtures.videos("real", frames: [16, 16])
    var job = fixtures.distance(of: .folder(data), to: data, clips: 2)
    for path in [nil, fixtures.folder.path("i3d.pt")] {
      job.featureWeights = path
      let found = await explanation(job)
      #expect(found?.category == .badInput)
      #expect(found?.text.contains("i3d_pretrained_400.pt") == true)
      #expect(found?.text.contains("--i3d") == true)
    }
    var score = fixtures.job(.inceptionScore, of: .folder(data))
    score.featureWeights = nil
    #expect(await explanation(score)?.text.contains("--c3d") == true)
  }

  @Test("the weights of something else are refused by name")
  func otherWeights() async throws {
    let data = try fixtures.videos("real", frames: [16, 16])
    let path = fixtures.folder.path("other.safetensors")
    try FormulaWeights([("layer.weight", [2, 3])]).write(to: path)
    var job = fixtures.distance(of: .folder(data), to: data, clips: 2)
    job.featureWeights = path
    #expect(await explanation(job)?.text.contains("layer.weight") == true)
    try Data("not weights".utf8).write(to: URL(filePath: path))
    #expect(await explanation(job)?.category == .badInput)
  }

  @Test("too few clips for a covariance are found before anything is generated")
  func tooFewClips() async throws {
    let data = try fixtures.videos("real", frames: [16])
    let job = fixtures.distance(of: try EvaluationFixtures.model(), to: data, clips: 5)
    let events = EvaluationEvents()
    await #expect(throws: EvaluationError.tooFewForCovariance(clips: 1, of: "the real clips")) {
      try await job.run { events.append($0) }
    }
    #expect(events.progress("generated clips").isEmpty)
    #expect(await explanation(job)?.text.contains("covariance") == true)
  }

  @Test("frames of several sizes need a resolution")
  func mixedSizes() async throws {
    let data = try fixtures.videos("real", frames: [16, 16], sizes: [64, 48])
    var job = fixtures.distance(of: .folder(data), to: data, clips: 2)
    let found = await explanation(job)
    #expect(found?.text.contains("64 x 64") == true && found?.text.contains("48 x 48") == true)
    #expect(found?.text.contains("--resolution") == true)
    job.resolution = 32
    #expect(await explanation(job) == nil)
    let small = try fixtures.videos("small", frames: [16, 16], sizes: [48, 48])
    let large = try fixtures.videos("large", frames: [16, 16])
    let unequal = fixtures.distance(of: .folder(small), to: large, clips: 2, output: "unequal")
    #expect(await explanation(unequal)?.text.contains("--resolution") == true)
  }

  @Test("videos that are too short, not there, or not videos are explained")
  func badData() async throws {
    let short = try fixtures.videos("short", frames: [9, 12])
    var job = fixtures.distance(of: try EvaluationFixtures.model(), to: short, clips: 2)
    #expect(await explanation(job)?.text.contains("a clip needs 16") == true)
    job.dataPath = nil
    #expect(await explanation(job)?.text.contains("--data") == true)
    job.dataPath = fixtures.folder.path("nowhere")
    #expect(await explanation(job)?.text.contains("nowhere") == true)
    job.dataPath = try fixtures.videos("real", frames: [16, 16])
    job.split = .test
    #expect(await explanation(job)?.text.contains("test") == true)
  }

  @Test("settings out of range are refused")
  func settings() async throws {
    let data = try fixtures.videos("real", frames: [16, 16])
    let changes: [(String, (inout EvaluationJob) -> Void)] = [
      ("the number of clips is 0", { $0.clips = 0 }),
      ("the number of frames is 1", { $0.frames = 1 }),
      ("the resolution is 4", { $0.resolution = 4 }),
      ("clips have 8 frames; 9 or more are needed", { $0.frames = 8 }),
    ]
    for (words, change) in changes {
      var job = fixtures.distance(of: .folder(data), to: data, clips: 2)
      change(&job)
      #expect(await explanation(job)?.sentence.hasPrefix(words) == true)
    }
  }

  @Test("a report that is there is not replaced unless asked, and what is there stays")
  func existingReport() async throws {
    let data = try fixtures.videos("real", frames: [32, 32])
    var job = fixtures.job(.drift, of: .folder(data))
    (job.frames, job.clips) = (32, 2)
    let report = try await job.run()
    await #expect(throws: StudioError.self) { try await job.run() }
    #expect(try EvaluationReport(contentsOf: job.outputFolder) == report)
    try Data("{}".utf8).write(to: URL(filePath: job.outputFolder + "/report.json"))
    #expect(throws: StudioError.self) { try EvaluationReport(contentsOf: job.outputFolder) }
    job.outputFolder = "/proc/nowhere"
    await #expect(throws: StudioError.self) { try await job.run() }
  }

  @Test("clips of which none can be read end an evaluation with the reason, and leave no report")
  func nothingReadable() async throws {
    let data = try fixtures.videos("real", frames: [32])
    let frames = try FileManager.default.contentsOfDirectory(atPath: data + "/video0").sorted()
    let frame = data + "/video0/" + frames[20]
    try Data(contentsOf: URL(filePath: frame)).prefix(100).write(to: URL(filePath: frame))
    var drift = fixtures.job(.drift, of: .folder(data))
    (drift.frames, drift.clips) = (32, 2)
    #expect(await explanation(drift)?.text.contains("could not be read") == true)
    let whole = try fixtures.videos("whole", frames: [16])
    let files = try FileManager.default.contentsOfDirectory(atPath: whole + "/video0").sorted()
    let file = whole + "/video0/" + files[3]
    try Data(contentsOf: URL(filePath: file)).prefix(100).write(to: URL(filePath: file))
    var reconstruction = fixtures.job(.reconstruction, of: try EvaluationFixtures.model())
    (reconstruction.dataPath, reconstruction.clips) = (whole, 1)
    #expect(await explanation(reconstruction)?.text.contains("could not be read") == true)
    #expect(
      !FileManager.default.fileExists(atPath: reconstruction.outputFolder + "/report.txt"))
  }

  @Test("a report that is replaced leaves none of its curves beside the new one")
  func replacedCurves() async throws {
    let data = try fixtures.videos("real", frames: [32])
    var job = fixtures.job(.drift, of: .folder(data))
    (job.frames, job.clips) = (32, 1)
    _ = try await job.run()
    #expect(FileManager.default.fileExists(atPath: job.outputFolder + "/curves.png"))
    var other = fixtures.job(.reconstruction, of: try EvaluationFixtures.model())
    (other.dataPath, other.clips, other.overwrites) = (data, 1, true)
    _ = try await other.run()
    #expect(!FileManager.default.fileExists(atPath: job.outputFolder + "/curves.png"))
  }
}
