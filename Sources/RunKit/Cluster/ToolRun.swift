import Foundation

/// A program of the system that is run to its end, without a shell.
struct ToolRun: Sendable {
  /// Its exit status.
  let status: Int32
  /// What it wrote, and what it complained of.
  let output, errors: String

  /// Runs a program.
  ///
  /// - Parameters:
  ///   - path: An absolute path.
  ///   - limit: Seconds after which it is ended.
  /// - Throws: An error of the system if it cannot be started.
  init(_ path: String, _ arguments: [String], limit: Double = 60) throws {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let identifier = process.processIdentifier
    let watch = DispatchWorkItem { kill(identifier, SIGTERM) }
    DispatchQueue.global().asyncAfter(deadline: .now() + limit, execute: watch)
    // Complaints are short: they fit into the pipe while the output is read.
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaints = errors.fileHandleForReading.readDataToEndOfFile()
    watch.cancel()
    process.waitUntilExit()
    status = process.terminationStatus
    self.output = String(decoding: text, as: UTF8.self)
    self.errors = String(decoding: complaints, as: UTF8.self)
  }

  /// What it complained of, as one line.
  var complaint: String {
    let lines = errors.split(whereSeparator: \.isNewline)
    return lines.isEmpty
      ? "exit status \(status)" : String(lines.joined(separator: "; ").prefix(500))
  }

  /// Where a program is that is called by its name alone.
  ///
  /// - Parameter environment: `PATH` is looked at.
  static func path(of name: String, environment: [String: String]) -> String? {
    (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").lazy
      .map { "\($0)/\(name)" }
      .first { $0.hasPrefix("/") && FileManager.default.isExecutableFile(atPath: $0) }
  }
}
