internal import Glibc
internal import HandwrittenText

/// A full-screen session on a terminal: the device, the curses screen, modes beyond curses, and
/// their undoing.
final class TerminalSession {
  private(set) var capabilities: TerminalCapabilities
  let device: TerminalDevice
  private var decoder: KeyDecoder
  private var screen: CursesScreen
  private let options: RuntimeOptions
  /// The colours that the terminal was found to show, and those that were asked for since.
  private let detectedMode: ColorMode
  private var chosenMode: ColorMode?
  private var entry: TerminalEntry
  /// Keys that came while the terminal was asked.
  private var early: [UInt8]
  private var hasSynchronizedOutput = false
  private var pictures: PictureLayer
  private var pictureChoice: PictureGrade?
  /// The size of the last frame.
  private var drawnSize: TerminalSize?
  private var needsRedraw = true
  private var needsFrame = false
  private var isActive = false

  /// The title that is shown; nil while the terminal's own is.
  private var title: String?
  private var usesMouse: Bool

  /// Pasted text is marked, and the terminal tells whether somebody looks at it.
  private static let modesOn = "\u{1B}[?2004h\u{1B}[?1004h"
  private static let mouseOn = "\u{1B}[?1000h\u{1B}[?1002h\u{1B}[?1006h"
  private static let mouseOff = "\u{1B}[?1006l\u{1B}[?1002l\u{1B}[?1000l"
  private static let modesOff = "\u{1B}[?2026l\u{1B}[?2004l\u{1B}[?1004l" + mouseOff
  /// Keeps the window's title, and brings it back (XTWINOPS 22 and 23).
  private static let keepTitle = "\u{1B}[22;2t"
  private static let oldTitle = "\u{1B}[23;2t"
  private static let synchronizedOutputQuery = "\u{1B}[?2026$p"

  init(options: RuntimeOptions) throws(TerminalError) {
    let environment = options.environment
    var probe = TerminalProbe.live(
      fileDescriptor: options.outputDescriptor, environment: environment)
    var capabilities = try TerminalCapabilities.detect(
      colorOption: options.colorOption, environment: environment, probe: probe)
    let device = try TerminalDevice(
      input: options.inputDescriptor, output: options.outputDescriptor)
    self.device = device
    early = []
    if options.asksForColors(capabilities.colorMode) {
      let asked = try Self.ask(device, isThroughTmux: options.isThroughTmux)
      early = asked.bytes
      probe.showsTrueColor = asked.answer.showsTrueColor
      capabilities = try TerminalCapabilities.detect(
        colorOption: options.colorOption, environment: environment, probe: probe)
    }
    detectedMode = capabilities.colorMode
    let entry = try TerminalEntry.choose(
      term: environment["TERM", default: ""], wanted: capabilities.colorMode,
      colors: TerminalProbe.colors(ofTerminal:))
    self.entry = entry
    screen = try CursesScreen(
      entry: entry, size: capabilities.size, isUTF8: capabilities.isUTF8)
    capabilities.colorMode = screen.colorMode
    self.capabilities = capabilities
    self.options = options
    usesMouse = options.usesMouse
    pictures = PictureLayer(
      isThroughTmux: options.isThroughTmux, isUTF8: capabilities.isUTF8, seed: Int(getpid()))
    decoder = KeyDecoder(table: screen.keyTable, isUTF8: capabilities.isUTF8)
  }

  /// The terminal's size now.
  var size: TerminalSize {
    TerminalProbe.windowSize(of: device.descriptor) ?? capabilities.size
  }

