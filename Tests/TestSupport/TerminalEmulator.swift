import TerminalUI

/// A terminal just good enough to read what ncurses sends by the entries that the tests use, so
/// that a test can compare what a person would see with what was to be drawn.
package struct TerminalEmulator {
  package let columns: Int
  package let rows: Int
  package private(set) var text: [[String]]
  package private(set) var renditions: [[String]]
  /// Sequences that are not understood, which would make the comparison worthless.
  package private(set) var unknown: [String] = []

  /// The strings for the terminal (APC and DCS) that came, each with its introducer's letter.
  package private(set) var strings: [String] = []

  private var waiting: [UInt8] = []
  private var saved:
    (row: Int, column: Int, foreground: String, background: String, attributes: Set<Int>)?
  private var row = 0
  private var column = 0
  private var foreground = "default"
  private var background = "default"
  private var attributes: Set<Int> = []
  private var lastCharacter = " "
  /// The rows that scroll; ncurses moves lines that were shifted by scrolling a part of the screen.
  private var scrolling: ClosedRange<Int>

  package init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    scrolling = 0...max(rows - 1, 0)
    text = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    renditions = Array(repeating: Array(repeating: "", count: columns), count: rows)
  }

  package func line(_ row: Int) -> String { text[row].joined() }

  /// Takes bytes as they come; a sequence or character that is not whole yet waits for its rest.
  package mutating func feed(_ bytes: [UInt8]) {
    waiting += bytes
    let whole = Self.wholeCount(of: waiting)
    let scalars = Array(String(decoding: waiting.prefix(whole), as: UTF8.self).unicodeScalars)
    waiting.removeFirst(whole)
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      switch scalar.value {
      case 0x1B: index = escape(scalars, index)
      case 0x08: column = max(column - 1, 0)
      case 0x09: column = min((column / 8 + 1) * 8, columns - 1)
      case 0x0A: lineFeed(down: true)
      case 0x0D: column = 0
      case 0x07, 0x0F: break
      default: print(scalar)
      }
    }
  }

  /// The bytes before a sequence or character at the end that lacks its rest.
  private static func wholeCount(of bytes: [UInt8]) -> Int {
    // A string ends with an escape of its own, so that it is looked for from its beginning.
    if let start = openString(in: bytes) { return start }
    if let start = bytes.lastIndex(of: 0x1B) {
      let rest = bytes[(start + 1)...]
      let isWhole =
        switch rest.first {
        case nil: false
        case UInt8(ascii: "["): rest.dropFirst().contains { (0x40...0x7E).contains($0) }
        case UInt8(ascii: "]"): rest.contains(7)
        case UInt8(ascii: "("), UInt8(ascii: ")"): rest.count >= 2
        default: true
        }
      if !isWhole { return start }
    }
    guard let lead = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }), bytes[lead] >= 0xC0 else {
      return bytes.count
    }
    let length = bytes[lead] >= 0xF0 ? 4 : bytes[lead] >= 0xE0 ? 3 : 2
    return bytes.count - lead < length ? lead : bytes.count
  }

  /// Where a string for the terminal (APC or DCS) begins that has not ended yet.
  private static func openString(in bytes: [UInt8]) -> Int? {
    var index = 0
    while let start = bytes[index...].firstIndex(of: 0x1B), start + 1 < bytes.count {
      index = start + 2
      guard bytes[start + 1] == UInt8(ascii: "_") || bytes[start + 1] == UInt8(ascii: "P") else {
        continue
      }
      guard let end = stringEnd(in: bytes, from: index) else { return start }
      index = end
    }
    return nil
  }

  /// The place after the end of a string; nil if it has none. Within tmux's wrapping each escape stands twice.
  private static func stringEnd(in bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    while index + 1 < bytes.count {
      if bytes[index] == 0x1B {
        if bytes[index + 1] == UInt8(ascii: "\\") { return index + 2 }
        index += 2
      } else {
        index += 1
      }
    }
    return nil
  }

  private mutating func print(_ scalar: Unicode.Scalar) {
    let width = CharacterWidth.columns(of: scalar)
    if width == 0 {
      text[row][max(column - 1, 0)].unicodeScalars.append(scalar)
      return
    }
    if column >= columns {
      column = 0
      row = min(row + 1, rows - 1)
    }
    lastCharacter = String(scalar)
    breakWide(at: column)
    if width == 2, column + 1 < columns { breakWide(at: column + 1) }
    text[row][column] = lastCharacter
    renditions[row][column] = rendition
    if width == 2, column + 1 < columns {
      text[row][column + 1] = ""
      renditions[row][column + 1] = rendition
    }
    column += width
  }

  /// Blanks both halves of a wide character of which one is about to be overwritten.
  private mutating func breakWide(at column: Int) {
    if text[row][column].isEmpty, column > 0 { text[row][column - 1] = " " }
    if column + 1 < columns, text[row][column + 1].isEmpty { text[row][column + 1] = " " }
  }

  private var rendition: String {
    "\(foreground)/\(background)/\(attributes.sorted())"
  }

  private mutating func escape(_ scalars: [Unicode.Scalar], _ start: Int) -> Int {
    guard start < scalars.count else { return start }
    if scalars[start] == "(" || scalars[start] == ")" { return start + 2 }
    if scalars[start] == "M" { lineFeed(down: false) }
    if scalars[start] == "7" { saved = (row, column, foreground, background, attributes) }
    if scalars[start] == "8", let saved {
      (row, column, foreground, background, attributes) = saved
    }
    if scalars[start] == "_" || scalars[start] == "P" {
      var end = start + 1
      while end + 1 < scalars.count, scalars[end] != "\u{1B}" || scalars[end + 1] != "\\" {
        end += scalars[end] == "\u{1B}" ? 2 : 1
      }
      strings.append(String(String.UnicodeScalarView(scalars[start..<end])))
      return end + 2
    }
    if scalars[start] == "]" {
      var end = start
      while end < scalars.count, scalars[end].value != 7 { end += 1 }
      return end + 1
    }
    guard scalars[start] == "[" else { return start + 1 }
    var end = start + 1
    while end < scalars.count, !(0x40...0x7E).contains(scalars[end].value) { end += 1 }
    let body = String(String.UnicodeScalarView(scalars[(start + 1)..<end]))
    control(body, scalars[end])
    return end + 1
  }

  private mutating func control(_ body: String, _ final: Unicode.Scalar) {
    if body.hasPrefix("?") { return }
    let numbers = body.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    let count = max(numbers.first ?? 1, 1)
    // After the last column a cursor waits there for the next character to wrap.
    if final != "m" { column = min(column, columns - 1) }
    switch final {
    case "H":
      row = min(count, rows) - 1
      column = min(max(numbers.count > 1 ? numbers[1] : 1, 1), columns) - 1
    case "A": row = max(row - count, 0)
    case "B": row = min(row + count, rows - 1)
    case "C": column = min(column + count, columns - 1)
    case "D": column = max(column - count, 0)
    case "G": column = min(count, columns) - 1
    case "d": row = min(count, rows) - 1
    case "J": eraseDisplay(numbers.first ?? 0)
    case "K": erase(numbers.first == 1 ? 0..<(column + 1) : column..<columns, row)
    case "X": erase(column..<min(column + count, columns), row)
    case "b": for _ in 0..<count { for scalar in lastCharacter.unicodeScalars { print(scalar) } }
    case "m": select(numbers)
    case "L" where scrolling.contains(row): scroll(row...scrolling.upperBound, by: -count)
    case "M" where scrolling.contains(row): scroll(row...scrolling.upperBound, by: count)
    case "S": scroll(scrolling, by: count)
    case "T": scroll(scrolling, by: -count)
    case "r":
      let last = numbers.count > 1 && numbers[1] > 0 ? min(numbers[1], rows) - 1 : rows - 1
      scrolling = min(count - 1, last)...last
      (row, column) = (0, 0)
    case "h", "l", "t", "c": break
    default: unknown.append(body + String(final))
    }
  }

  /// Moves the cursor a line down or up, which scrolls at the edge of the rows that scroll.
  private mutating func lineFeed(down: Bool) {
    if row == (down ? scrolling.upperBound : scrolling.lowerBound) {
      scroll(scrolling, by: down ? 1 : -1)
    } else {
      row = min(max(row + (down ? 1 : -1), 0), rows - 1)
    }
  }

  /// Moves lines up by a number, or down by a negative one; what comes in is blank.
  private mutating func scroll(_ lines: ClosedRange<Int>, by offset: Int) {
    let (oldText, oldRenditions) = (text, renditions)
    for line in lines {
      if lines.contains(line + offset) {
        text[line] = oldText[line + offset]
        renditions[line] = oldRenditions[line + offset]
      } else {
        erase(0..<columns, line)
      }
    }
  }

  private mutating func eraseDisplay(_ mode: Int) {
    if mode == 0 { erase(column..<columns, row) }
    for line in (mode == 2 ? 0 : row + 1)..<max(rows, row + 1) { erase(0..<columns, line) }
  }

  private mutating func erase(_ range: Range<Int>, _ row: Int) {
    for column in range {
      text[row][column] = " "
      renditions[row][column] = rendition
    }
  }

  private mutating func select(_ numbers: [Int]) {
    var index = 0
    while index < numbers.count {
      let code = numbers[index]
      index += 1
      switch code {
      case 0: (foreground, background, attributes) = ("default", "default", [])
      case 1...9: attributes.insert(code)
      case 22: attributes.subtract([1, 2])
      case 23...29: attributes.remove(code - 20)
      case 30...37: foreground = "\(code - 30)"
      case 90...97: foreground = "\(code - 82)"
      case 40...47: background = "\(code - 40)"
      case 100...107: background = "\(code - 92)"
      case 39: foreground = "default"
      case 49: background = "default"
      case 38, 48:
        let isDirect = numbers[index] == 2
        let value = numbers[(index + 1)..<(index + (isDirect ? 4 : 2))]
          .map { "\($0)" }.joined(separator: ",")
        if code == 38 { foreground = value } else { background = value }
        index += isDirect ? 4 : 2
      default: unknown.append("\(code)m")
      }
    }
  }
}
