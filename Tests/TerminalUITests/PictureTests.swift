import Foundation
import TerminalUI
import TestSupport
import Testing

@Suite("Pictures of pixels")
struct PictureTests {
  // MARK: What covers what

  @Test("What is drawn on a picture covers it: the rest of it becomes characters")
  func covered() {
    let layer = PictureFixtures.layer(.kitty)
    var buffer = CellBuffer(columns: 20, rows: 6)
    buffer.place(PictureFixtures.placed(PictureFixtures.red))
    buffer.place(
      PictureFixtures.placed(
        PictureFixtures.blue, at: Rectangle(column: 12, row: 2, width: 6, height: 3)))
    var whole = buffer
    layer.divide(&whole, detail: .full, mode: .trueColor, cache: ImageCache())
    #expect(whole.pictures.map(\.image) == [PictureFixtures.red, PictureFixtures.blue])
    // A selection around it covers nothing; a dialog's corner does.
    buffer.restyle(Rectangle(column: 12, row: 2, width: 6, height: 3)) { $0.ground = .selection }
    buffer.write("dialog", column: 0, row: 4)
    layer.divide(&buffer, detail: .full, mode: .trueColor, cache: ImageCache())
    #expect(buffer.pictures.map(\.image) == [PictureFixtures.blue])
    #expect(buffer[4, 4].scalar == "o" && buffer[5, 4].scalar == "g")
    #expect(buffer[4, 2].style.background == .rgb(200, 10, 10))
    #expect(buffer[9, 4].style.background == .rgb(200, 10, 10))
  }

  @Test("Views draw pixels where the terminal shows them, with the shape of its characters")
  func view() {
    func drawn(_ grade: PictureGrade) -> CellBuffer {
      let context = ViewContext(
        capabilities: TerminalCapabilities(
          colorMode: .trueColor, isUTF8: true, isTerminal: true, size: .standard,
          pictureGrade: grade, cellPixels: CellPixels(width: 10, height: 15)))
      var buffer = CellBuffer(columns: 30, rows: 10)
      ImageView(PictureFixtures.red).draw(in: &buffer, area: buffer.bounds, context: context)
      return buffer
    }
    #expect(
      drawn(.kitty).pictures.map(\.area) == [Rectangle(column: 7, row: 0, width: 15, height: 10)])
    #expect(drawn(.cells).pictures.isEmpty)
    #expect(drawn(.cells)[5, 0].style.background == .rgb(200, 10, 10), "20 columns of 10 rows")
  }

  // MARK: Asking

  @Test("Terminals are asked in one go; what tmux would keep to itself is wrapped")
  func question() {
    func text(_ isThroughTmux: Bool) -> String {
      String(
        decoding: PictureQuestion(isThroughTmux: isThroughTmux).bytes, as: UTF8.self
      ).replacing("\u{1B}", with: "^")
    }
    #expect(text(false) == "^_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA^\\\r^[K^[16t^[c")
    #expect(
      text(true)
        == "^Ptmux;^^_Ga=t,i=32,s=1,v=1,f=24,q=2;AAAA^^\\^\\"
        + "^Ptmux;^^_Ga=p,i=32,p=1,U=1,P=32,Q=1^^\\^\\"
        + "^Ptmux;^^_Ga=f,i=32,s=1,v=1,f=24;AAAA^^\\^\\"
        + "^Ptmux;^^_Ga=d,d=I,i=32,q=2^^\\^\\^[16t^[c")
  }

  @Test(
    "Answers tell how pictures are shown, cut anywhere and with keys between them",
    arguments: [
      // kitty, WezTerm with both, foot, xterm without and with the VT340's sixels.
      ("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[6;16;8tj\u{1B}[?62;c", false, PictureGrade.kitty),
      ("\u{1B}_Gi=31;OK\u{1B}\\\u{1B}[6;20;10t\u{1B}[?65;4;6;18;22c", false, .kitty),
      ("\u{1B}[6;17;8tj\u{1B}[?62;4;22c", false, .sixel),
      ("\u{1B}[6;13;6t\u{1B}[?64;1;2;6c", false, .cells),
      ("j\u{1B}[6;13;6t\u{1B}[?63;1;2;4;6c", false, .sixel),
      // One that shows sixels and does not say how large a character is, and one that refuses.
      ("\u{1B}[?62;4;22c", false, .cells),
      ("\u{1B}_Gi=31;ENOTSUPPORTED:no\u{1B}\\\u{1B}[?62c", false, .cells),
      // In tmux: kitty; a terminal without places in text; one without frames; none at all.
      (
        "\u{1B}[?1;2c\u{1B}_Gi=32,p=1;EINVAL:Put command creating a virtual placement cannot refer"
          + " to a parent\u{1B}\\\u{1B}_Gi=32;OK\u{1B}\\", true, .kitty
      ),
      ("\u{1B}[?1;2c\u{1B}_Gi=32,p=1;OK\u{1B}\\\u{1B}_Gi=32;OK\u{1B}\\", true, .cells),
      (
        "\u{1B}_Gi=32,p=1;EINVAL: virtual placement cannot refer to a parent\u{1B}\\"
          + "\u{1B}_Gi=32;EINVAL: unimplemented action\u{1B}\\", true, .cells
      ),
      ("\u{1B}[?1;2c", true, .cells),
    ])
  func answers(bytes: String, isThroughTmux: Bool, grade: PictureGrade) {
    let bytes = Array(bytes.utf8)
    for cut in 0...bytes.count {
      var decoder = KeyDecoder()
      var layer = PictureLayer(isThroughTmux: isThroughTmux, isUTF8: true, seed: 1)
      var events: [TerminalEvent] = []
      let outputs =
        decoder.decode(bytes[..<cut], at: .zero)
        + decoder.decode(bytes[cut...], at: .milliseconds(20))
      for output in outputs {
        switch output {
        case .event(let event): events.append(event)
        case .answer(let answer): _ = layer.take(answer)
        }
      }
      #expect(layer.grade == grade, "cut at \(cut)")
      #expect(events.allSatisfy { $0 == .key(.character("j")) })
    }
  }

  @Test("What the user chose comes before what the terminal said, and no colours mean no pictures")
  func choice() throws {
    var layer = PictureLayer(isThroughTmux: false, isUTF8: true, seed: 1)
    _ = layer.take(.graphics("i=31;OK"))
    #expect(layer.grade == .kitty)
    _ = PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.red)])
    let given = layer.use(.cells, mode: .trueColor, systemPixels: nil)
    #expect(layer.grade == .cells)
    #expect(String(decoding: given, as: UTF8.self) == "\u{1B}_Ga=d,d=I,i=2000,q=2\u{1B}\\")
    _ = layer.use(.sixel, mode: .trueColor, systemPixels: nil)
    #expect(layer.grade == .sixel && layer.cellPixels == CellPixels(width: 10, height: 20))
    _ = layer.use(nil, mode: .mono, systemPixels: nil)
    #expect(layer.grade == .cells)
    _ = layer.use(nil, mode: .ansi16, systemPixels: nil)
    #expect(layer.grade == .kitty)
    #expect(PictureGrade.parse(option: "Kitty") == .some(.kitty))
    #expect(PictureGrade.parse(option: "auto") == .some(nil))
    #expect(PictureGrade.parse(option: "iterm") == nil)
  }
}
