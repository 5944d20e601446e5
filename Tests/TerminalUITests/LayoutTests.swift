import TerminalUI
import Testing

@Suite("Layout")
struct LayoutTests {
  private func widths(_ width: Int, gap: Int = 0, _ parts: [Layout.Part]) -> [Int] {
    Layout.split(
      Rectangle(column: 0, row: 0, width: width, height: 1), .horizontal, gap: gap, parts
    ).map(\.width)
  }

  @Test("Fixed parts and fractions come first, the rest is shared by weight")
  func shares() {
    #expect(widths(80, [.fixed(20), .fill()]) == [20, 60])
    #expect(widths(80, [.fraction(0.25), .fill(), .fill(2)]) == [20, 20, 40])
    #expect(widths(80, gap: 1, [.fill(), .fill(), .fill()]) == [26, 26, 26])
    #expect(widths(11, [.fill(), .fill(), .fill()]) == [4, 4, 3])
  }

  @Test("Limits hold while there is room")
  func limits() {
    #expect(widths(100, [.fraction(0.5).limited(0, 30), .fill()]) == [30, 70])
    #expect(widths(100, [.fill().limited(0, 10), .fill()]) == [10, 90])
    #expect(widths(40, [.fill().limited(30), .fill()]) == [35, 5])
    #expect(widths(20, [.fixed(15), .fill().limited(10)]) == [15, 5])
  }

  @Test("Parts never leave the area and never overlap")
  func containment() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      let parts = (0..<Int.random(in: 1...5, using: &generator)).map { _ -> Layout.Part in
        let size = Int.random(in: 0...40, using: &generator)
        let part: Layout.Part =
          switch Int.random(in: 0...2, using: &generator) {
          case 0: .fixed(size)
          case 1: .fraction(Double(size) / 40)
          default: .fill(size)
          }
        return part.limited(Int.random(in: 0...10, using: &generator), 30)
      }
      let area = Rectangle(
        column: 3, row: 2, width: Int.random(in: 0...60, using: &generator), height: 4)
      let places = Layout.split(
        area, .horizontal, gap: Int.random(in: 0...2, using: &generator), parts)
      var end = area.column
      for place in places {
        #expect(place.column >= end && place.endColumn <= area.endColumn)
        end = place.endColumn
      }
    }
  }

  @Test("A border has its texts, and an area too small for one has no inside")
  func border() throws {
    let buffer = drawn(20, 4) { buffer, area in
      let border = Border(
        title: "Preview", subtitle: "x0, linear", footer: "> 07/16", isFocused: true)
      let inner = border.draw(in: &buffer, area: area)
      #expect(inner == Rectangle(column: 1, row: 1, width: 18, height: 2))
    }
    try expectSnapshot(buffer, named: "border")
    var small = CellBuffer(columns: 5, rows: 1)
    #expect(Border(title: "x").draw(in: &small, area: small.bounds).isEmpty)
    #expect(row(0, of: small) == "     ")
  }

  @Test("A window too small says so, even at 1x1")
  func tooSmall() throws {
    try expectSnapshot(
      drawn(30, 5) { buffer, _ in
        TooSmallView.draw(in: &buffer, minimum: TerminalSize(columns: 80, rows: 24))
      }, named: "too-small")
    for (columns, rows) in [(1, 1), (0, 0), (3, 1), (1, 3)] {
      _ = drawn(columns, rows) { buffer, _ in
        TooSmallView.draw(in: &buffer, minimum: .standard)
      }
    }
  }
}
