import TerminalUI
import Testing

@Suite("Widgets")
struct WidgetTests {
  private let table = Table(
    columns: [.init("name"), .init("size", width: .fixed(7), alignsRight: true)],
    rows: (1...9).map { Table.Row(["clip-\($0)", "\($0 * 40) KB"]) },
    emptyText: "No clips yet: r makes one")

  @Test("Movements select and scroll")
  func tableMovements() {
    var state = TableState()
    func press(_ key: Key) -> TableState.Outcome {
      state.handle(key, texts: table.texts, page: 4)
    }
    _ = press(.character("j"))
    #expect(state.selected == 1 && state.offset == 0)
    _ = press(.pageDown)
    #expect(state.selected == 4 && state.offset == 1)
    _ = press(.character("G"))
    #expect(state.selected == 8 && state.offset == 5)
    _ = press(.character("g"))
    #expect(state.selected == 0 && state.offset == 0)
    #expect(press(.up) == .changed && state.selected == 0)
    #expect(press(.enter) == .activated(0))
    #expect(press(.character("h")) == .ignored)
    state.selected = 50
    state.scroll(count: 3, page: 4)
    #expect(state.selected == 2)
    #expect(state.handle(.enter, texts: [String](), page: 4) == .ignored)
  }

  @Test("A table shows its header, the selection and matches of the search")
  func tablePicture() throws {
    var state = TableState(selected: 2)
    for key in [Key.character("/"), .character("p"), .character("-")] {
      _ = state.handle(key, texts: table.texts, page: 3)
    }
    try expectSnapshot(
      drawn(24, 6) { buffer, area in table.draw(in: &buffer, area: area, state: state) },
      named: "table")
    let empty = Table(columns: table.columns, rows: [], emptyText: table.emptyText)
    try expectSnapshot(
      drawn(28, 3) { buffer, area in empty.draw(in: &buffer, area: area, state: TableState()) },
      named: "table-empty")
  }

  @Test("Tabs are chosen by number and shrink to numbers")
  func tabs() throws {
    var tabs = Tabs(["Models", "Make", "Extend"])
    #expect(tabs.handle(.character("2")) && tabs.selected == 1)
    #expect(!tabs.handle(.character("4")) && !tabs.handle(.enter))
    var none = Tabs([])
    #expect(none.handle(.character("1")) == false && none.titles.isEmpty)
    let wide = drawn(40, 1) { buffer, area in tabs.draw(in: &buffer, area: area) }
    #expect(row(0, of: wide).hasPrefix(" 1 Models  2 Make  3 Extend "))
    #expect(wide[39, 0].style == Style(.tab), "the bar goes to the end of its row")
    let narrow = drawn(16, 1) { buffer, area in tabs.draw(in: &buffer, area: area) }
    #expect(row(0, of: narrow) == " 1  2 Make  3   ")
  }

