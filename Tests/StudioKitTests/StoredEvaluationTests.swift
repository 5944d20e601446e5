import EvaluationKit
import Foundation
import KitTestSupport
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// Scores in the database: added by commands, found by model.
struct StoredEvaluationTests {
  private let folder: TemporaryFolder
  private var folders: StudioFolders { WorkspaceFixture.folders(in: folder.url.path) }
  private var archive: EvaluationArchive { EvaluationArchive(folders: folders) }

  init() throws { folder = try TemporaryFolder() }

  /// A score of a model with weights named by a letter.
  private func report(
    _ metric: Metric = .frechetVideoDistance, _ value: Double = 1, of model: String = "m",
    weights: String = "a", steps: Int = 100, day: Double = 0
  ) -> EvaluationReport {
    var taken = EvaluationProtocol(source: model)
    taken.denoiser = .init(name: "denoiser", hash: weights)
    taken.autoencoder = .init(name: "autoencoder", hash: weights)
    taken.frames = 16
    taken.request = GenerationRequest(
      firstSampler: SamplerConfiguration(steps: steps),
      laterSampler: SamplerConfiguration(steps: 20))
    return EvaluationReport(
      metric: metric, protocol: taken, scores: [.init("score", value)],
      date: Date(timeIntervalSince1970: 1_700_000_000 + day * 86_400), seconds: 1)
  }

  @Test("a score is stored whole where no studio is open, and found again")
  func addingAlone() throws {
    #expect(try archive.evaluations().isEmpty)
    #expect(folder.contents.isEmpty, "looking makes nothing")
    try archive.add(report(day: 0), folder: "first")
    try archive.add(report(.drift, day: 1), folder: "/second")
    let stored = try archive.evaluations()
    #expect(stored.map(\.report) == [report(.drift, day: 1), report(day: 0)])
    #expect(stored[0].folder == "/second" && stored[1].folder.hasSuffix("/first"))
  }

  @Test("a report whose counts or times no measurement has is none")
  func oddReports() throws {
    var odd = [report(), report(), report(), report()]
    odd[0].series = [.init("contrast", firstClip: .max, [1])]
    odd[1].series = [.init("contrast", firstClip: -1, [1])]
    odd[2].seconds = 1e300
    odd[3].seconds = -1
    for (number, report) in odd.enumerated() {
      let path = folder.path("\(number).json")
      try Data(report.json.utf8).write(to: URL(filePath: path))
      #expect(throws: StudioError(path, .noReport)) { try EvaluationReport(contentsOf: path) }
      try archive.add(report, folder: "/\(number)")
    }
    #expect(try archive.evaluations().isEmpty)
  }

  @Test("a command adds a score while a studio is open, which reads it and goes on writing")
  func addingBesideAStudio() async throws {
    let workspace = try await WorkspaceFixture.open(folders)
    try archive.add(report(), folder: "/first")
    #expect(try archive.evaluations().count == 1)
    try await workspace.findEvaluations()
    let told = await workspace.toldEvaluations
    #expect(told.map(\.report) == [report()])
    try await workspace.setState("theme", "dark")
    try await workspace.forgetEvaluation(told[0].id)
    #expect(try archive.evaluations().isEmpty)
    await workspace.close()
  }

  @Test("clips that a command finds without a database are set aside and said, as a studio does")
  func clipsWithoutDatabase() throws {
    let clip = folders.data + "/clips/1.safetensors"
    try FileManager.default.createDirectory(
      atPath: folders.data + "/clips", withIntermediateDirectories: true)
    try Data("a clip".utf8).write(to: URL(filePath: clip))
    let notices = NoticeList()
    try EvaluationArchive(folders: folders, onNotice: { notices.append($0) })
      .add(report(), folder: "/f")
    #expect(notices.all.contains { $0.sentence.contains("set aside") })
    let kept = try FileManager.default.contentsOfDirectory(atPath: folders.data)
      .first { $0.hasPrefix("clips.without-database") }
    #expect(kept != nil)
  }

  @Test("a folder that cannot be written is an error, and no other folder is taken")
  func unwritable() throws {
    try Data().write(to: folder.url.appending(path: "data"))
    #expect(throws: StudioError.self) { try archive.add(report(), folder: "/f") }
  }

  // MARK: By model

  private func stored(_ reports: [EvaluationReport]) -> [StoredEvaluation] {
    reports.enumerated().map {
      StoredEvaluation(id: EvaluationID(rawValue: Int64($0)), report: $1, folder: "/f")
    }
  }

  private func model(_ name: String, hash: String? = nil) -> ModelEntry {
    var entry = ModelEntry(
      reference: ModelReference(name: name, autoencoder: "/a", denoiser: "/d"), path: "/m")
    entry.denoiserHash = hash
    entry.autoencoderHash = hash
    return entry
  }

  @Test("the latest score of each metric is taken, of the compared settings first")
  func latest() {
    let all = stored([
      report(.frechetVideoDistance, 1, steps: 20, day: 0),
      report(.frechetVideoDistance, 2, day: 1),
      report(.frechetVideoDistance, 3, day: 2), report(.drift, 4, day: 0),
      report(.frechetVideoDistance, 5, of: "other", day: 9),
    ])
    func values(_ settings: GenerationSettings?) -> [Double] {
      all.latest(of: model("m"), settings: settings).map { $0.report.scores[0].value }
    }
    #expect(values(nil) == [4, 3])
    var settings = GenerationSettings()
    #expect(values(settings) == [4, 3])
    settings.steps = 20
    #expect(values(settings) == [4, 1])
    settings.steps = 50
    #expect(values(settings) == [4, 3], "without one of these settings the latest")
  }

  @Test("weights tell models apart where their hashes are known, names where not")
  func identity() {
    let all = stored([report(weights: "a"), report(of: "renamed", weights: "b", day: 1)])
    func sources(_ model: ModelEntry) -> [String] {
      all.latest(of: model, settings: nil).map(\.report.protocol.source)
    }
    #expect(sources(model("m")) == ["m"])
    #expect(sources(model("m", hash: "a")) == ["m"])
    #expect(sources(model("m", hash: "b")) == ["renamed"], "the same weights under another name")
    #expect(sources(model("m", hash: "c")).isEmpty, "the weights were replaced")
  }
}

/// Collects notices from any thread.
private final class NoticeList: @unchecked Sendable {
  private let lock = NSLock()
  private var notices: [Notice] = []
  func append(_ notice: Notice) { lock.withLock { notices.append(notice) } }
  var all: [Notice] { lock.withLock { notices } }
}

extension Workspace {
  /// The stored scores as listeners hear of them.
  var toldEvaluations: [StoredEvaluation] {
    get async {
      await first { event in
        if case .evaluations(let evaluations) = event { evaluations } else { nil }
      } ?? []
    }
  }
}
