import Glibc
import TerminalUI

/// A pseudo-terminal whose other end the test holds.
final class PseudoTerminal {
  /// The end that a program gets as its terminal.
  let programEnd: Int32
  private var ownEnd: Int32
  private(set) var emulator: TerminalEmulator
  /// All bytes received.
  private(set) var received: [UInt8] = []

  init(columns: Int, rows: Int) throws {
    ownEnd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    // TIOCSPTLCK and TIOCGPTN; the functions for them need feature macros that Swift does not set.
    var lock: Int32 = 0
    var number: Int32 = -1
    guard ownEnd >= 0, ioctl(ownEnd, 0x4004_5431, &lock) == 0,
      ioctl(ownEnd, 0x8004_5430, &number) == 0
    else { throw TerminalError.systemCall(name: "open /dev/ptmx", code: errno) }
    programEnd = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard programEnd >= 0 else { throw TerminalError.systemCall(name: "open", code: errno) }
    emulator = TerminalEmulator(columns: columns, rows: rows)
    var size = winsize(
      ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(ownEnd, UInt(TIOCSWINSZ), &size)
  }

  deinit {
    hangUp()
    close(programEnd)
  }

  /// The line settings of the terminal.
  var settings: termios {
    var settings = termios()
    tcgetattr(programEnd, &settings)
    return settings
  }

  func type(_ text: String) {
    let bytes = Array(text.utf8)
    write(ownEnd, bytes, bytes.count)
  }

  /// Reads until a line on the emulated screen holds `text`.
  ///
  /// - Returns: false after ten seconds in which nothing came.
  func waits(for text: String) -> Bool {
    while true {
      if (0..<emulator.rows).contains(where: { emulator.line($0).contains(text) }) { return true }
      guard receive() else { return false }
    }
  }

  /// Reads until the bytes received hold `sequence`.
  func receives(_ sequence: String) -> Bool {
    let wanted = Array(sequence.utf8)
    while true {
      if received.indices.contains(where: { received[$0...].starts(with: wanted) }) { return true }
      guard receive() else { return false }
    }
  }

  private func receive() -> Bool {
    var request = pollfd(fd: ownEnd, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, 10_000) == 1 else { return false }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(ownEnd, &buffer, buffer.count)
    guard count > 0 else { return false }
    received += buffer.prefix(count)
    emulator.feed(Array(buffer.prefix(count)))
    return true
  }

  /// Closes the test's end, as a lost connection does.
  func hangUp() {
    guard ownEnd >= 0 else { return }
    close(ownEnd)
    ownEnd = -1
  }
}
