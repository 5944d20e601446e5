import BenchmarkKit
import Foundation
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// Each call that changes a file is let fail in turn, until the work passes; and the power fails at each.
///
/// With `PVDM_EVERY_FAULT=1` in the environment each is tried; else so many, spread over the work, that
/// all of it takes a minute or two.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct FaultLayerTests {
  private let folder: TemporaryFolder
  private var root: String { folder.url.path }
  private var work: String { root + "/work" }

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: root + "/tmp", withIntermediateDirectories: true)
    try Self.makeModel(in: root + "/samples/tiny")
  }

  /// Random weights for frames of 32 x 32.
  private static func makeModel(in folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let autoencoder = AutoencoderConfiguration(
      resolution: 32, width: 16, layers: 1, projectionLayers: 1, projectionHiddenWidth: 32)
    let denoiser = DenoiserConfiguration(
      geometry: PlaneGeometry(side: 4), baseWidth: 32, widthMultipliers: [1, 2], residualBlocks: 1,
      attentionFactors: [1], headCount: 4)
    try RandomCheckpoint.write(
      to: folder + "/autoencoder.pth", .autoencoder(autoencoder), elementType: .float32)
    try RandomCheckpoint.write(
      to: folder + "/denoiser.pth", .denoiser(denoiser), elementType: .float32, seed: 1)
    try Data(#"{"model_channels": 32, "num_heads": 4}"#.utf8)
      .write(to: URL(filePath: folder + "/config.json"))
  }

  /// How a call fails.
  enum Fault: String, CaseIterable, Sendable {
    case once, full, power

    var environment: [String: String] {
      switch self {
      case .once: ["PVDM_FAULT_ERROR": "\(EIO)"]
      case .full: ["PVDM_FAULT_ERROR": "\(ENOSPC)", "PVDM_FAULT_ON": "1"]
      case .power: ["PVDM_FAULT_CUT": "1"]
      }
    }
  }

  private static var triesEach: Bool {
    ProcessInfo.processInfo.environment["PVDM_EVERY_FAULT"] == "1"
  }
  private static let tries = 12

  /// The layer beside the built program.
  private static var layer: String {
    CommandRun.program.deletingLastPathComponent().appending(path: "libFaultLayer.so").path
  }

  /// One run with a fault.
  private struct Run {
    let status: Int32
    let wasKilled: Bool
    let output: String
    let errors: String
    /// The calls that were counted.
    let calls: [String]

    init(
      _ program: String, _ arguments: [String], _ fault: Fault?, at number: Int, in folder: String,
      files: String
    ) throws {
      let process = Process()
      process.executableURL = URL(filePath: program)
      process.arguments = arguments
      let log = files + "/calls"
      try? FileManager.default.removeItem(atPath: log)
      process.environment = [
        "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": files + "/home",
        "TMPDIR": files + "/tmp",
        "LD_PRELOAD": FaultLayerTests.layer, "PVDM_FAULT_FOLDER": folder, "PVDM_FAULT_LOG": log,
        "PVDM_FAULT_AT": "\(number)",
      ].merging(fault?.environment ?? [:]) { $1 }
      for name in ["output", "errors"] {
        try Data().write(to: URL(filePath: "\(files)/\(name)"))
      }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle(forWritingAtPath: files + "/output")
      process.standardError = FileHandle(forWritingAtPath: files + "/errors")
      try process.run()
      process.waitUntilExit()
      status = process.terminationStatus
      wasKilled = process.terminationReason == .uncaughtSignal
      output = try String(contentsOfFile: files + "/output", encoding: .utf8)
      errors = try String(contentsOfFile: files + "/errors", encoding: .utf8)
      calls = ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").split(separator: "\n")
        .map(String.init)
    }
  }

  /// Runs a work with each fault at each call, and checks what is there afterwards.
  ///
  /// - Parameters:
  ///   - prepare: Puts the folder as it is before the work.
  ///   - check: What must hold after a run, whatever happened in it.
  private func tryAll(
    _ name: String, _ program: String, _ arguments: [String], _ fault: Fault,
    prepare: () throws -> Void, check: (Run, String) async throws -> Void
  ) async throws {
    try #require(
      FileManager.default.fileExists(atPath: Self.layer), "\(Self.layer) is not built")
    try prepare()
    let whole = try Run(program, arguments, nil, at: 0, in: work, files: root)
    try #require(whole.status == 0 && !whole.wasKilled, "\(whole.output)\(whole.errors)")
    let count = whole.calls.count
    try #require(count > 5, "the layer counts: \(whole.calls)")
    try await check(whole, "\(name), without a fault")
    let stride = Self.triesEach ? 1 : max(count / Self.tries, 1)
    var number = 1
    var found = 0
    while number <= count + 8 {
      try prepare()
      let run = try Run(program, arguments, fault, at: number, in: work, files: root)
      let call = run.calls.count >= number ? run.calls[number - 1] : "(not reached)"
      let place = "\(name), \(fault) at \(call)"
      if fault == .power, run.calls.count >= number {
        #expect(run.wasKilled, "\(place)")
      } else {
        #expect(!run.wasKilled, "\(place): \(run.output.suffix(300))\(run.errors.suffix(600))")
      }
      try await check(run, place)
      found += 1
      if run.calls.count < number { break }
      number += stride
    }
    print("\(name), \(fault): \(count) calls, \(found) tries")
  }

  private func contents(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private func clear() throws {
    try? FileManager.default.removeItem(atPath: work)
    try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
  }

  /// What a command says of a failure: a sentence with the reason, and no fault of its own.
  private func expectSentence(_ run: Run, _ place: String) {
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
    try await tryAll(
      arguments[0], CommandRun.program.path,
      arguments + ["--threads", "1"] + outputs.flatMap { ["--output", "\(work)/\($0)"] }, fault
    ) {
      try clear()
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
      let left = contents(work).filter { $0.hasSuffix(".partial") }
      #expect(left == [] || fault == .full || place.contains("unlink"), "\(place): \(left)")
    }
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
    try await tryAll("train", CommandRun.program.path, options + ["--output", run], fault) {
      try clear()
    } check: { result, place in
      expectSentence(result, place)
      let network = run + "/autoencoder.safetensors"
      if whole == nil { whole = try Data(contentsOf: URL(filePath: network)) }
      if result.status != 0 || result.wasKilled {
        let resume = [
          "train", "autoencoder", "--resume", "--output", run, "--cache", root + "/cache",
        ]
        var next = try CommandRun(resume)
        // Before there is anything to go on from, it begins anew.
        if next.status != 0 { next = try CommandRun(options + ["--output", run]) }
        #expect(next.status == 0, "\(place): \(next.errors.suffix(600))")
      }
      let end = try? Data(contentsOf: URL(filePath: network))
      #expect(end == whole, "\(place)")
    }
  }

  @Test("studio: what was said to be kept is, and the next start works", arguments: Fault.allCases)
  func workspace(fault: Fault) async throws {
    let program = CommandRun.program.deletingLastPathComponent().appending(path: "WorkspaceProbe")
    try await tryAll("studio", program.path, [work], fault) {
      try clear()
      try FileManager.default.createSymbolicLink(
        atPath: work + "/samples", withDestinationPath: root + "/samples")
    } check: { run, place in
      let lines = run.output.split(separator: "\n").map(String.init)
      let hasEnded = lines.contains { $0 == "ended" || $0.hasPrefix("error: ") }
      #expect(run.wasKilled || hasEnded, "\(place)")
      let isTemporary = lines.contains { $0.contains("Nothing is kept") }
      let told = lines.filter { $0.hasPrefix("clip ") }.compactMap { Int64($0.dropFirst(5)) }
      // The next start, which nothing gets in the way of.
      let workspace = try await Workspace(
        folders: StudioFolders(data: work + "/data/studio", configuration: work + "/configuration"),
        resources: ResourceLocator(
          executable: "/nowhere/pvdm", environment: ["PVDM_DATA": work]), startsQueue: false)
      #expect(!workspace.isTemporary, "\(place)")
      var clips: [ClipID] = []
      for await event in workspace.events() {
        if case .videos(let videos) = event {
          for video in videos {
            clips += try await workspace.tree(of: video.id).visible.map(\.id)
          }
          break
        }
      }
      if !isTemporary {
        #expect(Set(told).isSubset(of: clips.map(\.rawValue)), "\(place): \(told) of \(clips)")
      }
      let frames = await workspace.frames(of: clips)
      let areWhole = frames.allSatisfy { $0.images.count == 16 }
      #expect(frames.count == clips.count && areWhole, "\(place)")
      if FileManager.default.fileExists(atPath: work + "/data/out.gif") {
        #expect(throws: Never.self, "\(place)") {
          _ = try RunSettings(embeddedIn: work + "/data/out.gif")
        }
      }
      await workspace.close()
      let left = contents(work + "/data/studio/clips").filter { $0.hasSuffix(".partial") }
      #expect(left == [], "\(place)")
    }
  }
}
