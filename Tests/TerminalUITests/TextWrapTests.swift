import TerminalUI
import Testing

@Suite("Text in lines")
struct TextWrapTests {
  @Test("Lines break between words, long words within")
  func lines() {
    #expect(TextWrap.lines("a bit of text", width: 6) == ["a bit", "of", "text"])
    #expect(TextWrap.lines("abcdefgh ij", width: 3) == ["abc", "def", "gh", "ij"])
    #expect(TextWrap.lines("one\n\ntwo", width: 9) == ["one", "", "two"])
    #expect(TextWrap.lines("日本語", width: 4) == ["日本", "語"])
    #expect(TextWrap.lines("日", width: 1) == ["日"], "one character at least")
    #expect(TextWrap.lines("a   b", width: 5) == ["a   b"], "what fits keeps its spaces")
    #expect(TextWrap.lines("", width: 4) == [""])
    #expect(TextWrap.lines("text", width: 0).isEmpty)
  }

  @Test("What does not fit ends with an ellipsis")
  func drawing() {
    var buffer = CellBuffer(columns: 6, rows: 3)
    let area = Rectangle(column: 0, row: 0, width: 6, height: 2)
    #expect(TextWrap.draw("a bit of text", in: &buffer, area: area) == 2)
    #expect(row(0, of: buffer) == "a bit ")
    #expect(row(1, of: buffer) == "of …  ")
    #expect(row(2, of: buffer) == "      ")
    #expect(TextWrap.lines("a bit of text", width: 6, atMost: 2) == ["a bit", "of …"])
    #expect(TextWrap.lines("a bit of text", width: 6, atMost: 3).count == 3)
    #expect(TextWrap.lines("text", width: 6, atMost: 0).isEmpty)
  }
}
