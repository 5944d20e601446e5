import Foundation
import HandwrittenText
import TerminalUI
import Testing

@Suite("Themes")
struct ThemeTests {
  @Test("A theme has a name, a palette and the looks of roles")
  func reading() throws {
    let (theme, issues) = try ThemeLoader.load(
      """
      name = "Test"
      [palette]
      ink = "#102030"
      [roles]
      text = { fg = "ink", bg = "default" }
      title = { fg = "bright-red", bold = true }
      accent = 75
      error = { bg = 9, reverse = true, dim = false }
      """, file: "test.toml")
    #expect(issues.isEmpty)
    #expect(theme.name == "Test")
    #expect(theme.resolve(Style(.text)).foreground == .rgb(0x10, 0x20, 0x30))
    #expect(
      theme.resolve(Style(.title))
        == ResolvedStyle(foreground: .indexed(9), attributes: .bold))
    #expect(theme.resolve(Style(.accent)).foreground == .indexed(75))
    #expect(
      theme.resolve(Style(.error))
        == ResolvedStyle(
          foreground: .rgb(0x10, 0x20, 0x30), background: .indexed(9), attributes: .reverse))
    #expect(
      theme.resolve(Style(.key)) == theme.resolve(Style(.text)), "a missing role looks like text")
    #expect(
      theme.resolve(Style(.title, foreground: .indexed(1), attributes: .dim))
        == ResolvedStyle(foreground: .indexed(1), attributes: [.bold, .dim]))
  }

  @Test("Mistakes are reported with their line and what was meant, and the rest is used")
  func issues() throws {
    let (theme, issues) = try ThemeLoader.load(
      """
      nmae = "Test"
      [roles]
      tilte = { fg = "red" }
      error = { fg = "rde", bold = "yes", blod = true }
      accent = "#12345"
      key = 256
      text = true
      title = "green"
      zzzzzz = 1
      """, file: "bad.toml")
    #expect(theme.name == "bad")
    #expect(theme.resolve(Style(.title)).foreground == .indexed(2))
    let texts = issues.map(\.description)
    #expect(texts.contains("bad.toml:1: unknown key 'nmae'; did you mean 'name'?"))
    #expect(texts.contains("bad.toml:3: unknown key 'tilte'; did you mean 'title'?"))
    #expect(
      texts.contains { $0.hasPrefix("bad.toml:4: 'rde' is no colour") && $0.contains("'red'") })
    #expect(texts.contains("bad.toml:4: 'bold' must be true or false"))
    #expect(texts.contains("bad.toml:4: unknown key 'blod'; did you mean 'bold'?"))
    #expect(texts.contains { $0.hasPrefix("bad.toml:5: '#12345' is no colour") })
    #expect(texts.contains { $0.hasPrefix("bad.toml:6: '256' is no colour") })
    #expect(texts.contains("bad.toml:7: 'text' must be a colour"))
    #expect(texts.contains("bad.toml:9: unknown key 'zzzzzz'"))
    #expect(issues.count == 9)
  }

  @Test("A file that is no TOML is an error with its place")
  func syntax() {
    #expect {
      try ThemeLoader.load("name = \"x\"\n[roles\n", file: "x.toml")
    } throws: { error in
      guard case .unreadableTheme("x.toml", let line, _, _)? = error as? TerminalError else {
        return false
      }
      return line == 2 || line == 3
    }
    #expect(throws: TerminalError.self) { try ThemeLoader.load(path: "/no/such/theme.toml") }
  }

  @Test("The themes of the project have no mistakes and tell roles apart")
  func shippedThemes() throws {
    let directory = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "themes")
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      .filter { $0.hasSuffix(".toml") }
    #expect(files.count >= 6)
    for file in files {
      let (theme, issues) = try ThemeLoader.load(path: directory.appending(path: file).path)
      #expect(issues.isEmpty, "\(file)")
      let text = theme.resolve(Style(.text))
      for role in [Role.selection, .match, .error, .title, .key] {
        #expect(theme.resolve(Style(role)) != text, "\(file) \(role)")
        #expect(
          theme.resolve(Style(role)).reduced(to: .mono) != text.reduced(to: .mono)
            || theme.resolve(Style(role)).attributes.isEmpty == false || role == .match,
          "\(file) \(role) without colours")
      }
    }
  }

  @Test("Names a slip away are found, others are not")
  func suggestions() {
    #expect(NearestName.distance("kitten", "sitting") == 3)
    #expect(NearestName.distance("ab", "ba") == 1)
    #expect(NearestName.distance("", "abc") == 3)
    #expect(NearestName.distance("abc", "") == 3)
    #expect(NearestName.find("boarder", in: ["border", "text"]) == "border")
    #expect(NearestName.find("banana", in: ["border", "text"]) == nil)
  }

  @Test(
    "A table without a name is refused, which the parser would end the program over",
    arguments: [
      ("[=", 1), ("[[[a]]]", 1), ("[ \n", 1), ("x = 1\n  [ .a]", 2), ("[[ =]]", 1),
      // A mark that makes one character of itself and the bracket, spaces that TOML does not know, and
      // quotation marks that begin no text.
      ("[\u{65C}a]", 1), ("\u{A0}[=]", 1), ("# \"\"\"\n[=]", 2), ("x = \"\"\"\n[=\n\"\"\"", 2),
    ])
  func brokenHeaders(text: String, line: Int) {
    #expect(throws: TerminalError.self) { try ThemeLoader.load(text, file: "x.toml") }
    #expect(TOMLPitfall.first(in: text)?.line == line)
  }

  @Test(
    "A brace in the place of an array's value is refused, which the parser would end the program over",
    arguments: [
      ("x = [}", 1), ("x = [ }\n", 1), ("x = [1, # c }\n\n }", 3), ("x = {y=[[}}", 1),
      ("x = [\u{2028}}", 2), ("y = 1\nx=[\u{A0}}", 2),
    ])
  func strayBraces(text: String, line: Int) {
    #expect(throws: TerminalError.self) { try ThemeLoader.load(text, file: "x.toml") }
    #expect(TOMLPitfall.first(in: text)?.line == line)
  }

  @Test(
    "A time of one digit after a date is refused, which the parser would end the program over",
    arguments: [
      ("r---= 2=3--C---= 2]\u{1}--{", 1), ("x = [1979-05-27 7]", 1), ("x = 1979-05-27 7 # c", 1),
      ("x = [\n# c\n1979-05-27 7,\n]", 3), ("x = 1_979-05-27 7}", 1),
      ("x = 1979-05-27_ 7\u{A0}", 1),
    ])
  func clippedTimes(text: String, line: Int) {
    #expect(throws: TerminalError.self) { try ThemeLoader.load(text, file: "x.toml") }
    #expect(TOMLPitfall.first(in: text)?.line == line)
  }

  @Test("Headers, arrays, tables and times that are sound are left alone")
  func soundBrackets() {
    for text in [
      "x = 1979-05-27 07:32:00", "x = [1979-05-27, 1979-05-28 ]", "x = 1979-05-27 # 7 ",
      "x = 2 # 1979-05-27 7 ", "x = 1979-05-27 7",
      "[a]", " [ a ]", "[[ \"b c\" ]]", "['d']", "x = [\n1]", "x = {}", "x = [{a = [1, 2]}, {}]",
      "x = [1, # }\n2,\n]", "x = { y = [] }",
    ] {
      #expect(TOMLPitfall.first(in: text) == nil)
    }
  }
}
