import TerminalUI
import Testing

@Suite("What a terminal can show")
struct TerminalCapabilitiesTests {
  private func mode(
    _ environment: [String: String], option: String? = nil, terminal: Bool = true,
    colors: Int? = nil
  ) throws -> ColorMode {
    try TerminalCapabilities.detect(
      colorOption: option, environment: environment,
      probe: TerminalProbe(isTerminal: terminal, terminfoColors: colors)
    ).colorMode
  }

  @Test("The option comes before everything else")
  func optionWins() throws {
    let environment = ["NO_COLOR": "1", "COLORTERM": "truecolor", "TERM": "dumb"]
    #expect(try mode(environment, option: "256") == .indexed256)
    #expect(try mode(environment, option: "16", terminal: false) == .ansi16)
    #expect(try mode(environment, option: "truecolor", terminal: false) == .trueColor)
    #expect(try mode(["COLORTERM": "truecolor"], option: "mono") == .mono)
    #expect(try mode(["COLORTERM": "truecolor"], option: "auto") == .trueColor)
  }

  @Test("An unknown option is an error that names the choices")
  func unknownOption() {
    #expect(throws: TerminalError.unknownColorMode("lots")) { try mode([:], option: "lots") }
    #expect(TerminalError.unknownColorMode("lots").description.contains("truecolor"))
  }

  @Test("NO_COLOR turns colours off, unless it is empty")
  func noColor() throws {
    #expect(try mode(["NO_COLOR": "1", "COLORTERM": "truecolor"]) == .mono)
    #expect(try mode(["NO_COLOR": "", "COLORTERM": "truecolor"]) == .trueColor)
  }

  @Test("A pipe and a dumb terminal get no colours")
  func noTerminal() throws {
    #expect(try mode(["COLORTERM": "truecolor"], terminal: false) == .mono)
    #expect(try mode(["TERM": "dumb", "COLORTERM": "truecolor"]) == .mono)
  }

  @Test("COLORTERM comes before terminfo")
  func colorTerm() throws {
    #expect(try mode(["COLORTERM": "truecolor"], colors: 8) == .trueColor)
    #expect(try mode(["COLORTERM": "24bit"], colors: 256) == .trueColor)
    #expect(try mode(["COLORTERM": "yes"], colors: 256) == .indexed256)
  }

  @Test(
    "terminfo's number of colours decides next",
    arguments: [
      (16_777_216, ColorMode.trueColor), (256, .indexed256), (88, .ansi16), (16, .ansi16),
      (8, .ansi16), (-1, .mono), (0, .mono),
    ])
  func terminfo(colors: Int, expected: ColorMode) throws {
    #expect(try mode(["TERM": "xterm-256color"], colors: colors) == expected)
  }

  @Test("Without a terminfo entry the name tells")
  func termName() throws {
    #expect(try mode(["TERM": "foot-direct"]) == .trueColor)
    #expect(try mode(["TERM": "screen-256color"]) == .indexed256)
    #expect(try mode(["TERM": "something"]) == .ansi16)
    #expect(try mode([:]) == .mono)
  }

  @Test(
    "The locale's character set comes from the first variable that is set",
    arguments: [
      (["LANG": "de_DE.UTF-8"], true), (["LANG": "C.utf8"], true), (["LANG": "C"], false),
      (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false), ([:], false),
      (["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"], true),
      // As macOS sends it over SSH, and a locale that nobody knows.
      (["LC_CTYPE": "UTF-8"], true), (["LC_CTYPE": "UTF-8", "LANG": "C"], true),
      (["LANG": "tlh_QO.UTF-8"], true), (["LC_CTYPE": "POSIX"], false),
      (["LANG": "ca_ES.UTF-8@valencia"], true), (["LANG": "de_DE.ISO-8859-1"], false),
    ])
  func characterSet(environment: [String: String], expected: Bool) throws {
    let found = try TerminalCapabilities.detect(
      environment: environment, probe: TerminalProbe(isTerminal: true))
    #expect(found.isUTF8 == expected)
  }

  @Test("The size comes from the terminal, then the environment, then 80x24")
  func size() throws {
    func size(_ probe: TerminalSize?, _ environment: [String: String]) throws -> TerminalSize {
      try TerminalCapabilities.detect(
        environment: environment, probe: TerminalProbe(isTerminal: true, size: probe)
      ).size
    }
    let large = TerminalSize(columns: 160, rows: 48)
    #expect(try size(large, ["COLUMNS": "100"]) == large)
    #expect(
      try size(nil, ["COLUMNS": "100", "LINES": "30"]) == TerminalSize(columns: 100, rows: 30))
    #expect(try size(nil, ["COLUMNS": "-3", "LINES": "x"]) == .standard)
    #expect(try size(nil, ["COLUMNS": "65535", "LINES": "9223372036854775807"]) == .largest)
  }

  @Test("Pictures use the characters that are safe")
  func symbols() {
    func symbols(_ mode: ColorMode, utf8: Bool) -> SymbolSet {
      TerminalCapabilities(
        colorMode: mode, isUTF8: utf8, isTerminal: true, size: .standard
      ).symbols
    }
    #expect(symbols(.trueColor, utf8: true) == .halfBlocks)
    #expect(symbols(.mono, utf8: true) == .quadrants)
    #expect(symbols(.trueColor, utf8: false) == .ascii)
  }
}
