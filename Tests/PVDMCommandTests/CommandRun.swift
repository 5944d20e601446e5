import Foundation
import TestSupport

/// The built program run to its end.
struct CommandRun {
  let status: Int32
  let output: String
  let errors: String

  /// Runs `pvdm` with arguments, without a terminal and with an environment of its own.
  ///
  /// - Parameters:
  ///   - word: The program is interrupted, as by Ctrl-C, once this is on its standard output.
  ///   - home: The user's home folder; `nil` for an empty one.
  ///   - stream: Takes standard output in place of ``output``.
  ///   - limit: Size in blocks of 1024 bytes beyond which its files cannot grow, as on a full disk.
  ///   - readLines: Its standard output is a pipe whose reader leaves after so many lines.
  ///   - variables: What its environment has beside the usual.
  ///   - launcher: A program with arguments that starts it.
  init(
    _ arguments: [String], under launcher: [String] = [], interruptAfter word: String? = nil,
    home: String? = nil,
    standardOutput stream: FileHandle? = nil, fileSizeLimit limit: Int? = nil,
    readLines: Int? = nil, variables: [String: String] = [:]
  ) throws {
    let process = Process()
    if let readLines {
      // Whoever runs the tests may ignore the signal, which the program would respect.
      process.executableURL = URL(filePath: "/usr/bin/env")
      let script = "\"$0\" \"$@\" | head -n \(readLines); exit ${PIPESTATUS[0]}"
      process.arguments =
        ["--default-signal=PIPE", "/bin/bash", "-c", script, Self.program.path] + arguments
    } else if let limit {
      process.executableURL = URL(filePath: "/bin/bash")
      let script = "ulimit -f \(limit); exec \"$0\" \"$@\""
      process.arguments = ["-c", script, Self.program.path] + arguments
    } else if let first = launcher.first {
      process.executableURL = URL(filePath: first)
      process.arguments = launcher.dropFirst() + [Self.program.path] + arguments
    } else {
      process.executableURL = Self.program
      process.arguments = arguments
    }
    let folder = try TemporaryFolder()
    process.environment = Self.environment(home: home ?? folder.path("home"))
      .merging(variables) { $1 }
    // Files, not pipes: neither can fill up, and nothing needs to read while the program runs.
    let outputFile = folder.path("output")
    let errorFile = folder.path("errors")
    for file in [outputFile, errorFile] { try Data().write(to: URL(filePath: file)) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = stream ?? FileHandle(forWritingAtPath: outputFile)
    process.standardError = FileHandle(forWritingAtPath: errorFile)
    try process.run()
    if let word {
      while process.isRunning,
        !(try String(contentsOfFile: outputFile, encoding: .utf8)).contains(word)
      { usleep(2000) }
      process.interrupt()
    }
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOfFile: outputFile, encoding: .utf8)
    errors = try String(contentsOfFile: errorFile, encoding: .utf8)
  }

  /// Runs `pvdm` until it ends, and sends it a signal meanwhile.
  ///
  /// - Parameters:
  ///   - twice: Whether it gets the signal once more right after.
  ///   - errors: A file that gets its standard error.
  ///   - isTime: When to send it.
  /// - Returns: Its exit status.
  static func signalled(
    _ arguments: [String], _ number: Int32, twice: Bool, errors: String, when isTime: () -> Bool
  ) throws -> Int32 {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = environment(home: errors + "-home")
    try Data().write(to: URL(filePath: errors))
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
    while process.isRunning, !isTime() { usleep(2000) }
    for _ in 0..<(twice ? 2 : 1) { kill(process.processIdentifier, number) }
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// What the program is started with. The home of whoever runs the tests may hold presets, models and weights,
  /// which would be taken.
  static func environment(home: String) -> [String: String] {
    ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "HOME": home]
  }

  /// The JSON object on standard output.
  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(output.utf8))) as? [String: Any] ?? [:]
  }

  /// The package's root.
  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The program beside the test bundle in the build folder.
  static var program: URL {
    let running =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let candidates =
      Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
      + [running, CommandLine.arguments[0]].map { URL(filePath: $0).deletingLastPathComponent() }
    let programs = candidates.map { $0.appending(path: "pvdm") }
    return programs.first { FileManager.default.isExecutableFile(atPath: $0.path) }
      ?? URL(filePath: "pvdm")
  }

  /// Processes of the program, itself and no launcher, that were told to write to a folder.
  static func processes(writingTo folder: String) -> [pid_t] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let own = program.resolvingSymlinksInPath().path
    return entries.compactMap { Int32($0) }.sorted().filter { process in
      let running = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/\(process)/exe")
      guard running == own else { return false }
      let handle = FileHandle(forReadingAtPath: "/proc/\(process)/cmdline")
      let data = (try? handle?.readToEnd()) ?? nil
      let words = (data ?? Data()).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      return words.contains(folder)
    }
  }
}
