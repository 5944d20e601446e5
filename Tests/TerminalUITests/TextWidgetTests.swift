import TerminalUI
import Testing

@Suite("Text input, search, palette")
struct TextWidgetTests {
  private func typed(_ keys: [Key], in input: TextInput = TextInput()) -> TextInput {
    var input = input
    for key in keys { _ = input.handle(key) }
    return input
  }

  private func keys(_ text: String) -> [Key] { text.map { .character($0) } }

  @Test("Text is typed and changed at the cursor")
  func editing() {
    #expect(typed(keys("helo") + [.left, .character("l")]).text == "hello")
    #expect(typed(keys("ab") + [.backspace, .backspace, .backspace]).text == "")
    #expect(typed(keys("abc") + [.home, .delete]).text == "bc")
    #expect(typed(keys("one two  ") + [.control("w")]).text == "one ")
    #expect(typed(keys("abc") + [.left, .control("u")]).text == "c")
    #expect(typed(keys("abc") + [.home, .right, .control("k")]).text == "a")
    var input = typed(keys("ac") + [.left])
    input.insert("b\nb")
    #expect(input.text == "ab bc")
    #expect(input.cursor == 4)
  }

  @Test("The line ends around a pasted text are no part of it")
  func pastedLineEnds() {
    var input = TextInput(text: "100", isSelected: true)
    input.insert("\n")
    #expect(input.text == "100")
    input.insert("\nmodels/sky\r\n\n")
    #expect(input.text == "models/sky")
  }

  @Test("Enter and Escape say how the line ended")
  func outcomes() {
    var input = typed(keys("go"))
    #expect(input.handle(.enter) == .submitted("go"))
    #expect(input.handle(.escape) == .cancelled)
    #expect(input.handle(Key(.function(1))) == .ignored)
  }

  @Test("The history goes back and forth and keeps what was being typed")
  func history() {
    var input = TextInput(history: ["first", "second"])
    input = typed(keys("dra") + [.up], in: input)
    #expect(input.text == "second")
    #expect(typed([.up, .up], in: input).text == "first")
    #expect(typed([.down], in: input).text == "dra")
    input.remember()
    #expect(input.history == ["first", "second"])
    #expect(typed([.up], in: input).text == "second")
  }

  @Test("A long line scrolls with its cursor")
  func scrolling() {
    let input = TextInput(text: "0123456789日本")
    let buffer = drawn(8, 1) { buffer, area in input.draw(in: &buffer, area: area, prompt: ":") }
    #expect(row(0, of: buffer) == ":89日本 " || row(0, of: buffer) == ": 89日本 ")
    #expect(buffer.cursor == .init(column: 7, row: 0))
  }

  @Test("A search ignores case unless it has capitals, and goes around the end")
  func search() {
    #expect(SearchState.ranges(of: "ab", in: "xAb日ab") == [1..<3, 5..<7])
    #expect(SearchState.ranges(of: "Ab", in: "xAb日ab") == [1..<3])
    #expect(SearchState.ranges(of: "", in: "x") == [])
    let texts = ["one", "two", "three", "two b"]
    var state = TableState()
    let press = { (key: Key) in _ = state.handle(key, texts: texts, page: 4) }
    for key in [Key.character("/")] + keys("two") { press(key) }
    #expect(state.search.isTyping)
    #expect(state.selected == 1, "the nearest match is shown while typing")
    press(.enter)
    #expect(state.selected == 1 && !state.search.isTyping)
    press(.character("n"))
    #expect(state.selected == 3)
    press(.character("n"))
    #expect(state.selected == 1)
    press(.character("N"))
    #expect(state.selected == 3)
    for key in [Key.character("/"), .escape, .character("n")] { press(key) }
    #expect(state.search.query == "" && state.selected == 3)
  }

  @Test("A search is pasted, and says where nothing matches")
  func pastedSearch() {
    let texts = ["one", "two", "three"]
    var state = TableState()
    state.paste("three", texts: texts, page: 3)
    #expect(state.selected == 0, "no search is typed")
    _ = state.handle(.character("/"), texts: texts, page: 3)
    state.paste("three\n", texts: texts, page: 3)
    #expect(state.selected == 2 && state.search.query == "three")
    #expect(state.handle(.enter, texts: texts, page: 3) == .changed)
    for key in [Key.character("/")] + keys("zzz") { _ = state.handle(key, texts: texts, page: 3) }
    #expect(state.handle(.enter, texts: texts, page: 3) == .unmatched)
    #expect(state.handle(.character("n"), texts: texts, page: 3) == .unmatched)
    #expect(state.selected == 2)
  }

