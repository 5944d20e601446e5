import CheckpointIO
import Foundation
import Synchronization
import TestSupport
import Testing
import TrainingKit
import VideoDiffusion

/// That a run goes on from what it saved and from nothing else: damage, other data, and folders in which
/// a run had hardly begun.
@Suite(.timeLimit(.minutes(20)))
struct TrainingStateTests {
  private let fixture: TrainingFixture

  init() async throws { fixture = try await TrainingFixture() }

  private func resumed(_ run: String) throws -> TrainingJob {
    try TrainingJob(resuming: fixture.folder.path(run), cacheFolder: fixture.cache)
  }

  private func notes(of job: TrainingJob) async throws -> [String] {
    let notes = Mutex<[String]>([])
    _ = try await job.run { event in
      if case .notes(let new) = event { notes.withLock { $0 += new } }
    }
    return notes.withLock { $0 }
  }

  private static func flipBit(of path: String, at share: Double) throws {
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes[Int(share * Double(bytes.count))] ^= 1
    try bytes.write(to: URL(filePath: path))
  }

  // In the header, in a number's last digit, and in the digest itself.
  @Test(
    "a bit that changed is noticed, and the run goes on from the checkpoint before",
    arguments: [0.001, 0.5, 0.99999])
  func flippedBit(share: Double) async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 6)
    _ = try await fixture.job(.autoencoder, configuration, to: "whole").run()
    try await fixture.job(.autoencoder, configuration, to: "parts").run(until: 4)
    let newest = fixture.folder.path("parts/checkpoints/step-00000004.safetensors")
    try Self.flipBit(of: newest, at: share)

    let notes = try await notes(of: resumed("parts"))
    let note = try #require(notes.first { $0.contains(newest) })
    #expect(note.contains("damaged") && note.contains("goes on from step 2"), "\(note)")
    #expect(FileManager.default.fileExists(atPath: newest + ".damaged"))
    #expect(
      fixture.bytes("whole", "autoencoder.safetensors")
        == fixture.bytes("parts", "autoencoder.safetensors"))
    #expect(try fixture.losses("whole") == fixture.losses("parts"))
    let log = try String(contentsOfFile: fixture.folder.path("parts/log.txt"), encoding: .utf8)
    #expect(log.contains(note))
  }

  @Test("without an older checkpoint the damaged one is named and left where it is")
  func noOther() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 6)
    try await fixture.job(.autoencoder, configuration, to: "run").run(until: 2)
    let only = fixture.folder.path("run/checkpoints/step-00000002.safetensors")
    try Self.flipBit(of: only, at: 0.5)
    let error = await #expect(throws: CheckpointError.self) {
      _ = try await resumed("run").run()
    }
    #expect(error?.path == only && FileManager.default.fileExists(atPath: only))
  }

  @Test("a damaged checkpoint of another run is not begun with")
  func damagedBeginning() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    let first = try await fixture.job(.autoencoder, configuration, to: "first").run()
    try Self.flipBit(of: #require(first.checkpoint), at: 0.5)
    var job = fixture.job(.autoencoder, configuration, to: "second")
    job.initialPath = fixture.folder.path("first")
    await #expect(throws: CheckpointError.self) { _ = try await job.run() }
    job.initialPath = fixture.data
    let error = await #expect(throws: TrainingError.self) { _ = try await job.run() }
    #expect(error?.problem == .nothingToContinue)
    #expect(!FileManager.default.fileExists(atPath: fixture.folder.path("second/run.json")))
  }

  @Test("videos that changed since the run was saved are spoken of, unchanged ones are not")
  func changedData() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 6)
    try await fixture.job(.autoencoder, configuration, to: "run").run(until: 1)
    var again = try resumed("run")
    again.configuration.autoencoderTraining.stage.steps = 2
    #expect(try await notes(of: again).allSatisfy { !$0.contains("not as they were") })

    var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0)]
    times.append(times[0])
    try #require(utimensat(AT_FDCWD, fixture.data + "/train/sky00001.mkv", &times, 0) == 0)
    var later = try resumed("run")
    later.configuration.autoencoderTraining.stage.steps = 3
    let notes = try await notes(of: later)
    #expect(notes.contains { $0.contains("not as they were") && $0.contains(fixture.data) })
  }

  /// What a run leaves that ends before its record is written.
  private func makeBeginning(_ name: String, configuration: String) throws -> String {
    let folder = fixture.folder.path(name)
    for part in ["samples", "checkpoints"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
    }
    for (file, text) in [
      (".lock", ""), ("config.toml", configuration), ("autoencoder.safetensors", "half"),
      (".run.json.k3x.partial", "{"),
    ] {
      try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(file)"))
    }
    return folder
  }

  @Test("a folder that a run left before it was described is begun anew")
  func abandoned() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    let folder = try makeBeginning("run", configuration: configuration.fileText)
    let job = fixture.job(.autoencoder, configuration, to: "run")
    #expect(try await job.run().isComplete)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
    #expect(!names.contains { $0.hasSuffix(".partial") })
    #expect(try TrainingRunSummary(contentsOf: folder).isComplete)
  }

  @Test("what looks similar and holds a person's files is refused and left alone")
  func foreign() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    func found(_ run: String) async -> TrainingError.Problem? {
      let job = fixture.job(.autoencoder, configuration, to: run)
      let error = await #expect(throws: TrainingError.self) { _ = try await job.run() }
      return error?.problem
    }
    // Another configuration, further files, and a model's folder without a run's lock.
    let other = try makeBeginning("other", configuration: "[notes]")
    #expect(await found("other") == .foreign("autoencoder.safetensors"))
    let more = try makeBeginning("more", configuration: configuration.fileText)
    try Data("mine".utf8).write(to: URL(filePath: more + "/notes.txt"))
    #expect(await found("more") == .foreign("notes.txt"))
    let model = try makeBeginning("model", configuration: configuration.fileText)
    try FileManager.default.removeItem(atPath: model + "/.lock")
    #expect(await found("model") == .foreign("autoencoder.safetensors"))
    for folder in [other, more, model] {
      #expect(FileManager.default.fileExists(atPath: folder + "/autoencoder.safetensors"))
    }
  }

  @Test("a run that another process is just beginning is not taken for an abandoned one")
  func beginning() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    let folder = try makeBeginning("run", configuration: configuration.fileText)
    let lock = open(folder + "/.lock", O_RDWR)
    // F_OFD_SETLK, whose name Linux's headers keep from Swift: the lock that a run takes.
    var region = flock(
      l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    try #require(lock >= 0 && fcntl(lock, 37, &region) == 0)
    defer { close(lock) }
    let job = fixture.job(.autoencoder, configuration, to: "run")
    let error = await #expect(throws: TrainingError.self) { _ = try await job.run() }
    #expect(error?.problem == .inUse(by: nil), "the lock says nothing of who holds it")
    #expect(FileManager.default.fileExists(atPath: folder + "/config.toml"))
  }
}
