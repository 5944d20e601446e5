import HandwrittenText
import Testing

@Suite("Text of others is made fit to be shown")
struct PrintableTextTests {
  @Test("What is seen stays: letters of all scripts, marks, emoji, backslashes")
  func seen() {
    for text in ["", "plain", "é日本عربى", "e\u{301}", "🎞 a\\n", "a  b"] {
      #expect(PrintableText.field(text) == text)
      #expect(PrintableText.lines(text) == text)
      #expect(PrintableText.json(text) == text)
    }
  }

  @Test("Every control, format and separator of Unicode is shown as an escape, in every form")
  func active() {
    for value in (0...0x10FFFF as ClosedRange<UInt32>) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let category = scalar.properties.generalCategory
      let isActive = [.control, .format, .lineSeparator, .paragraphSeparator].contains(category)
      guard PrintableText.isActive(scalar) == isActive else {
        Issue.record("U+\(String(value, radix: 16))")
        continue
      }
      guard isActive else { continue }
      let text = "a\(scalar)b"
      for shown in [PrintableText.field(text), PrintableText.json(text), PrintableText.lines(text)]
      where shown != text || (scalar != "\n" && scalar != "\t") {
        #expect(!shown.unicodeScalars.contains(where: PrintableText.isActive))
      }
    }
  }

  @Test("Escapes are Swift's in text and JSON's in JSON")
  func forms() {
    #expect(
      PrintableText.field("\u{1B}[1m\n\r\t\u{9B}\u{202E}\u{E0001}")
        == "\\u{1b}[1m\\n\\r\\t\\u{9b}\\u{202e}\\u{e0001}")
    #expect(PrintableText.lines("a\n\tb\u{1B}\r\n") == "a\n\tb\\u{1b}\\r\n")
    #expect(
      PrintableText.json("{\n\"a\": \"\u{7F}\u{9B}\u{202E}\u{E0001}\"}")
        == "{\n\"a\": \"\\u007f\\u009b\\u202e\\udb40\\udc01\"}")
  }

  @Test("A field has a greatest length, and says what is left out")
  func bounds() {
    let text = String(repeating: "日", count: 1_500)
    #expect(PrintableText.field(text).hasSuffix("日… (500 more)"))
    #expect(PrintableText.field(text, limit: 1_500) == text)
    #expect(PrintableText.field("\u{1B}\u{1B}\u{1B}", limit: 2) == "\\u{1b}\\u{1b}… (1 more)")
  }
}