  @Test("Fuzzy matching prefers the beginnings of words, runs and short names")
  func fuzzy() {
    #expect(FuzzyMatcher.match("xyz", in: "open") == nil)
    #expect(FuzzyMatcher.match("", in: "open")?.score == 0)
    #expect(FuzzyMatcher.match("og", in: "open-gallery")?.positions == [0, 5])
    let names = ["export", "extend-until", "open", "theme"]
    #expect(FuzzyMatcher.filter("ex", names).map(\.index) == [0, 1])
    #expect(FuzzyMatcher.filter("eu", names).map(\.index) == [1])
    #expect(FuzzyMatcher.filter("", names).map(\.index) == [0, 1, 2, 3])
  }

  private let entries: [CommandPalette.Entry] = [
    .init(name: "open", help: "open a checkpoint", argument: .path),
    .init(name: "export", help: "write a video"),
    .init(name: "open-gallery", help: "show the gallery"),
  ]

  private func run(_ palette: inout CommandPalette, _ keys: [Key]) -> CommandPalette.Outcome {
    var outcome = CommandPalette.Outcome.open
    for key in keys { outcome = palette.handle(key) }
    return outcome
  }

  @Test("The palette runs what is selected, or what is named in full")
  func palette() {
    var palette = CommandPalette(entries: entries)
    #expect(run(&palette, keys("xp") + [.enter]) == .run(name: "export", argument: ""))
    palette = CommandPalette(entries: entries)
    #expect(
      run(&palette, keys("open /tmp/a b") + [.enter]) == .run(name: "open", argument: "/tmp/a b"))
    palette = CommandPalette(entries: entries)
    #expect(run(&palette, keys("zz") + [.enter]) == .unknown("zz"))
    #expect(run(&palette, [.escape]) == .cancelled)
    palette = CommandPalette(entries: entries)
    #expect(run(&palette, [.enter]) == .cancelled)
  }

  @Test("Tab completes, and a command that needs more waits for it")
  func completion() {
    var palette = CommandPalette(entries: entries)
    #expect(run(&palette, keys("op") + [.tab]) == .open)
    #expect(palette.input.text == "open ")
    palette = CommandPalette(entries: entries)
    #expect(run(&palette, keys("op") + [.enter]) == .open)
    #expect(palette.input.text == "open ")
    palette = CommandPalette(entries: entries)
    #expect(
      run(&palette, keys("op") + [.down, .enter]) == .run(name: "open-gallery", argument: ""))
  }

  @Test("The palette shows its matches above the line")
  func palettePicture() throws {
    var palette = CommandPalette(entries: entries)
    _ = run(&palette, keys("op"))
    try expectSnapshot(
      drawn(40, 6) { buffer, area in palette.draw(in: &buffer, area: area) }, named: "palette")
  }

  @Test("What is typed takes the place of a selected text, and moving leaves it")
  func selectedText() {
    var input = TextInput(text: "100", isSelected: true)
    for key in "57".map(Key.character) { _ = input.handle(key) }
    #expect(input.text == "57" && !input.isSelected)
    input = TextInput(text: "100", isSelected: true)
    _ = input.handle(.right)
    _ = input.handle(.character("0"))
    #expect(input.text == "1000")
    input = TextInput(text: "100", isSelected: true)
    _ = input.handle(.backspace)
    #expect(input.text.isEmpty)
    input = TextInput(text: "100", isSelected: true)
    input.insert("42")
    #expect(input.text == "42")
    // Enter on a number selects it; on a text the cursor is at its end.
    var form = Form(fields: [
      FormField(id: 0, label: "n", value: .number(7, range: 0...99, step: 1, decimals: 0)),
      FormField(id: 1, label: "t", value: .text("sky")),
    ])
    for key in [Key.enter, .character("1"), .character("2"), .enter, .down, .enter] {
      _ = form.handle(key)
    }
    #expect(form[0]?.value.text == "12" && form.editing?.text == "sky")
    _ = form.handle(.character("s"))
    #expect(form.editing?.text == "skys")
    // Some forms hold numbers as texts, and lists of them.
    for (text, takes) in [("100000", true), ("1e-4", true), ("10, 20", true), ("sky", false)] {
      let form = Form(fields: [FormField(id: 0, label: "t", value: .text(text))])
      #expect(form.takesDigits == takes, "\(text)")
    }
  }
}
