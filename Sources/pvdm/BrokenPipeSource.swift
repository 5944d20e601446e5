import Dispatch
import Glibc
import Synchronization

/// Notices that whoever read the program's output is gone, as in `pvdm train ... | head`.
///
/// The signal goes to the thread that wrote, where no dispatch source sees it: its handler writes a byte
/// to a pipe that one reads.
final class BrokenPipeSource {
  private let source: any DispatchSourceRead
  private let writeEnd: CInt

  /// Where the handler writes; -1 for nowhere.
  private static let handlerEnd = Atomic<CInt>(-1)

  /// Calls `action` once, on some thread, when output is written that nobody reads any more. What is
  /// written after that is lost without a signal.
  ///
  /// - Returns: `nil` where the signal is ignored, as the program's caller wished, or no pipe can be had.
  init?(_ action: @escaping @Sendable () -> Void) {
    var before = sigaction()
    sigaction(SIGPIPE, nil, &before)
    guard unsafeBitCast(before.__sigaction_handler, to: Int.self) != 1 else { return nil }
    var pair: [CInt] = [-1, -1]
    guard pipe(&pair) == 0 else { return nil }
    let ends = pair
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    writeEnd = ends[1]
    source = DispatchSource.makeReadSource(fileDescriptor: ends[0], queue: .global())
    source.setEventHandler { [source = source] in
      source.cancel()
      action()
    }
    // The source must be done with its end before that is closed.
    source.setCancelHandler { close(ends[0]) }
    source.resume()
    Self.handlerEnd.store(ends[1], ordering: .sequentiallyConsistent)
    signal(SIGPIPE) { _ in
      // Nothing but calls that a handler may make. The next line of output must not end the program
      // before its state is saved.
      let code = errno
      signal(SIGPIPE, SIG_IGN)
      let end = BrokenPipeSource.handlerEnd.load(ordering: .relaxed)
      if end >= 0 { _ = write(end, "!", 1) }
      errno = code
    }
  }

  deinit {
    source.cancel()
    Self.handlerEnd.store(-1, ordering: .sequentiallyConsistent)
    signal(SIGPIPE, SIG_IGN)
    close(writeEnd)
  }
}
