import Foundation
import RunKit
import TensorCore

/// A worker's process, which outlives the one that starts it: a session of its own, no terminal, its words in a
/// log.
struct WorkerProcess {
  /// Program and words.
  let command: [String]
  /// The file that gets its standard error.
  let log: String

  /// Where the new process reads, writes and complains.
  private static let (input, output, errors): (CInt, CInt, CInt) = (0, 1, 2)
  // Numbers of Linux's interface, which headers give to C programs alone or as other types.
  private static let newSession: Int16 = 0x80
  private static let defaultSignals: Int16 = 0x04
  private static let signalMask: Int16 = 0x08

  /// Bytes of a log from which it is begun anew.
  private static let logLimit = 1 << 20

  /// Starts it and waits until screens can connect.
  ///
  /// - Throws: ``LinkError`` with what it said, if it cannot be started or ended before.
  func start() throws {
    var status = stat()
    if stat(log, &status) == 0, status.st_size > Self.logLimit { unlink(log) }
    var ends: [CInt] = [-1, -1]
    guard pipe2(&ends) else { throw StudioSocket.failure("pipe") }
    defer { close(ends[0]) }
    let process: pid_t
    do { process = try spawn(ready: ends[1]) } catch {
      close(ends[1])
      throw error
    }
    close(ends[1])
    // Nobody else waits for it, and a process that nobody waits for leaves its entry behind.
    Task.detached(executorPreference: WorkerPool.blocking) {
      var status: CInt = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
    let word = FileHandle(fileDescriptor: ends[0], closeOnDealloc: false)
    let said = (try? word.readToEnd()) ?? Data()
    guard let readiness = try? JSONDecoder().decode(WorkerReadiness.self, from: said) else {
      throw LinkError(
        .cannotStart("the studio's worker ended before it was ready", remedy: "See \(log)"))
    }
    if let problem = readiness.problem {
      throw LinkError(.cannotStart(problem.sentence, remedy: problem.remedy))
    }
  }

  private func pipe2(_ ends: inout [CInt]) -> Bool {
    guard pipe(&ends) == 0 else { return false }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return true
  }

  /// - Parameter ready: Becomes its standard output.
  private func spawn(ready: CInt) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ready, Self.output)
    posix_spawn_file_actions_addopen(&actions, Self.input, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, Self.errors, log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
    // Nothing of the screen's, its terminal least of all, is held on to by a process that stays.
    for descriptor in Self.openDescriptors {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setflags(
      &attributes, Self.newSession | Self.defaultSignals | Self.signalMask)
    var environment = ProcessInfo.processInfo.environment
    // It does not belong to the worker of a list of work that somebody may have been started by.
    environment["PVDM_WORKER"] = nil
    var words = command.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var process: pid_t = 0
    let code = posix_spawn(&process, command[0], &actions, &attributes, &words, &variables)
    guard code == 0 else {
      throw LinkError(
        .cannotStart(
          "the studio's worker cannot be started: \(String(cString: strerror(code)))",
          remedy: "\"pvdm studio --foreground\" does without it"))
    }
    return process
  }

  private static var openDescriptors: [CInt] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return names.compactMap { CInt($0) }.filter { $0 > errors }
  }
}

/// The one line that a worker writes to its standard output, for whoever started it.
package struct WorkerReadiness: Codable, Sendable {
  /// Why it is none; `nil` once screens can connect.
  package var problem: Notice?

  package init(problem: (any Error)? = nil) { self.problem = problem.map { Notice($0) } }

  /// The line.
  package var line: String {
    String(decoding: (try? JSONEncoder().encode(self)) ?? Data(), as: UTF8.self)
  }
}
