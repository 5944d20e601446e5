import BenchmarkKit
import Foundation
import TestSupport
import Testing
import VideoDiffusion

/// How a call fails.
enum Fault: String, CaseIterable, Sendable {
  case once, full
  /// The power fails: files lose what was not synced.
  case power
  /// Folders lose the names that were not synced, too.
  case entries

  var isPower: Bool { self == .power || self == .entries }

  var environment: [String: String] {
    switch self {
    case .once: ["PVDM_FAULT_ERROR": "\(EIO)"]
    case .full: ["PVDM_FAULT_ERROR": "\(ENOSPC)", "PVDM_FAULT_ON": "1"]
    case .power: ["PVDM_FAULT_CUT": "contents"]
    case .entries: ["PVDM_FAULT_CUT": "entries"]
    }
  }
}

/// A folder in which a work is tried with the fault layer in front of the C library: each call that changes
/// a file fails in turn, until the work passes; or the power fails at each, and after the last, by when all
/// that was said to be kept has to be on the disk.
///
/// With `PVDM_EVERY_FAULT=1` in the environment each call is tried; else so many, spread over the work,
/// that all of it takes a minute or two.
struct FaultTrial {
  private let folder: TemporaryFolder
  /// What the work needs, and a model in `samples/tiny`.
  var root: String { folder.url.path }
  /// What the layer looks after.
  var work: String { root + "/work" }

  init() throws {
    folder = try TemporaryFolder()
    for name in ["work", "tmp", "stash"] {
      try FileManager.default.createDirectory(
        atPath: "\(root)/\(name)", withIntermediateDirectories: true)
    }
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

  private static var triesEach: Bool {
    ProcessInfo.processInfo.environment["PVDM_EVERY_FAULT"] == "1"
  }
  private static let tries = 12

  /// The layer beside the built program.
  private static var layer: String {
    CommandRun.program.deletingLastPathComponent().appending(path: "libFaultLayer.so").path
  }

  /// One run with a fault.
  struct Run {
    let status: Int32
    let wasKilled: Bool
    let output: String
    let errors: String
    /// The calls that were counted.
    let calls: [String]

    fileprivate init(
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
        "LD_PRELOAD": FaultTrial.layer, "PVDM_FAULT_FOLDER": folder, "PVDM_FAULT_LOG": log,
        "PVDM_FAULT_AT": "\(number)", "PVDM_FAULT_STASH": files + "/stash",
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

  /// Runs a work in the folder, with a fault at a call or without one.
  func run(
    _ program: String, _ arguments: [String], _ fault: Fault? = nil, at number: Int = 0
  ) throws -> Run {
    try Run(program, arguments, fault, at: number, in: work, files: root)
  }

  /// Runs a work with each fault at each call, and checks what is there afterwards.
  ///
  /// - Parameters:
  ///   - prepare: Puts the folder as it is before the work.
  ///   - check: What must hold after a run, whatever happened in it.
  func tryAll(
    _ name: String, _ program: String, _ arguments: [String], _ fault: Fault,
    prepare: () throws -> Void, check: (Run, String) async throws -> Void
  ) async throws {
    try #require(
      FileManager.default.fileExists(atPath: Self.layer), "\(Self.layer) is not built")
    try prepare()
    let whole = try run(program, arguments)
    try #require(whole.status == 0 && !whole.wasKilled, "\(whole.output)\(whole.errors)")
    let count = whole.calls.count
    try #require(count > 5, "the layer counts: \(whole.calls)")
    try await check(whole, "\(name), without a fault")
    let step = Self.triesEach ? 1 : max(count / Self.tries, 1)
    var found = 0
    // The number of calls differs by some from run to run; the last is the end of the work itself.
    for number in Array(stride(from: 1, through: count + 8, by: step)) + [count + 1_000_000] {
      try prepare()
      let run = try run(program, arguments, fault, at: number)
      let call = run.calls.count >= number ? run.calls[number - 1] : "(not reached)"
      let place = "\(name), \(fault) at \(call)"
      if fault.isPower, run.calls.count >= number {
        #expect(run.wasKilled, "\(place)")
      } else {
        #expect(!run.wasKilled, "\(place): \(run.output.suffix(300))\(run.errors.suffix(600))")
      }
      try await check(run, place)
      found += 1
      if run.calls.count < number { break }
    }
    print("\(name), \(fault): \(count) calls, \(found) tries")
  }

  /// Names of what is in a folder.
  func contents(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  /// Empties the work's folder.
  func clear() throws {
    for folder in [work, root + "/stash"] {
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
  }
}
