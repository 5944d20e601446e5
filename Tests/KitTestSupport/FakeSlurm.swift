import Foundation
import RunKit

/// Commands of Slurm that write down how they are called and answer as they are told.
package struct FakeSlurm: Sendable {
  /// The folder with the commands, for a `PATH`.
  package let folder: String

  private static let endOfCall = "<end of call>"
  private static let commands = ["sbatch", "squeue", "scancel", "scontrol"]

  /// Makes the commands. The first job's number is 4711, and nothing is known of any.
  package init(in folder: String) throws {
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for command in Self.commands {
      // A NUL after each word, and a word after each call.
      try ExecutableFile.write(
        #"""
        here=${0%/*}
        printf '%s\0' "$@" '\#(Self.endOfCall)' >> "$here/\#(command).calls"
        cat "$here/\#(command).errors" >&2
        cat "$here/\#(command).answer"
        exit "$(cat "$here/\#(command).status")"
        """#, to: "\(folder)/\(command)")
      try answer(command, command == "sbatch" ? "4711\n" : "")
    }
  }

  /// Slurm with these commands; `nil` if one is missing.
  package var slurm: Slurm? { Slurm(environment: ["PATH": folder]) }

  /// What a command says from now on.
  package func answer(
    _ command: String, _ output: String, errors: String = "", _ status: Int = 0
  ) throws {
    for (ending, text) in [("answer", output), ("errors", errors), ("status", "\(status)")] {
      try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(command).\(ending)"))
    }
  }

  /// The words of each call of a command.
  package func calls(_ command: String) throws -> [[String]] {
    let path = "\(folder)/\(command).calls"
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    let words = data.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
    return words.split(separator: Self.endOfCall).map(Array.init)
  }

  /// Runs a job's script as Slurm would.
  ///
  /// - Parameter isTime: It gets SIGUSR1 when this says so, once.
  /// - Returns: Its exit status, 128 plus the signal's number where one ended it.
  package static func run(
    _ script: String, _ variables: [String: String], signalledWhen isTime: (() -> Bool)? = nil
  ) throws -> Int32 {
    let process = Process()
    // Threads of tests block signals, and what they start inherits that.
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["--default-signal=USR1", "/bin/bash", script]
    process.environment = ["PATH": "/usr/bin:/bin"].merging(variables) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    if let isTime {
      while process.isRunning, !isTime() { usleep(1000) }
      kill(process.processIdentifier, SIGUSR1)
    }
    process.waitUntilExit()
    return process.terminationReason == .exit
      ? process.terminationStatus : 128 + process.terminationStatus
  }
}
