internal import Glibc

/// A full-screen session on a terminal: the device, the curses screen, modes beyond curses, and
/// their undoing.
final class TerminalSession {
  let capabilities: TerminalCapabilities
  let device: TerminalDevice
  private var decoder: KeyDecoder
  private let screen: CursesScreen
  private let options: RuntimeOptions
  private var hasSynchronizedOutput = false
  private var needsRedraw = true
  private var isActive = false

  private static let modesOn = "\u{1B}[?2004h"
  private static let mouseOn = "\u{1B}[?1000h\u{1B}[?1002h\u{1B}[?1006h"
  private static let modesOff =
    "\u{1B}[?2026l\u{1B}[?2004l\u{1B}[?1006l\u{1B}[?1002l\u{1B}[?1000l"
  private static let synchronizedOutputQuery = "\u{1B}[?2026$p"

  init(options: RuntimeOptions) throws(TerminalError) {
    let environment = options.environment
    let probe = TerminalProbe.live(
      fileDescriptor: options.outputDescriptor, environment: environment)
    var capabilities = try TerminalCapabilities.detect(
      colorOption: options.colorOption, environment: environment, probe: probe)
    device = try TerminalDevice(
      input: options.inputDescriptor, output: options.outputDescriptor)
    let entry = try TerminalEntry.choose(
      term: environment["TERM", default: ""], wanted: capabilities.colorMode,
      colors: TerminalProbe.colors(ofTerminal:))
    screen = try CursesScreen(
      entry: entry, size: capabilities.size, isUTF8: capabilities.isUTF8)
    capabilities.colorMode = screen.colorMode
    self.capabilities = capabilities
    self.options = options
    decoder = KeyDecoder(table: screen.keyTable, isUTF8: capabilities.isUTF8)
  }

  /// The terminal's size now.
  var size: TerminalSize {
    TerminalProbe.windowSize(of: device.descriptor) ?? capabilities.size
  }

  /// Whether the terminal understands private modes beyond the database: those that call
  /// themselves VT100 or so would print the question.
  private var understandsModes: Bool {
    let term = options.environment["TERM", default: ""]
    return !["vt", "ansi", "linux", "cons"].contains { term.hasPrefix($0) }
  }

  /// Enters full-screen mode with the next frame.
  func enter() throws(TerminalError) {
    try device.enterKeyMode()
    let reset = (understandsModes ? Array(Self.modesOff.utf8) : []) + screen.resetSequence
    CrashGuard.arm(
      descriptor: device.descriptor, settings: device.originalSettings, bytes: reset)
    needsRedraw = true
    isActive = true
    guard understandsModes else { return }
    var text = Self.modesOn
    if options.usesMouse { text += Self.mouseOn }
    if options.usesSynchronizedOutput { text += Self.synchronizedOutputQuery }
    device.enqueue(Array(text.utf8))
  }

  /// Goes back to the ordinary screen. Without effect when it is there already.
  ///
  /// - Parameter isHungUp: the terminal is gone, so nothing is sent.
  func leave(isHungUp: Bool = false) {
    guard isActive else { return }
    isActive = false
    let bytes = screen.leave()
    if !isHungUp {
      device.enqueue((understandsModes ? Array(Self.modesOff.utf8) : []) + bytes)
      device.sendAll()
      device.leaveKeyMode()
    }
    CrashGuard.disarm()
  }

  /// Sends the whole screen with the next frame.
  func requestRedraw() { needsRedraw = true }

  /// Sends what changed since the last frame.
  ///
  /// - Parameter keepsImages: leave the pictures on the screen as they are.
  /// - Returns: the bytes that this took, and whether pictures changed or would have.
  func present(
    _ buffer: CellBuffer, theme: Theme, keepsImages: Bool
  ) -> (bytes: Int, changedImages: Bool) {
    var bytes = screen.present(
      buffer, theme: theme, keepsImages: keepsImages, redraw: needsRedraw)
    needsRedraw = false
    if !bytes.isEmpty, hasSynchronizedOutput {
      bytes = Array("\u{1B}[?2026h".utf8) + bytes + Array("\u{1B}[?2026l".utf8)
    }
    device.enqueue(bytes)
    return (bytes.count, screen.changedImages)
  }

  /// Reads what was typed.
  ///
  /// - Throws: `TerminalError.hangup` if the terminal is gone.
  func readEvents(at now: Duration) throws(TerminalError) -> [TerminalEvent] {
    events(decoder.decode(try device.read(), at: now))
  }

  /// When `flushInput` has to decide about what was read; nil while nothing waits.
  var inputDeadline: Duration? { decoder.deadline }

  /// Decides about what is over its time, such as a lone Escape.
  func flushInput(at now: Duration) -> [TerminalEvent] { events(decoder.flush(at: now)) }

  private func events(_ outputs: [KeyDecoder.Output]) -> [TerminalEvent] {
    outputs.compactMap { output in
      switch output {
      case .event(let event): return event
      case .modeReport(let mode, let state):
        // 1 and 2 say that the mode is known and can be changed.
        if mode == 2026 { hasSynchronizedOutput = state == 1 || state == 2 }
        return nil
      }
    }
  }
}
