import Glibc
import Synchronization

/// Standard output could not be written.
struct OutputError: Error, Equatable {
  /// The system's number for the reason.
  let code: Int32

  /// What happened: one sentence, without a capital or a full stop.
  var sentence: String {
    switch code {
    case EPIPE: "standard output cannot be written: whoever read it is gone"
    case EBADF: "standard output cannot be written: it is closed"
    default: "standard output cannot be written: \(String(cString: strerror(code)))"
    }
  }
}

/// Writes to standard output at once, so that whoever reads sees each line when it happens.
///
/// - Throws: ``OutputError`` if not all of it can be written.
func writeToStandardOutput(_ text: ConsoleText, terminator: ConsoleText = "\n") throws(OutputError)
{
  try StandardStreams.write(text + terminator, to: STDOUT_FILENO)
}

/// Writes to standard error at once. A closed or full standard error is no reason to fail, so that
/// nothing is thrown.
func writeToStandardError(_ text: ConsoleText) {
  try? StandardStreams.write(text, to: STDERR_FILENO)
}

/// In place of the standard library's function, which would let through whatever files say.
@available(*, unavailable, message: "use writeToStandardOutput or writeToStandardError")
func print(_ items: Any..., separator: String = " ", terminator: String = "\n") {}

/// The standard streams' descriptors.
enum StandardStreams {
  /// One write at a time: lines of several threads stay whole.
  private static let lock = Mutex(())

  /// Keeps the numbers of standard streams that are closed from the files that are opened next: what
  /// is meant for a stream would go into them. Writing to such a stream fails as before.
  static func reserveNumbers() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free number is given, which is this one.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Ends standard output, for whose end somebody may wait; what is written to it from now on goes nowhere.
  static func letGoOfOutput() {
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    dup2(nowhere, STDOUT_FILENO)
    close(nowhere)
  }

  /// Waits until whoever reads standard error has done so, at most two seconds: when one of several
  /// processes ends all, some launchers end too, and what is still in a pipe to them is lost.
  static func untilErrorsAreRead() async {
    var unread: Int32 = 0
    var patience = 40
    while patience > 0, ioctl(STDERR_FILENO, UInt(FIONREAD), &unread) == 0, unread > 0 {
      patience -= 1
      try? await Task.sleep(for: .milliseconds(50))
    }
    // The reader still passes it on to where the command was given.
    try? await Task.sleep(for: .milliseconds(200))
  }

  fileprivate static func write(_ text: ConsoleText, to descriptor: Int32) throws(OutputError) {
    let bytes = Array(text.text.utf8)
    let code = lock.withLock { _ in
      withoutPipeSignal { write(bytes, to: descriptor) }
    }
    if code != 0 { throw OutputError(code: code) }
  }

  /// - Returns: 0, or the system's number for the reason that not all was written.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
      }
      if count > 0 {
        written += count
      } else if count < 0, errno == EAGAIN {
        // Somebody else made it a stream that does not wait; we do.
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&request, 1, -1)
      } else if count < 0, errno != EINTR {
        return errno
      }
    }
    return 0
  }

  /// Does something with the signal of a broken pipe held back from this thread: the write's own error
  /// tells it, and the program says so in place of vanishing.
  private static func withoutPipeSignal(_ body: () -> Int32) -> Int32 {
    var pipe = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    var pending = sigset_t()
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let code = body()
    if code == EPIPE, !wasPending {
      var none = timespec()
      while sigtimedwait(&pipe, nil, &none) < 0, errno == EINTR {}
    }
    return code
  }
}
