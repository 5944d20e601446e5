import HandwrittenText

/// Text for standard output or standard error, the only kind that is written there.
///
/// What the program's source says literally is taken as it is, its line ends and colours included;
/// every text that is put in between is a field, in which nothing can act on the terminal or begin a
/// line of its own (``PrintableText``). Text of several lines, JSON and pictures say what they are.
struct ConsoleText: ExpressibleByStringInterpolation, Equatable {
  /// What is written.
  private(set) var text: String

  init(stringLiteral value: String) { text = value }

  init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  /// A field.
  init(_ field: some StringProtocol) { text = PrintableText.field(field) }

  /// A text of several lines, such as a settings file or a message of the argument parser.
  init(lines: String) { text = PrintableText.lines(lines) }

  /// JSON, which means the same afterwards.
  init(json: String) { text = PrintableText.json(json) }

  /// A picture or a graph as the terminal library drew it, with its colours and movements.
  init(picture: String) { text = picture }

  /// Back to the beginning of the line, which becomes empty.
  static let emptyLine: ConsoleText = "\r\u{1B}[K"

  var isEmpty: Bool { text.isEmpty }

  static func + (first: ConsoleText, second: ConsoleText) -> ConsoleText {
    "\(first)\(second)"
  }

  static func += (first: inout ConsoleText, second: ConsoleText) { first.text += second.text }

  /// The parts of a text with literal ones between them.
  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text: String

    init(literalCapacity: Int, interpolationCount: Int) {
      text = ""
      text.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    mutating func appendLiteral(_ literal: String) { text += literal }

    mutating func appendInterpolation(_ part: ConsoleText) { text += part.text }

    mutating func appendInterpolation(
      _ field: some CustomStringConvertible, limit: Int = PrintableText.fieldLimit
    ) {
      text += PrintableText.field(field.description, limit: limit)
    }
  }
}

extension Sequence<ConsoleText> {
  /// One text of all, with another between each two.
  func joined(separator: ConsoleText = "") -> ConsoleText {
    ConsoleText(picture: map(\.text).joined(separator: separator.text))
  }
}