  /// Asks the terminal for its colours and waits for the answer, a short while.
  ///
  /// - Returns: The answer, and everything that came, keys among it.
  private static func ask(
    _ device: TerminalDevice, isThroughTmux: Bool
  ) throws(TerminalError) -> (answer: ColorQuestion.Answer, bytes: [UInt8]) {
    try device.enterKeyMode()
    defer { device.leaveKeyMode() }
    device.enqueue(ColorQuestion(isThroughTmux: isThroughTmux).bytes)
    device.sendAll()
    let clock = ContinuousClock()
    let deadline = clock.now + Self.answerTime
    var bytes: [UInt8] = []
    while clock.now < deadline, bytes.count < Self.answerLimit {
      // A terminal that is gone says so again to the program.
      guard device.waitForInput(until: deadline), let more = try? device.read() else { break }
      bytes += more
      if ColorQuestion.Answer(bytes).isComplete { break }
    }
    return (ColorQuestion.Answer(bytes), bytes)
  }

  /// How long the terminal may take to say which colours it shows: twice the way around the world. What
  /// comes later is passed over as it is read.
  private static let answerTime = Duration.milliseconds(500)
  /// Bytes that are read of it at most.
  private static let answerLimit = 1 << 16

  /// Uses other colours than before, from the next frame on.
  ///
  /// - Parameter wanted: nil for what the terminal was found to show.
  func use(_ wanted: ColorMode?) {
    guard wanted != chosenMode else { return }
    chosenMode = wanted
    let term = options.environment["TERM", default: ""]
    guard
      let entry = try? TerminalEntry.choose(
        term: term, wanted: wanted ?? detectedMode, colors: TerminalProbe.colors(ofTerminal:)),
      entry.colorMode != capabilities.colorMode
    else { return }
    device.enqueue(screen.leave())
    // ncurses has one screen at a time, so that this one is gone before the other is there.
    guard
      let other = (try? screen.replaced(by: entry, size: size))
        ?? (try? screen.replaced(by: self.entry, size: size))
    else { return }
    screen = other
    self.entry = entry
    capabilities.colorMode = other.colorMode
    needsRedraw = true
    usePictures(pictureChoice)
  }

  /// Shows pictures in another way than before, from the next frame on.
  ///
  /// - Parameter wanted: nil for the best that the terminal answered it can.
  func usePictures(_ wanted: PictureGrade?) {
    pictureChoice = wanted
    device.enqueue(
      pictures.use(
        wanted, mode: capabilities.colorMode,
        systemPixels: TerminalProbe.cellPixels(of: device.descriptor)))
    notePictures()
  }

  private func notePictures() {
    let before = (capabilities.pictureGrade, capabilities.cellPixels)
    capabilities.pictureGrade = pictures.grade
    capabilities.cellPixels = pictures.cellPixels
    guard before != (pictures.grade, pictures.cellPixels) else { return }
    needsFrame = true
    // Sixels of another size do not lie where the old ones did.
    if before.0 == .sixel { needsRedraw = true }
  }

  /// Whether the terminal said something that changes what is seen, since this was last asked.
  func takeNeedsFrame() -> Bool {
    defer { needsFrame = false }
    return needsFrame
  }

  /// The window has another size, and its characters maybe too.
  func noteSize() {
    guard understandsModes, isActive else { return }
    device.enqueue(PictureQuestion.cellPixels)
  }

  /// Asks for the mouse, or gives it back to the terminal.
  func useMouse(_ wanted: Bool?) {
    guard let wanted, wanted != usesMouse else { return }
    usesMouse = wanted
    guard understandsModes else { return }
    device.enqueue(Array((wanted ? Self.mouseOn : Self.mouseOff).utf8))
  }

  /// Gives the terminal's window a title.
  func show(title wanted: String?) {
    guard let wanted, wanted != title, understandsModes else { return }
    let before = title == nil ? Self.keepTitle : ""
    title = wanted
    // Ended by the bell, as the simplest terminals expect.
    device.enqueue(Array("\(before)\u{1B}]2;\(PrintableText.field(wanted))\u{07}".utf8))
  }

  /// Sends something beside what is drawn.
  func send(_ signal: TerminalSignal) {
    guard isActive else { return }
    let isThroughTmux = options.environment["TMUX", default: ""] != ""
    device.enqueue(
      signal.bytes(understandsModes: understandsModes, isThroughTmux: isThroughTmux))
  }