  @Test("Progress is full only at the end, and notes give way to the bar")
  func progress() {
    func bar(_ width: Int, _ progress: ProgressBar) -> String {
      row(0, of: drawn(width, 1) { buffer, area in progress.draw(in: &buffer, area: area) })
    }
    #expect(
      bar(48, ProgressBar(done: 37, total: 100, notes: ["0.31 s/it", "1:02 left"]))
        == "█████░░░░░░░░░ 37%  37/100  0.31 s/it  1:02 left")
    #expect(bar(20, ProgressBar(done: 99, total: 100)).contains("░"))
    #expect(!bar(20, ProgressBar(done: 100, total: 100)).contains("░"))
    #expect(bar(40, ProgressBar(done: 29, total: 100)).contains(" 29% "))
    #expect(bar(10, ProgressBar(done: 5, total: 10)) == "█████░░░░░")
    #expect(bar(4, ProgressBar(fraction: .nan)) == "░░░░")
    #expect(bar(4, ProgressBar(fraction: nil)) == "░░░░")
    #expect(bar(4, ProgressBar(done: 1, total: 0)) == "░░░░")
  }

  @Test("A graph of few values joins them by straight lines where it is told to")
  func joinedGraph() {
    var graph = LineGraph([.init([0, 1])], decimals: 0)
    func text() -> String {
      row(0, of: drawn(4, 1) { buffer, area in graph.draw(in: &buffer, area: area) })
    }
    #expect(text() == "1│⣀⡏")
    graph.joinsValues = true
    #expect(text() == "1│⣠⠞")
    for values in [[], [Double.nan], [1], [.infinity, 2], [-1e308, 1e308]] {
      graph.curves = [.init(values)]
      _ = text()
    }
  }

  @Test("A sparkline shows the latest values, with gaps where there are none")
  func sparkline() {
    let line = Sparkline([9, 0, 1, .nan, 7, 3.5])
    let buffer = drawn(5, 1) { buffer, area in line.draw(in: &buffer, area: area) }
    #expect(row(0, of: buffer) == "▁▂ █▅")
    let flat = drawn(3, 1) { buffer, area in Sparkline([2, 2]).draw(in: &buffer, area: area) }
    #expect(row(0, of: flat) == "▅▅ ")
  }

  @Test("Graphs draw curves with braille beside an axis")
  func graphs() throws {
    let curve = (0..<60).map { 1 / Double($0 + 4) }
    let rising = (0..<30).map { Double($0) / 150 }
    try expectSnapshot(
      drawn(40, 6) { buffer, area in
        LineGraph([.init(curve), .init(rising, role: .graphSecond)], decimals: 2).draw(
          in: &buffer, area: area)
      }, named: "graph")
    for values in [[], [Double.nan], [1], [.infinity, 2], [-1e308, 1e308]] {
      _ = drawn(10, 1) { buffer, area in Sparkline(values).draw(in: &buffer, area: area) }
      _ = drawn(10, 3) { buffer, area in LineGraph([.init(values)]).draw(in: &buffer, area: area) }
    }
  }

  @Test("On a logarithmic scale equal factors are equal heights")
  func logarithmicGraph() {
    func graph(_ values: [Double], isLogarithmic: Bool) -> CellBuffer {
      drawn(30, 5) { buffer, area in
        LineGraph([.init(values)], decimals: 0, isLogarithmic: isLogarithmic).draw(
          in: &buffer, area: area)
      }
    }
    #expect(
      graph([1, 10, 100, 1000], isLogarithmic: true)
        == graph([1, 334, 667, 1000], isLogarithmic: false))
    #expect(
      graph([0, 1, 10, -3], isLogarithmic: true) == graph([.nan, 1, 10, .nan], isLogarithmic: true))
    for values in [[], [0, -1], [Double.nan, 1], [1e-300, 1e300]] {
      _ = graph(values, isLogarithmic: true)
    }
  }

  @Test("Dialogs are answered by letter or selection, with the safe answer first")
  func dialogs() throws {
    var dialog = Dialog.confirm(title: "Drop clip?", lines: ["B3 and what follows it."])
    try expectSnapshot(
      drawn(40, 8) { buffer, area in dialog.draw(in: &buffer, area: area) }, named: "dialog")
    #expect(dialog.handle(.enter) == .chosen(1))
    #expect(dialog.handle(.left) == .open)
    #expect(dialog.handle(.enter) == .chosen(0))
    #expect(dialog.handle(.character("y")) == .chosen(0))
    #expect(dialog.handle(.character("n")) == .chosen(1))
    #expect(dialog.handle(.character("z")) == .open)
    #expect(dialog.handle(.escape) == .cancelled)
    var message = Dialog.message(title: "Failed", lines: ["no such file"])
    #expect(message.handle(.enter) == .chosen(0))
  }

  @Test("The answers of a dialog are clicked")
  func dialogClicks() throws {
    let dialog = Dialog.confirm(title: "Drop clip?", lines: ["B3 and what follows it."])
    let buffer = drawn(40, 8) { buffer, area in dialog.draw(in: &buffer, area: area) }
    let answers: [(String, Key)] = [("[ Yes ]", .character("y")), ("[ No ]", .character("n"))]
    for (button, key) in answers {
      let line = try #require((0..<8).first { row($0, of: buffer).contains(button) })
      let text = row(line, of: buffer)
      let start = try #require(text.firstRange(of: button)).lowerBound
      let column = text.distance(from: text.startIndex, to: start)
      #expect(buffer.clickMeaning(column: column + 2, row: line) == .press(key))
      #expect(buffer.clickMeaning(column: column, row: line - 1) == nil)
    }
  }

  private let section = HelpSection(
    title: "Make",
    entries: [
      HelpEntry(
        keys: [.character("r"), .enter], name: "run", help: "run the job", command: "run"),
      HelpEntry(
        keys: [.character("x")], name: "stop+keep", help: "stop and keep the clip",
        command: "stop"),
    ])

  @Test("Hints show the first key, and a click on one presses it")
  func hints() {
    let hints = drawn(20, 1) { buffer, area in
      HintLine.draw(section.entries, in: &buffer, area: area)
    }
    #expect(row(0, of: hints) == "r run  x stop+keep  ")
    #expect(hints.clickMeaning(column: 9, row: 0) == .press(.character("x")))
    #expect(hints.clickMeaning(column: 5, row: 0) == nil)
  }

  @Test("A menu of what can be done is searched by words, and Enter does the selected line")
  func menu() throws {
    var menu = ActionMenu([section, HelpSection(title: "Lists", entries: Movement.helpEntries)])
    try expectSnapshot(
      drawn(50, 9) { buffer, area in menu.draw(in: &buffer, area: area) }, named: "menu")
    #expect(menu.handle(.down, page: 7) == .open)
    #expect(menu.handle(.enter, page: 7) == .run(section.entries[1]))
    _ = menu.handle(.character("G"), page: 7)
    #expect(menu.selectedEntry?.name == "next")
    for key in [Key.character("/")] + "run job".map({ Key.character($0) }) {
      _ = menu.handle(key, page: 7)
    }
    #expect(menu.selectedEntry == section.entries[0])
    try expectSnapshot(
      drawn(50, 9) { buffer, area in menu.draw(in: &buffer, area: area) }, named: "menu-search")
    #expect(menu.handle(.enter, page: 7) == .run(section.entries[0]))
    _ = menu.handle(.character("z"), page: 7)
    #expect(menu.selectedEntry == nil && menu.handle(.enter, page: 7) == .open)
    #expect(menu.handle(.escape, page: 7) == .open, "all is shown again")
    #expect(menu.handle(.character("?"), page: 7) == .closed)
    menu.paste("run")
    #expect(menu.query == nil, "no words are typed")
    _ = menu.handle(.character("/"), page: 7)
    menu.paste("keep the clip\n")
    #expect(menu.selectedEntry == section.entries[1])
  }

  @Test("A log follows its end until one goes back")
  func log() throws {
    var log = LogPane(capacity: 5)
    for number in 1...7 {
      log.append(.init("line \(number)", role: number == 6 ? .warning : .text))
    }
    #expect(log.lines.map(\.text) == ["line 3", "line 4", "line 5", "line 6", "line 7"])
    #expect(log.follows && log.state.selected == 4)
    let isHandled = log.handle(.character("k"), page: 3)
    #expect(isHandled)
    log.append(.init("line 8"))
    #expect(!log.follows && log.lines[log.state.selected].text == "line 6")
    #expect(log.handle(.character("G"), page: 3) && log.follows)
    try expectSnapshot(
      drawn(16, 3) { buffer, area in log.draw(in: &buffer, area: area) }, named: "log")
  }

  @Test("A search in a log is typed and pasted, and Enter is for nothing behind the log")
  func logSearch() {
    var log = LogPane()
    for number in 1...3 { log.append(.init("line \(number)")) }
    #expect(log.handle(.enter, page: 3) && !log.isUnmatched)
    #expect(log.handle(.character("/"), page: 3) && log.isTyping)
    log.paste("2\n", page: 3)
    #expect(log.state.selected == 1 && !log.follows)
    #expect(log.handle(.enter, page: 3) && !log.isTyping && !log.isUnmatched)
    for key in [Key.character("/"), .character("q"), .enter] { _ = log.handle(key, page: 3) }
    #expect(log.isUnmatched)
    let isTaken = log.handle(.character("h"), page: 3)
    #expect(!isTaken)
  }

  @Test("A player steps, loops and changes its speed")
  func player() {
    var player = Player(frameCount: 16, frameRate: 8)
    #expect(player.interval == .milliseconds(125))
    for _ in 0..<17 { player.advance() }
    #expect(player.frame == 1)
    #expect(player.statusText == "> 02/16  x1.0  loop")
    player.perform(.faster)
    #expect(player.interval == .milliseconds(62.5))
    for _ in 0..<2 { player.perform(.previous) }
    #expect(player.frame == 15 && player.interval == nil)
    player.perform(.loop)
    player.perform(.pause)
    #expect(player.frame == 0 && player.isPlaying, "playing on from the end starts again")
    for _ in 0..<20 { player.advance() }
    #expect(player.frame == 15 && !player.isPlaying)
    player.setFrameCount(4)
    #expect(player.frame == 3)
    for _ in 0..<9 { player.perform(.slower) }
    #expect(player.speed == 0.125)
    #expect(player.statusText == "= 4/4  x0.12  once")
    var empty = Player(frameCount: 0, frameRate: 8)
    empty.advance()
    empty.perform(.previous)
    #expect(
      empty.frame == 0 && empty.interval == nil && empty.statusText.hasPrefix("> 0/0") == false)
  }

  @Test("A picture is centred, converted once, and poorer when bytes are short")
  func images() throws {
    let image = try ImageFixtures.image(width: 32, height: 32) { column, row in
      (UInt8(column * 8), UInt8(row * 8), 77)
    }
    var context = ViewContext(
      capabilities: TerminalCapabilities(
        colorMode: .trueColor, isUTF8: true, isTerminal: true, size: .standard))
    func draw() -> CellBuffer {
      drawn(20, 5) { buffer, area in
        ImageView(image).draw(in: &buffer, area: area, context: context)
      }
    }
    let full = draw()
    #expect(full[4, 0].style.role == .text && full[5, 0].style.role == .image)
    #expect(full[14, 4].style.role == .image && full[15, 4].style.role == .text)
    #expect(draw() == full)
    #expect(context.imageCache.count == 1)
    context.imageDetail = .coarse
    for cell in draw().cells where cell.style.role == .image {
      if case .rgb(let red, _, _) = cell.style.foreground { #expect(red % 17 == 0) }
    }
    context.imageDetail = .ansi16
    for cell in draw().cells where cell.style.role == .image {
      if case .indexed(let index) = cell.style.foreground { #expect(index < 16) }
    }
    #expect(context.imageCache.count == 3)
  }

  @Test("The cache forgets the picture not used for longest")
  func cache() throws {
    let cache = ImageCache(maximumCells: 8)
    let renderer = ImageRenderer(colorMode: .trueColor)
    func use(_ level: UInt8) throws {
      let image = try ImageFixtures.flat(level, level, level)
      let cells = try cache.cells(of: image, renderer: renderer, columns: 2, rows: 2)
      #expect(cells.cells.count == 4)
    }
    for level in [1, 2, 1, 3, 1] as [UInt8] { try use(level) }
    #expect(cache.count == 2)
  }
}
