internal import CNcurses
internal import Glibc

/// A screen of ncurses that draws into memory.
///
/// ncurses works out the bytes that bring a terminal from one grid to the next, and writes them to
/// a memory file. So they can be counted, held back while the line is busy, and sent as one piece,
/// and ncurses never waits for a slow terminal. Input is not ncurses's either (see `KeyDecoder`),
/// so none of its calls can block.
///
/// ncurses keeps global state: use one screen at a time, on one thread.
package final class CursesScreen {
  /// The colours in use.
  package let colorMode: ColorMode
  /// Key sequences that the terminal database has for this terminal.
  package private(set) var keyTable = KeyTable.common
  /// What ends full-screen mode whatever the state, for use after a crash.
  package private(set) var resetSequence: [UInt8] = []

  /// Nil once another screen has taken the place of this one.
  private var screen: OpaquePointer?
  private let memory: Int32
  private let output: UnsafeMutablePointer<FILE>
  private let input: UnsafeMutablePointer<FILE>
  private let isUTF8: Bool
  private let colorCount: Int32
  private let hasDefaultColors: Bool

  private var shown: CellBuffer?
  private var shownTheme: Theme?
  /// Whether pictures changed with the last frame, or would have if they had not been kept.
  package private(set) var changedImages = false
  private var pairs: ColorPairPool
  /// The pair of each cell on the screen.
  private var cellPairs: [Int32]
  private var size: TerminalSize
  private var cursorIsVisible = true
  /// Whether the terminal goes back to what it showed before; the Linux console and a VT100 do not.
  private var hasOtherScreen = true

  /// - Throws: `TerminalError.unsupportedTerminal` if the database does not know the terminal or
  ///   it cannot move its cursor, `TerminalError.systemCall` if no memory file can be had.
  package init(entry: TerminalEntry, size: TerminalSize, isUTF8: Bool) throws(TerminalError) {
    // ncurses asks the C library which bytes a character has. A locale that is not installed
    // fails; every Debian has C.UTF-8.
    if isUTF8, setlocale(LC_CTYPE, "") == nil || cncurses_width(0x2580) != 1 {
      _ = setlocale(LC_CTYPE, "C.UTF-8")
    }
    let memory = cncurses_memory_file()
    guard memory >= 0, let output = fdopen(memory, "w"), let input = fopen("/dev/null", "r")
    else { throw .systemCall(name: "memfd_create", code: errno) }
    // The size is told below; variables that say more than any screen has must not make ncurses
    // allocate for it.
    let limits = [("COLUMNS", TerminalSize.largest.columns), ("LINES", TerminalSize.largest.rows)]
    use_env(!limits.contains { name, limit in getenv(name).map { atol($0) > limit } ?? false })
    guard let screen = newterm(entry.name, output, input) else {
      fclose(output)
      fclose(input)
      throw .unsupportedTerminal(
        name: entry.name, reason: "the terminal database has no such entry")
    }
    self.screen = screen
    self.memory = memory
    self.output = output
    self.input = input
    self.isUTF8 = isUTF8
    self.size = size

    var mode = entry.colorMode
    if mode != .mono, !has_colors() || start_color() != OK { mode = .mono }
    colorMode = mode
    hasDefaultColors = mode != .mono && use_default_colors() == OK
    colorCount = mode == .mono ? 0 : cncurses_colors()
    pairs = ColorPairPool(capacity: mode == .mono ? 1 : Int(cncurses_color_pairs()))
    cellPairs = Array(repeating: 0, count: size.columns * size.rows)

    // From here on everything is set, so that `deinit` also cleans up after an error.
    guard Self.capability("cup") != nil else {
      throw .unsupportedTerminal(name: entry.name, reason: "it cannot move its cursor")
    }
    typeahead(-1)
    keypad(cncurses_screen(), true)
    readTerminalEntry()
    resizeterm(Int32(size.rows), Int32(size.columns))
    // What has been written so far is for a terminal of the database's size. Leaving and
    // entering again writes it for the real one.
    endwin()
    _ = takeOutput()
  }

  deinit { close() }

  private func close() {
    guard let screen else { return }
    endwin()
    delscreen(screen)
    fclose(output)
    fclose(input)
    self.screen = nil
  }

  /// Another screen on the same terminal. This one cannot be drawn on any more.
  ///
  /// - Throws: as ``init(entry:size:isUTF8:)``.
  package func replaced(
    by entry: TerminalEntry, size: TerminalSize
  ) throws(TerminalError) -> CursesScreen {
    close()
    return try CursesScreen(entry: entry, size: size, isUTF8: isUTF8)
  }

  /// The bytes that bring the terminal in line with a grid; none if nothing has changed.
  ///
  /// - Parameters:
  ///   - keepsImages: leave the pictures on the screen as they are.
  ///   - redraw: send everything, for when the terminal's content is not known.
  package func present(
    _ frame: CellBuffer, theme: Theme, keepsImages: Bool = false, redraw: Bool = false
  ) -> [UInt8] {
    resize(to: TerminalSize(columns: frame.columns, rows: frame.rows))
    if redraw { clearok(cncurses_current_screen(), true) }
    var changes = CellDiff(from: shown, to: frame)
    changedImages = changes.touchesImages(of: frame)
    var buffer = frame
    if keepsImages, !redraw, let shown { buffer.keepImages(of: shown) }
    if shownTheme != theme { changes = CellDiff(from: nil, to: buffer) }
    var released: [Int32] = []
    // Of pictures that are kept, curses finds nothing to send.
    for run in changes.runs {
      draw(run, of: buffer, theme: theme, released: &released)
    }
    placeCursor(buffer.cursor)
    wrefresh(cncurses_screen())
    // Only now are the old pairs off the screen.
    for pair in released { pairs.release(pair) }
    shown = buffer
    shownTheme = theme
    return takeOutput()
  }

  /// The bytes that go back to the terminal's ordinary screen. The next `present` enters again.
  package func leave() -> [UInt8] {
    if !hasOtherScreen {
      // What was drawn stays; the shell's line is to stand on a clean one.
      wmove(cncurses_screen(), Int32(size.rows - 1), 0)
      wclrtoeol(cncurses_screen())
      wrefresh(cncurses_screen())
      shown = nil
    }
    endwin()
    return takeOutput()
  }

  private func resize(to newSize: TerminalSize) {
    guard newSize != size else { return }
    size = newSize
    resizeterm(Int32(newSize.rows), Int32(newSize.columns))
    for pair in cellPairs { pairs.release(pair) }
    cellPairs = Array(repeating: 0, count: newSize.columns * newSize.rows)
    shown = nil
    // Terminals rewrap or cut their content on their own; nothing of it can be relied on.
    clearok(cncurses_current_screen(), true)
  }

  private func draw(
    _ run: CellDiff.Run, of buffer: CellBuffer, theme: Theme, released: inout [Int32]
  ) {
    var characters: [cchar_t] = []
    characters.reserveCapacity(run.columns.count)
    var lastStyle: Style?
    var attributes: attr_t = 0
    var pair: Int32 = 0
    for column in run.columns {
      let cell = buffer[column, run.row]
      if cell.style != lastStyle {
        (attributes, pair) = rendition(of: cell.style, theme: theme)
        lastStyle = cell.style
      }
      let index = run.row * size.columns + column
      if cellPairs[index] != pair {
        if pair > 0 { pairs.retain(pair) }
        if cellPairs[index] > 0 { released.append(cellPairs[index]) }
        cellPairs[index] = pair
      }
      if !cell.isContinuation {
        appendCharacters(of: cell, attributes: attributes, pair: pair, to: &characters)
      }
    }
    mvwadd_wchnstr(
      cncurses_screen(), Int32(run.row), Int32(run.columns.lowerBound), characters,
      Int32(characters.count))
  }

  private func appendCharacters(
    of cell: Cell, attributes: attr_t, pair: Int32, to characters: inout [cchar_t]
  ) {
    var text: [wchar_t] = []
    if isUTF8, cell.scalar.value < 0x7F || cncurses_width(wchar_t(cell.scalar.value)) == cell.width
    {
      text.append(wchar_t(cell.scalar.value))
      text += cell.marks.unicodeScalars.map { wchar_t($0.value) }
    } else {
      // The C library knows the character with another width, or not at all.
      let scalar = ASCIIFallback.character(for: cell.scalar)
      appendPlain(scalar, attributes: attributes, pair: pair, to: &characters)
      if cell.width == 2 { appendPlain(" ", attributes: attributes, pair: pair, to: &characters) }
      return
    }
    text.append(0)
    var character = cchar_t()
    if cncurses_set_character(&character, text, attributes, pair) == OK {
      characters.append(character)
    } else {
      appendPlain("?", attributes: attributes, pair: pair, to: &characters)
    }
  }

  private func appendPlain(
    _ scalar: Unicode.Scalar, attributes: attr_t, pair: Int32, to characters: inout [cchar_t]
  ) {
    var character = cchar_t()
    let text: [wchar_t] = [wchar_t(scalar.value), 0]
    _ = cncurses_set_character(&character, text, attributes, pair)
    characters.append(character)
  }

  private func placeCursor(_ position: CellBuffer.Position?) {
    let isVisible = position != nil
    if isVisible != cursorIsVisible {
      curs_set(isVisible ? 1 : 0)
      cursorIsVisible = isVisible
    }
    if let position { wmove(cncurses_screen(), Int32(position.row), Int32(position.column)) }
  }

  // MARK: Colours

  private func rendition(of style: Style, theme: Theme) -> (attributes: attr_t, pair: Int32) {
    let resolved = theme.resolve(style).reduced(to: colorMode)
    var attributes: attr_t = 0
    if resolved.attributes.contains(.bold) { attributes |= cncurses_bold() }
    if resolved.attributes.contains(.dim) { attributes |= cncurses_dim() }
    if resolved.attributes.contains(.italic) { attributes |= cncurses_italic() }
    if resolved.attributes.contains(.underline) { attributes |= cncurses_underline() }
    if resolved.attributes.contains(.reverse) { attributes |= cncurses_reverse() }
    guard colorMode != .mono else { return (attributes, 0) }
    var foreground = number(of: resolved.foreground, default: 7)
    var background = number(of: resolved.background, default: 0)
    if colorCount < 16 {
      if background >= 8 { background -= 8 }
      if foreground == 8 {
        // Not every terminal makes bold black grey, and black is the ground of most.
        foreground = 7
      } else if foreground > 8 {
        // Terminals with eight colours make bold text bright.
        foreground -= 8
        attributes |= cncurses_bold()
      }
      // Of two shades that have become one, nothing could be read.
      if foreground == background, style.role != .image {
        foreground = [2, 3, 6, 7].contains(background) ? 0 : 7
      }
    }
    if foreground == -1, background == -1 { return (attributes, 0) }
    guard
      let pair = pairs.pair(
        foreground: foreground, background: background, isImage: style.role == .image)
    else { return (attributes, 0) }
    if pair.isNew { _ = cncurses_set_unused_pair(pair.number, foreground, background) }
    return (attributes, pair.number)
  }

  private func number(of color: Color, default fallback: Int32) -> Int32 {
    switch color {
    case .terminalDefault: return hasDefaultColors ? -1 : fallback
    case .indexed(let index) where colorMode != .trueColor || index < 8: return Int32(index)
    case .indexed, .rgb:
      let (red, green, blue) = color.components ?? (0, 0, 0)
      let value = Int32(red) << 16 | Int32(green) << 8 | Int32(blue)
      // In direct colour 0 to 7 mean the ANSI colours; 8 is the nearest blue that is not one.
      return (1...7).contains(value) ? 8 : value
    }
  }

  // MARK: The terminal's entry and output

  private func readTerminalEntry() {
    for (name, key) in KeyTable.terminfoNames {
      if let sequence = Self.capability(name) { keyTable.add(sequence, key) }
    }
    for number in 1...12 {
      if let sequence = Self.capability("kf\(number)") {
        keyTable.add(sequence, Key(.function(number)))
      }
    }
    hasOtherScreen = Self.capability("rmcup") != nil
    let names = ["sgr0", "op", "cnorm", "rmkx", "rmcup"]
    resetSequence = names.compactMap(Self.capability).flatMap { Array($0.utf8) }
  }

  /// A string of the terminal's entry without its padding, or nil if it has none.
  private static func capability(_ name: String) -> String? {
    guard let pointer = tigetstr(name), Int(bitPattern: pointer) != -1 else { return nil }
    return String(cString: pointer).replacing(/\$<[^>]*>/, with: "")
  }

  private func takeOutput() -> [UInt8] {
    fflush(output)
    let count = Int(lseek(memory, 0, SEEK_CUR))
    guard count > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: count)
    let read = pread(memory, &bytes, count, 0)
    lseek(memory, 0, SEEK_SET)
    ftruncate(memory, 0)
    bytes.removeLast(count - max(read, 0))
    return colorMode == .trueColor ? DirectColorRewriter.rewrite(bytes) : bytes
  }
}
