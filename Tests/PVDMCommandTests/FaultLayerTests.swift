import Foundation
import RunKit
import Testing

/// What commands leave when a call fails, the disk is full or the power fails; see ``FaultTrial``.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct FaultLayerTests {
  private let trial: FaultTrial
  private var root: String { trial.root }
  private var work: String { trial.work }

  init() throws { trial = try FaultTrial() }

  /// What a command says of a failure: a sentence with the reason, and no fault of its own.
  private func expectSentence(_ run: FaultTrial.Run, _ place: String) {
    guard !run.wasKilled, run.status != 0 else { return }
    #expect(run.status != 70, "\(place): \(run.errors.suffix(400))")
    let reasons = ["space", "Input/output error", work]
    #expect(
      run.errors.hasPrefix("pvdm: ") || run.errors.contains("\npvdm: "),
      "\(place): \(run.errors.suffix(400))")
    #expect(reasons.contains(where: run.errors.contains), "\(place): \(run.errors.suffix(400))")
  }

  /// Runs a command that writes outputs into the folder, and checks that none is half or replaced.
  private func tryCommand(
    _ arguments: [String], outputs: [String], _ fault: Fault
  ) async throws {
    try await trial.tryAll(
      arguments[0], CommandRun.program.path,
      arguments + ["--threads", "1"] + outputs.flatMap { ["--output", "\(work)/\($0)"] }, fault
    ) {
      try trial.clear()
      try Data("mine".utf8).write(to: URL(filePath: work + "/other.mp4"))
    } check: { run, place in
      expectSentence(run, place)
      let other = try String(contentsOfFile: work + "/other.mp4", encoding: .utf8)
      #expect(other == "mine", "\(place)")
      let there = outputs.filter { FileManager.default.fileExists(atPath: "\(work)/\($0)") }
      for name in there {
        #expect(throws: Never.self, "\(place): \(name)") {
          _ = try RunSettings(embeddedIn: "\(work)/\(name)")
        }
      }
      guard !run.wasKilled else { return }
      if run.status == 0 { #expect(there == outputs, "\(place)") }
      // What cannot be unlinked stays; everything else goes.
      let left = trial.contents(work).filter { $0.hasSuffix(".partial") }
      #expect(left == [] || fault == .full || place.contains("unlink"), "\(place): \(left)")
    }
  }

  /// The table of a training without the columns that tell of time and memory.
  private func losses(_ path: String) -> [[Substring]] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let rows = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let count = rows.first?.firstIndex(of: "learning_rate") ?? 0
    return rows.map { Array($0.prefix(count)) }
  }

  /// A sample under that name, for a command that works on one.
  private func makeInput(_ name: String) throws -> String {
    let path = root + "/" + name
    let made = try CommandRun([
      "sample", root + "/samples/tiny", "--steps", "2", "--output", path,
    ])
    try #require(made.status == 0, "\(made.errors)")
    return path
  }

  @Test("sample: nothing is replaced, and what is there is whole", arguments: Fault.allCases)
  func sample(fault: Fault) async throws {
    try await tryCommand(
      ["sample", root + "/samples/tiny", "--steps", "2"],
      outputs: ["a.mp4", "b.png", "c.safetensors"], fault)
  }

  @Test("extend: the same", arguments: Fault.allCases)
  func extend(fault: Fault) async throws {
    let first = try makeInput("first.gif")
    try await tryCommand(
      ["extend", first, root + "/samples/tiny", "--later-steps", "2"],
      outputs: ["a.gif", "b.mp4"], fault)
  }

  @Test("export: latents as a video, the same", arguments: Fault.allCases)
  func export(fault: Fault) async throws {
    let first = try makeInput("first.safetensors")
    try await tryCommand(
      ["decode", first, root + "/samples/tiny"], outputs: ["frames/", "b.webm"], fault)
  }

  @Test(
    "train: it goes on from what was saved and ends as if nothing had happened",
    arguments: Fault.allCases)
  func train(fault: Fault) async throws {
    let made = try CommandRun([
      "dataset", "skies", "--clips", "4", "--size", "32", "--frames", "40", "--test-share", "0.25",
      "--output", root + "/skies",
    ])
    try #require(made.status == 0, "\(made.errors)")
    let options = [
      "train", "autoencoder", "--config", "tiny", "--data", root + "/skies", "--threads", "1",
      "--set", "steps=3", "--set", "log_interval=1", "--set", "checkpoint_interval=1", "--set",
      "sample_interval=3", "--cache", root + "/cache",
    ]
    let run = work + "/run"
    var whole: Data?
    var lines: [[Substring]] = []
    try await trial.tryAll("train", CommandRun.program.path, options + ["--output", run], fault) {
      try trial.clear()
    } check: { result, place in
      expectSentence(result, place)
      let network = run + "/autoencoder.safetensors"
      if whole == nil { whole = try Data(contentsOf: URL(filePath: network)) }
      if result.status != 0 || result.wasKilled {
        let resume = [
          "train", "autoencoder", "--resume", "--output", run, "--cache", root + "/cache",
        ]
        var next = try CommandRun(resume)
        // Nothing but its end may have been left.
        let isComplete = next.errors.contains("is complete")
        // Before there is anything to go on from, it begins anew.
        if next.status != 0, !isComplete { next = try CommandRun(options + ["--output", run]) }
        #expect(next.status == 0 || isComplete, "\(place): \(next.errors.suffix(600))")
      }
      let end = try? Data(contentsOf: URL(filePath: network))
      #expect(end == whole, "\(place)")
      let table = losses(run + "/metrics.csv")
      if lines.isEmpty { lines = table }
      #expect(lines.count == 4 && table == lines, "\(place): \(table)")
    }
  }
}
