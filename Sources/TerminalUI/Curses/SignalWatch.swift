internal import Glibc
internal import Synchronization

/// Notes signals for the event loop and wakes it. At most one is in force at a time, since
/// signals belong to the process.
///
/// The handlers do nothing but what POSIX allows in a handler: they set a bit in an atomic and
/// write to an event counter.
final class SignalWatch {
  private static let noted = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGWINCH, SIGTSTP, SIGCONT]
  private static let pending = Atomic<UInt64>(0)
  private static let wakeDescriptor = Atomic<Int32>(-1)

  private var previous: [(signal: Int32, action: sigaction)] = []

  /// Installs the handlers. Before ncurses starts: it installs its own where there are none.
  ///
  /// - Parameter wakeDescriptor: an event counter to add to at every signal.
  init(wakeDescriptor: Int32) {
    Self.pending.store(0, ordering: .sequentiallyConsistent)
    Self.wakeDescriptor.store(wakeDescriptor, ordering: .sequentiallyConsistent)
    for signal in Self.noted { install(signal) }
  }

  deinit {
    for (signal, action) in previous {
      var action = action
      sigaction(signal, &action, nil)
    }
    Self.wakeDescriptor.store(-1, ordering: .sequentiallyConsistent)
  }

  /// Takes the signals noted since the last call.
  func take() -> Set<Int32> {
    let bits = Self.pending.exchange(0, ordering: .sequentiallyConsistent)
    return Set(Self.noted.filter { bits & (1 << UInt64($0)) != 0 })
  }

  /// Stops the process the way the shell expects, and comes back when it is continued.
  func suspendProcess() {
    var standard = sigaction()
    standard.__sigaction_handler.sa_handler = SIG_DFL
    var own = sigaction()
    sigaction(SIGTSTP, &standard, &own)
    // In a group that no shell waits for, the system ignores this, as it must.
    kill(getpid(), SIGTSTP)
    sigaction(SIGTSTP, &own, nil)
  }

  private func install(_ signal: Int32) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { number in
      let savedError = errno
      SignalWatch.pending.bitwiseOr(1 << UInt64(number), ordering: .sequentiallyConsistent)
      var one: UInt64 = 1
      _ = write(SignalWatch.wakeDescriptor.load(ordering: .sequentiallyConsistent), &one, 8)
      errno = savedError
    }
    action.sa_flags = SA_RESTART
    var old = sigaction()
    if sigaction(signal, &action, &old) == 0 { previous.append((signal, old)) }
  }
}
