import Foundation
import TestSupport

/// A user's home folder, and the end of the worker that a studio may have started there.
final class StudioHome {
  private let folder: TemporaryFolder

  /// An empty one, which is not there yet.
  init(in folder: TemporaryFolder) { self.folder = folder }

  /// Where it is.
  var path: String { folder.path("home") }

  deinit { _ = try? CommandRun(["stop"], home: path) }
}

/// The built program's studio on a pseudo-terminal of its own, driven by keys as a user would.
final class StudioSession {
  /// The studio in one process, without a worker.
  static let alone = ["studio", "--foreground"]

  let terminal: PseudoTerminal
  let process = Process()
  private let errors: String

  /// Opens the studio.
  ///
  /// - Parameters:
  ///   - home: The user's home folder, which holds everything that is kept.
  ///   - arguments: The command with its options. Those of the studio without a worker end with it; of others
  ///     see ``StudioHome``.
  ///   - environment: Replaces variables of a plain UTF-8 terminal with 256 colours.
  ///   - limit: Size in blocks of 1024 bytes beyond which its files cannot grow, as on a full disk.
  init(
    home: String, _ arguments: [String] = ["studio"], columns: Int = 80, rows: Int = 24,
    environment: [String: String] = [:], fileSizeLimit limit: Int? = nil
  ) throws {
    terminal = try PseudoTerminal(columns: columns, rows: rows)
    errors = home + "/errors-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: errors))
    // A session of its own, with the terminal as its controlling one: what a login does.
    let end = FileHandle(fileDescriptor: terminal.programEnd, closeOnDealloc: false)
    process.executableURL = URL(filePath: "/usr/bin/setsid")
    let limiting = limit.map { "ulimit -f \($0); " } ?? ""
    process.arguments =
      [
        "--ctty", "--wait", "/bin/bash", "-c", limiting + "exec \"$0\" \"$@\"",
        CommandRun.program.path,
      ] + arguments
    process.environment = [
      "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "HOME": home,
      "PVDM_DATA": CommandRun.package,
    ].merging(environment) { $1 }
    process.standardInput = end
    process.standardOutput = end
    process.standardError = FileHandle(forWritingAtPath: errors)
    try process.run()
  }

  deinit { if process.isRunning { kill(.kill) } }

  /// What was written to standard error.
  var errorText: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

  /// Types keys.
  func type(_ keys: String) { terminal.type(keys) }

  /// Waits until a text is on the screen.
  func sees(_ text: String) -> Bool { terminal.waits(for: text) }

  /// Shows the models and waits until they were looked for, which the studio does after it opened.
  func seesModels() -> Bool {
    type("1")
    return sees("looked in")
  }

  /// Sets the sampler to a few steps, which are enough to see that everything works.
  func chooseFewSteps(_ steps: Int = 3) {
    type("2")
    _ = sees("Settings")
    // From the sampler down to the steps of the first clip, then to those of later ones.
    type("gj\r")
    type("\u{15}\(steps)\r")
    type("j\r")
    type("\u{15}\(steps)\r")
    // Away from the numbers, into which digits would go.
    type("g")
  }

  /// Signals that a program may get.
  enum Signal: Int32 {
    case kill = 9
    case hangUp = 1
    case terminate = 15
  }

  /// Sends the studio a signal.
  func kill(_ signal: Signal) {
    // The process itself waits for its child, which is the session's leader and group.
    for child in children(of: process.processIdentifier) { _ = Glibc.kill(child, signal.rawValue) }
  }

  private func children(of parent: Int32) -> [Int32] {
    let path = "/proc/\(parent)/task/\(parent)/children"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: " ").compactMap { Int32($0) }
  }

  /// Waits for the end, reading what is drawn so that the program never waits for the terminal. One that
  /// does not end is killed, so that its test fails and the others go on.
  ///
  /// - Returns: The exit status.
  func end() -> Int32 {
    let limit = ContinuousClock.now + .seconds(120)
    while process.isRunning {
      terminal.drain()
      if ContinuousClock.now > limit { kill(.kill) }
      usleep(2_000)
    }
    return process.terminationStatus
  }
}
