import Foundation
import RunKit

/// An item of a list of work as a process of its own: whatever happens to it, the worker goes on.
struct ItemProcess {
  let item: WorkItem
  let place: WorkerRun.Place
  /// Where its paths are meant.
  let directory: String

  /// Tells a process of an item whose it is: it ends when the worker does (``ParentWatch``).
  static let parentVariable = "PVDM_WORKER"

  /// Runs the command to its end.
  ///
  /// - Throws: ``StudioError`` if it cannot be started.
  func run() async throws -> WorkerRun.Outcome {
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: directory)
    var environment = ProcessInfo.processInfo.environment
    environment[Self.parentVariable] = "\(getpid())"
    process.environment = environment
    let log = open(place.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard log >= 0 else { throw StudioError.unwritable(place.log, code: errno) }
    let handle = FileHandle(fileDescriptor: log, closeOnDealloc: true)
    let start = (try? handle.seekToEnd()) ?? 0
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    do { try process.run() } catch {
      throw StudioError.unstartable(in: directory, error)
    }
    var isAsked = false
    while process.isRunning {
      if place.stop.moment != .never, !isAsked {
        process.terminate()
        isAsked = true
      }
      try? await Task.sleep(for: .milliseconds(20))
    }
    let status = process.terminationStatus
    switch (process.terminationReason, status) {
    case (.exit, 0): return .done
    case (.exit, Explanation.Category.interrupted.rawValue): return .stopped
    case (.uncaughtSignal, _):
      return isAsked ? .stopped : .failed("it was ended by signal \(status)")
    default:
      return isAsked ? .stopped : .failed(lastMessage(from: start) ?? "exit status \(status)")
    }
  }

  private var arguments: [String] {
    // A lost worker's process may have come to its end after it: what it left is made again, or gone on with.
    var arguments = item.arguments + ["--output", place.output, "--overwrite"]
    if ["sample", "extend"].contains(item.arguments[0]) {
      arguments.append("--quiet")
      if place.canResume { arguments.append("--resume") }
    }
    return arguments
  }

  /// The sentence with which the command ended.
  private func lastMessage(from start: UInt64) -> String? {
    guard let handle = FileHandle(forReadingAtPath: place.log) else { return nil }
    let end = (try? handle.seekToEnd()) ?? start
    try? handle.seek(toOffset: max(start, end > 16_384 ? end - 16_384 : 0))
    let text = String(decoding: (try? handle.readToEnd()) ?? Data(), as: UTF8.self)
    let lines = text.split(whereSeparator: \.isNewline)
    let sentence = lines.last { $0.hasPrefix("pvdm: ") || $0.hasPrefix("Error: ") } ?? lines.last
    return sentence.map { String($0.drop { $0 != ":" }.dropFirst(2).prefix(500)) }
  }
}
