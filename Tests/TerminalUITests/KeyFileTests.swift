import TerminalUI
import Testing

/// Keys by their names, the file of a user's keys, and what is sent to the terminal beside pictures.
@Suite struct KeyFileTests {
  @Test("a key is found by the name that is shown for it")
  func names() {
    let keys: [Key] = [
      .character("r"), .character("R"), .control("r"), .space, .tab, .backTab, .enter, .escape,
      .pageDown, Key(.function(12)), Key(.character("3"), modifiers: .alt), .character("-"),
      Key(.up, modifiers: [.control, .shift]), .character("#"),
    ]
    for key in keys { #expect(Key(named: key.description) == key, "\(key)") }
    #expect(Key(named: "ctrl-R") == .control("r") && Key(named: "space") == .space)
    for name in ["", "Ctrl-", "Hyper-x", "rr", "F99"] {
      #expect(Key(named: name) == nil, "\(name)")
    }
  }

  @Test("what a file does not say rightly is told with its line")
  func problems() {
    let content = KeyFile.read(
      "run = 5\nstop = [\"x\", 7]\nundo = [\"u\", \"oops\"]\n", file: "k.toml",
      actions: ["run", "stop", "undo"])
    #expect(content.keys == ["undo": [.character("u")]])
    #expect(content.problems.count == 3 && content.problems.allSatisfy { $0.hasPrefix("k.toml:") })
    let broken = KeyFile.read("run = \n", file: "k.toml", actions: ["run"])
    #expect(broken.keys.isEmpty && broken.problems.count == 1)
  }

  @Test("the clipboard, the bell and an announcement, also through tmux")
  func signals() {
    func text(_ signal: TerminalSignal, modes: Bool = true, tmux: Bool = false) -> String {
      String(decoding: signal.bytes(understandsModes: modes, isThroughTmux: tmux), as: UTF8.self)
    }
    #expect(text(.copy("48213")) == "\u{1B}]52;c;NDgyMTM=\u{07}")
    #expect(text(.copy("48213"), modes: false).isEmpty, "what would be printed is not sent")
    #expect(text(.copy(String(repeating: "x", count: TerminalSignal.copyLimit + 1))).isEmpty)
    #expect(text(.bell, modes: false) == "\u{07}")
    #expect(text(.announce("done")) == "\u{1B}]9;done\u{07}\u{07}")
    #expect(text(.announce("a\u{1B}b")).contains("\u{1B}]9;a\\u{1b}b\u{07}"))
    #expect(
      text(.announce("done"), tmux: true) == "\u{1B}Ptmux;\u{1B}\u{1B}]9;done\u{07}\u{1B}\\\u{07}")
  }
}