  private var understandsModes: Bool { options.understandsModes }

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
    if usesMouse { text += Self.mouseOn }
    if options.usesSynchronizedOutput { text += Self.synchronizedOutputQuery }
    device.enqueue(pictures.question + Array(text.utf8))
  }

  /// Goes back to the ordinary screen. Without effect when it is there already.
  ///
  /// - Parameter isHungUp: the terminal is gone, so nothing is sent.
  func leave(isHungUp: Bool = false) {
    guard isActive else { return }
    isActive = false
    var text = understandsModes ? Self.modesOff : ""
    if title != nil { text += Self.oldTitle }
    title = nil
    let bytes = pictures.noteClearedScreen() + screen.leave()
    if !isHungUp {
      device.enqueue(Array(text.utf8) + bytes)
      device.sendAll()
      device.leaveKeyMode()
    }
    CrashGuard.disarm()
  }

  /// Sends the whole screen with the next frame.
  func requestRedraw() { needsRedraw = true }

  /// Sends what changed since the last frame.
  ///
  /// - Parameters:
  ///   - plan: Whether pictures may change, and how fine they are.
  ///   - limit: Bytes a second, or nil.
  ///   - cache: Pictures of characters that were drawn before.
  func present(
    _ buffer: CellBuffer, theme: Theme, plan: FrameScheduler.Plan, limit: Int?, cache: ImageCache
  ) -> DrawnFrame {
    var frame = buffer
    var bytes: [UInt8] = []
    let size = TerminalSize(columns: frame.columns, rows: frame.rows)
    if needsRedraw || size != drawnSize { bytes += pictures.noteClearedScreen() }
    pictures.divide(
      &frame, detail: plan.imageDetail, mode: capabilities.colorMode, cache: cache)
    bytes += screen.present(
      frame, theme: theme, keepsImages: !plan.drawsImages, redraw: needsRedraw)
    let update = pictures.show(
      frame.pictures, keeps: !plan.drawsImages, detail: plan.imageDetail, limit: limit)
    bytes += update.bytes
    needsRedraw = false
    drawnSize = size
    if !bytes.isEmpty, hasSynchronizedOutput {
      bytes = Array("\u{1B}[?2026h".utf8) + bytes + Array("\u{1B}[?2026l".utf8)
    }
    device.enqueue(bytes)
    return DrawnFrame(
      bytes: bytes.count,
      changedImages: screen.changedImages || update.newBytes > 0 || update.isHeldBack,
      holdsBackImages: update.isHeldBack)
  }

  /// What a frame took.
  struct DrawnFrame {
    var bytes: Int
    /// Whether pictures changed, or would have.
    var changedImages: Bool
    /// Whether pictures wait for the next frame.
    var holdsBackImages: Bool
  }

  /// Reads what was typed.
  ///
  /// - Throws: `TerminalError.hangup` if the terminal is gone.
  func readEvents(at now: Duration) throws(TerminalError) -> [TerminalEvent] {
    let bytes = early + (try device.read())
    early = []
    return events(decoder.decode(bytes, at: now))
  }

  /// When `flushInput` has to decide about what was read; nil while nothing waits.
  var inputDeadline: Duration? { decoder.deadline }

  /// Decides about what is over its time, such as a lone Escape.
  func flushInput(at now: Duration) -> [TerminalEvent] { events(decoder.flush(at: now)) }

  private func events(_ outputs: [KeyDecoder.Output]) -> [TerminalEvent] {
    outputs.compactMap { output in
      switch output {
      case .event(let event): return event
      case .answer(.modeReport(mode: 2026, let state)):
        // 1 and 2 say that the mode is known and can be changed.
        hasSynchronizedOutput = state == 1 || state == 2
        return nil
      case .answer(let answer):
        device.enqueue(pictures.take(answer))
        notePictures()
        return nil
      }
    }
  }
}
