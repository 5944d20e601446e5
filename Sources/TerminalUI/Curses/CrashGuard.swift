internal import Glibc
internal import Synchronization

/// Puts the terminal back in order when the process dies of a signal or calls `exit`, so that the
/// user's shell stays usable and the reason can be read.
enum CrashGuard {
  /// Everything that the handler needs, prepared while allocating is still allowed.
  private struct State {
    var descriptor: Int32 = -1
    var settings = termios()
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    var previous: UnsafeMutablePointer<sigaction>
  }

  private static let fatal = [SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGTRAP, SIGFPE, SIGQUIT]
  private static let isArmed = Atomic<Bool>(false)

  /// Plain memory, since a handler may touch nothing that counts references. It is written only
  /// while the guard is not armed, and never freed.
  nonisolated(unsafe) private static let state: UnsafeMutablePointer<State> = {
    let actions = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    actions.initialize(repeating: sigaction(), count: 65)
    let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
    state.initialize(to: State(previous: actions))
    atexit { CrashGuard.reset() }
    return state
  }()

  /// Arms the guard.
  ///
  /// - Parameters:
  ///   - descriptor: the terminal.
  ///   - settings: the line settings to put back.
  ///   - bytes: what brings the terminal back to its ordinary screen.
  static func arm(descriptor: Int32, settings: termios, bytes: [UInt8]) {
    disarm()
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
    copy.initialize(from: bytes, count: bytes.count)
    state.pointee.bytes?.deallocate()
    state.pointee.bytes = copy
    state.pointee.count = bytes.count
    state.pointee.descriptor = descriptor
    state.pointee.settings = settings
    isArmed.store(true, ordering: .sequentiallyConsistent)
    for signal in fatal {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        CrashGuard.reset()
        // Whoever was to see the signal sees it now: it is raised again, or happens again when
        // the faulty instruction is repeated.
        sigaction(number, CrashGuard.state.pointee.previous + Int(number), nil)
        raise(number)
      }
      sigaction(signal, &action, state.pointee.previous + Int(signal))
    }
  }

  /// Takes the guard away; the terminal is in order, or no longer ours.
  static func disarm() {
    guard isArmed.exchange(false, ordering: .sequentiallyConsistent) else { return }
    for signal in fatal { sigaction(signal, state.pointee.previous + Int(signal), nil) }
  }

  /// Resets the terminal if the guard is armed. Calls only what may be called in a handler.
  private static func reset() {
    guard isArmed.exchange(false, ordering: .sequentiallyConsistent) else { return }
    _ = write(state.pointee.descriptor, state.pointee.bytes, state.pointee.count)
    tcsetattr(state.pointee.descriptor, TCSANOW, &state.pointee.settings)
  }
}
