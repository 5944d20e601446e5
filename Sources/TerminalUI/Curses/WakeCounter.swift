internal import CNcurses
internal import Glibc

/// An event counter of the kernel: any thread adds to it, and whoever polls it wakes.
final class WakeCounter: Sendable {
  let descriptor: Int32

  /// - Throws: `TerminalError.systemCall` if the kernel gives none.
  init() throws(TerminalError) {
    descriptor = cncurses_event_counter()
    guard descriptor >= 0 else { throw .systemCall(name: "eventfd", code: errno) }
  }

  deinit { close(descriptor) }

  /// Wakes whoever polls.
  func add() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  /// Sets the counter back to zero.
  func clear() {
    var value: UInt64 = 0
    _ = read(descriptor, &value, 8)
  }
}
