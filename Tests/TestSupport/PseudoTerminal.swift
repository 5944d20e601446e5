import Glibc
import TerminalUI

/// A pseudo-terminal whose other end the test holds.
package final class PseudoTerminal {
  /// The end that a program gets as its terminal.
  package let programEnd: Int32
  private var ownEnd: Int32
  package private(set) var emulator: TerminalEmulator
  /// All bytes received.
  package private(set) var received: [UInt8] = []

  package init(columns: Int, rows: Int) throws {
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
  package var settings: termios {
    var settings = termios()
    tcgetattr(programEnd, &settings)
    return settings
  }

  /// Gives the terminal another size; the program hears of it by SIGWINCH if it is its controlling
  /// terminal.
  package func resize(columns: Int, rows: Int) {
    emulator = TerminalEmulator(columns: columns, rows: rows)
    var size = winsize(
      ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(ownEnd, UInt(TIOCSWINSZ), &size)
  }

  /// Says a size that the emulated screen does not have.
  package func claim(columns: UInt16, rows: UInt16) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(ownEnd, UInt(TIOCSWINSZ), &size)
  }

  /// What is on the emulated screen, one line for each row.
  package var screen: String {
    (0..<emulator.rows).map { emulator.line($0) }.joined(separator: "\n")
  }

  /// Takes what the program has sent so far, without waiting.
  package func drain() { while receive(patience: 0) {} }

  package func type(_ text: String) {
    let bytes = Array(text.utf8)
    write(ownEnd, bytes, bytes.count)
  }

  /// Reads until a line on the emulated screen holds `text`.
  ///
  /// - Parameter isGone: Waits until no line holds it instead.
  /// - Returns: false after ten seconds in which nothing came, or forty in all.
  package func waits(for text: String, isGone: Bool = false) -> Bool {
    let end = ContinuousClock.now + .seconds(40)
    while ContinuousClock.now < end {
      let isThere = (0..<emulator.rows).contains { emulator.line($0).contains(text) }
      if isThere != isGone { return true }
      guard receive() else { return false }
    }
    return false
  }

  /// Reads until the bytes received hold `sequence`.
  package func receives(_ sequence: String) -> Bool {
    let wanted = Array(sequence.utf8)
    while true {
      if received.indices.contains(where: { received[$0...].starts(with: wanted) }) { return true }
      guard receive() else { return false }
    }
  }

  /// - Parameter patience: Milliseconds to wait for the program.
  private func receive(patience: Int32 = 10_000) -> Bool {
    var request = pollfd(fd: ownEnd, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, patience) == 1 else { return false }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(ownEnd, &buffer, buffer.count)
    guard count > 0 else { return false }
    received += buffer.prefix(count)
    emulator.feed(Array(buffer.prefix(count)))
    return true
  }

  /// Closes the test's end, as a lost connection does.
  package func hangUp() {
    guard ownEnd >= 0 else { return }
    close(ownEnd)
    ownEnd = -1
  }
}
