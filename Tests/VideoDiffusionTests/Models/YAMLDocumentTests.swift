import Foundation
import Testing
import VideoDiffusion

@Suite struct YAMLDocumentTests {
  private func problem(_ text: String) -> String {
    do {
      _ = try YAMLDocument(text)
      return ""
    } catch {
      return error.description
    }
  }

  @Test("aliases stand for what was anchored, and merges bring members along")
  func aliases() throws {
    let tree = try YAMLDocument(
      """
      base: &base {heads: 4, width: 32}
      list: &list [1, 2, 3]
      again: *list
      own:
        <<: *base
        heads: 8
      both: {<<: [*base, {depth: 2}], name: "*base"}
      key: &key width
      """
    ).root
    #expect(tree["again"]?.sequence?.compactMap(\.int) == [1, 2, 3])
    #expect(tree["own"]?["heads"]?.int == 8 && tree["own"]?["width"]?.int == 32)
    #expect(tree["both"]?["depth"]?.int == 2 && tree["both"]?["heads"]?.int == 4)
    // An asterisk in a text is one.
    #expect(tree["both"]?["name"]?.string == "*base")
    #expect(tree["key"]?.string == "width")
  }

  @Test("an anchor's later meaning counts, and an unknown one is refused")
  func anchors() throws {
    let tree = try YAMLDocument("a: &x 1\nb: *x\nc: &x 2\nd: *x").root
    #expect(tree["b"]?.int == 1 && tree["d"]?.int == 2)
    #expect(problem("a: *nowhere").contains("stands for nothing"))
    #expect(problem("a: &x [*x]").contains("stands for nothing"))
  }

  @Test("short texts that stand for trees without end are refused at once")
  func laughs() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...40 {
      let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(names)]\n"
    }
    #expect(problem(text).contains("stands for more than"))
    // As keys, which the parser compares.
    #expect(!problem(text + "? *a40\n: 1\n? *a39\n: 2\n").isEmpty)
  }

  @Test("deep, large, empty and damaged texts are refused")
  func bounds() {
    let nested = { (depth: Int) in
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(problem(nested(40)).isEmpty)
    #expect(problem(nested(400)).contains("nested"))
    #expect(!problem(nested(100_000)).isEmpty)
    #expect(problem(String(repeating: "x", count: 1 << 19)).contains("larger than 256 KiB"))
    #expect(problem("[" + String(repeating: "1,", count: 60_000) + "]").contains("more than 50000"))
    #expect(problem("").contains("empty"))
    #expect(problem("a: [1").contains("neither JSON nor YAML"))
    #expect(problem("? [a, b]\n: 1").contains("key"))
  }
}
