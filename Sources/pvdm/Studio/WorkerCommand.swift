import ArgumentParser
import Dispatch
import Foundation
import Glibc
import HandwrittenText
import RunKit
import StudioLink

/// `pvdm worker`: the studio without a screen.
struct Worker: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Does the studio's work without a screen; pvdm starts it by itself.",
    discussion: """
      Owns the videos, the queue and the model in use, and lets screens in through the socket studio.sock in \
      the data folder, which only its user can connect to; it listens on no network. It ends when nobody \
      watches and nothing is to be done, after "pvdm stop", or on SIGTERM; what runs is saved after its step.

      One line of JSON on standard output says that screens can connect, or why not. What a person should \
      read goes to standard error: the file worker.log in the data folder, where a screen started it.
      """)

  @OptionGroup var data: DataFolderOptions

  func run() async throws {
    try await explaining {
      do { try await work() } catch {
        Self.say(WorkerReadiness(problem: error))
        throw error
      }
    }
  }

  private func work() async throws {
    let worker = try await StudioWorker.open(data.folders) { notice in
      Self.log(Explanation(sentence: notice.sentence, remedy: notice.remedy).text)
    }
    guard let worker else { return Self.say(WorkerReadiness()) }
    // Every path that comes is absolute, and no file system is to be kept from being unmounted.
    _ = FileManager.default.changeCurrentDirectoryPath("/")
    let signals = [SIGTERM, SIGINT].map { number in
      Glibc.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { worker.stop() }
      source.resume()
      return source
    }
    // A terminal may have been lost before; this process has none.
    Glibc.signal(SIGHUP, SIG_IGN)
    Self.log("begins, process \(getpid())")
    try await worker.run { Self.say(WorkerReadiness()) }
    for source in signals { source.cancel() }
    Self.log("ends")
  }

  /// Says its one line, and lets go of standard output, for whose end somebody may wait.
  private static func say(_ readiness: WorkerReadiness) {
    try? writeToStandardOutput(ConsoleText(json: readiness.line))
    StandardStreams.letGoOfOutput()
  }

  private static func log(_ text: String) {
    writeToStandardError("\(Date().formatted(.iso8601)) \(text)\n")
  }
}

struct Status: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what the studio's worker does.",
    discussion: """
      Exit status 0 if a worker runs, 2 if there is none.

      With --json, one object: program, process, since (seconds since 2001-01-01 UTC), screens, running (a \
      line for each job), waiting (jobs whose turn comes) and is_ending.

      Examples:
        pvdm status
        pvdm status --json
      """)

  @OptionGroup var data: DataFolderOptions

  @Flag(help: "Prints one JSON object.")
  var json = false

  func run() async throws {
    try await explaining {
      guard let status = try await WorkerAccess(data.folders).status() else {
        throw LinkError(.noWorker)
      }
      if json { return try writeToStandardOutput(json: status) }
      try writeToStandardOutput(text(status))
    }
  }

  private func text(_ status: WorkerStatus) -> ConsoleText {
    let since = status.since.formatted(.iso8601).prefix(16).replacing("T", with: " ")
    var lines: [ConsoleText] = [
      "process \(status.process), pvdm \(status.program), since \(since) UTC"
    ]
    if status.isEnding { lines.append("it ends, once what runs is saved") }
    lines.append("\(counted(status.screens, "screen")) open")
    lines += status.running.map { "runs: \($0)" }
    lines.append("\(counted(status.waiting, "job")) waiting")
    return lines.joined(separator: "\n")
  }
}

struct Stop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Ends the studio's worker.",
    discussion: """
      What it does stops after the step in progress, with everything saved, and goes on when it is asked to, \
      once pvdm is opened again. Open screens close. The command waits for the end.

      Examples:
        pvdm stop
        pvdm stop --finish-clip
      """)

  @OptionGroup var data: DataFolderOptions

  @Flag(name: .customLong("finish-clip"), help: "Let the clip in progress become complete first.")
  var finishClip = false

  func run() async throws {
    try await explaining {
      let access = WorkerAccess(data.folders)
      guard let status = try await access.stop(finishesClip: finishClip) else {
        throw LinkError(.noWorker)
      }
      for line in status.running { try writeToStandardOutput("stopped \(line)") }
      try writeToStandardOutput("the worker (process \(status.process)) has ended")
    }
  }
}
