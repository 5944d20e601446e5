import Foundation
import RunKit
import Synchronization
import TensorCore
import TestSupport
import Testing
import TrainingKit
import VideoDiffusion

/// What a run says of the device that computes it.
@Suite(.timeLimit(.minutes(20)))
struct TrainingDeviceTests {
  private let fixture: TrainingFixture

  init() async throws { fixture = try await TrainingFixture() }

  /// Rewrites what a run says of its device.
  private func describe(_ run: String, _ fields: [String: String]) throws {
    let path = fixture.folder.path("\(run)/run.json")
    let data = try #require(FileManager.default.contents(atPath: path))
    var record = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    for (key, value) in fields { record[key] = value }
    try JSONSerialization.data(withJSONObject: record).write(to: URL(filePath: path))
  }

  @Test("a run goes on with the device that it was begun with, and says when that is another")
  func anotherDevice() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 4)
    let run = fixture.folder.path("run")
    try await fixture.job(.autoencoder, configuration, to: "run").run(until: 2)
    #expect(try TrainingJob(resuming: run, cacheFolder: fixture.cache).device == .processor)
    try describe("run", ["device": "cuda:3", "deviceName": "A Card"])
    var job = try TrainingJob(resuming: run, cacheFolder: fixture.cache)
    #expect(job.device == .card(3))
    job.device = .processor
    let notes = Mutex<[String]>([])
    _ = try await job.run { event in
      if case .notes(let new) = event { notes.withLock { $0 += new } }
    }
    #expect(notes.withLock { $0.contains { $0.contains("computed by A Card") } })
    #expect(try TrainingJob(resuming: run, cacheFolder: fixture.cache).device == .processor)
    try describe("run", ["device": "abacus"])
    #expect(throws: TrainingError.self) {
      try TrainingJob(resuming: run, cacheFolder: fixture.cache)
    }
  }

  @Test("several ranks refuse a card")
  func ranks() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    var wanted = fixture.job(.autoencoder, configuration, to: "run")
    wanted.device = .card(0)
    let errors = try await amongRanks(2) { [wanted] ranks in
      var job = wanted
      job.ranks = ranks
      do {
        _ = try await job.run()
        return ""
      } catch {
        return Explanation(error).text
      }
    }
    #expect(errors.allSatisfy { $0.contains("several ranks") })
    #expect(!FileManager.default.fileExists(atPath: fixture.folder.path("run")))
  }
}
