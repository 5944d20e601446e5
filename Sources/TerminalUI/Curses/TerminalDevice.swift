internal import Glibc

/// The terminal as a device: its line settings, and reading and writing that never wait.
///
/// It is opened anew by its name, since the flag for not waiting belongs to what was opened: set
/// on standard input it would reach the user's shell.
final class TerminalDevice {
  /// The descriptor to read, write and poll.
  let descriptor: Int32
  /// The line settings as they were, to be put back.
  let originalSettings: termios

  private var pending: [UInt8] = []
  private var sentCount = 0

  /// - Throws: `TerminalError.notATerminal` if either standard input or output is none,
  ///   `TerminalError.systemCall` if it cannot be opened.
  init(input: Int32, output: Int32) throws(TerminalError) {
    try Self.check(input: input, output: output)
    var name = [CChar](repeating: 0, count: 256)
    guard ttyname_r(output, &name, name.count) == 0 else {
      throw .systemCall(name: "ttyname_r", code: errno)
    }
    descriptor = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw .systemCall(name: "open", code: errno) }
    var settings = termios()
    guard tcgetattr(descriptor, &settings) == 0 else {
      let code = errno
      close(descriptor)
      throw .systemCall(name: "tcgetattr", code: code)
    }
    originalSettings = settings
  }

  deinit { close(descriptor) }

  /// - Throws: `TerminalError.notATerminal` if either standard input or output is none.
  static func check(input: Int32, output: Int32) throws(TerminalError) {
    for candidate in [input, output] where isatty(candidate) != 1 {
      throw .notATerminal(fileDescriptor: candidate)
    }
  }

  /// Keys come one by one and unseen, and Ctrl-S, Ctrl-Q and Ctrl-V as keys. Ctrl-C, Ctrl-Z and
  /// Ctrl-\ stay signals, so that they work even while the program is busy.
  func enterKeyMode() throws(TerminalError) {
    var settings = originalSettings
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ECHOE | ECHOK | ECHONL | IEXTEN)
    settings.c_lflag |= tcflag_t(ISIG)
    settings.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR | IGNCR | ISTRIP)
    settings.c_oflag &= ~tcflag_t(OPOST)
    withUnsafeMutableBytes(of: &settings.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    guard tcsetattr(descriptor, TCSADRAIN, &settings) == 0 else {
      throw .systemCall(name: "tcsetattr", code: errno)
    }
  }

  /// Puts the line settings back as they were.
  func leaveKeyMode() {
    var settings = originalSettings
    tcsetattr(descriptor, TCSANOW, &settings)
  }

  /// Whether bytes still wait to be sent.
  var hasPending: Bool { sentCount < pending.count }

  /// Queues bytes for sending.
  func enqueue(_ bytes: [UInt8]) { pending += bytes }

  /// Sends as much as the terminal takes now.
  ///
  /// - Throws: `TerminalError.hangup` if the terminal is gone.
  func send() throws(TerminalError) {
    while hasPending {
      let sent = pending.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress?.advanced(by: sentCount), bytes.count - sentCount)
      }
      if sent > 0 {
        sentCount += sent
      } else if errno == EAGAIN {
        return
      } else if errno != EINTR {
        discardPending()
        throw .hangup
      }
    }
    discardPending()
  }

  /// Sends all that waits, for at most a second in which nothing moves.
  func sendAll() {
    while hasPending {
      let before = sentCount
      do { try send() } catch { return }
      guard hasPending else { return }
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      if poll(&request, 1, 1_000) == 0, sentCount == before { return discardPending() }
    }
  }

  private func discardPending() {
    pending.removeAll(keepingCapacity: true)
    sentCount = 0
  }

  /// Waits until there is something to read.
  ///
  /// - Returns: whether there is before the deadline.
  func waitForInput(until deadline: ContinuousClock.Instant) -> Bool {
    let left = (deadline - ContinuousClock().now) / .milliseconds(1)
    guard left > 0 else { return false }
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&request, 1, Int32(left.rounded(.up))) > 0
  }

  /// Reads what has been typed.
  ///
  /// - Throws: `TerminalError.hangup` at the end of input: from then on reading gives nothing at
  ///   once, and trying again would spin.
  func read() throws(TerminalError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    if count > 0 { return Array(buffer.prefix(count)) }
    if count < 0, errno == EAGAIN || errno == EINTR { return [] }
    throw .hangup
  }
}
