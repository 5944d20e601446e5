import Foundation
import TerminalUI
import TestSupport
import Testing

@Suite("Pictures of pixels")
struct PictureTests {
  private static let red = picture(200, 10, 10)
  private static let green = picture(10, 200, 10)
  private static let blue = picture(10, 10, 200)

  /// One colour all over.
  private static func picture(_ red: UInt8, _ green: UInt8, _ blue: UInt8, side: Int = 2)
    -> PixelImage
  {
    let pixels = Array(repeating: [red, green, blue], count: side * side).flatMap { $0 }
    guard let image = try? PixelImage(width: side, height: side, bytes: pixels) else {
      preconditionFailure("the bytes are as many as the pixels need")
    }
    return image
  }

  private static let place = Rectangle(column: 4, row: 2, width: 6, height: 3)

  private static func placed(_ image: PixelImage, at area: Rectangle = place) -> PlacedPicture {
    PlacedPicture(image, area: area, symbols: .halfBlocks)
  }

  /// A layer that shows pictures in a way, as numbered by 7.
  private static func layer(_ grade: PictureGrade, isThroughTmux: Bool = false) -> PictureLayer {
    var layer = PictureLayer(isThroughTmux: isThroughTmux, isUTF8: true, seed: 7)
    #expect(
      layer.use(
        grade, mode: .trueColor, systemPixels: CellPixels(width: 8, height: 16)) == [])
    return layer
  }

  private static func show(
    _ layer: inout PictureLayer, _ pictures: [PlacedPicture], keeps: Bool = false,
    detail: ImageDetail = .full, limit: Int? = nil
  ) -> PictureUpdate {
    layer.show(pictures, keeps: keeps, detail: detail, limit: limit)
  }

  private static func text(_ update: PictureUpdate) -> String {
    String(decoding: update.bytes, as: UTF8.self).replacing("\u{1B}", with: "^")
  }

  /// The picture as PNG in base 64, as commands carry it.
  private static func payload(_ text: String) -> String {
    String(text.prefix { $0 != "^" })
  }

  // MARK: kitty

  @Test("kitty is sent each picture once, and then its number alone")
  func kittyLoop() throws {
    var layer = Self.layer(.kitty)
    let first = Self.text(Self.show(&layer, [Self.placed(Self.red)]))
    let head = "^_Ga=t,f=100,i=8000,q=2;"
    #expect(first.hasPrefix(head))
    let png = try #require(
      Data(base64Encoded: Self.payload(String(first.dropFirst(head.count)))))
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    #expect(
      first.dropFirst(head.count + png.base64EncodedString().count)
        == "^\\^7^[3;5H^_Ga=p,i=8000,p=1,c=6,r=3,C=1,q=2^\\^8")
    #expect(Self.show(&layer, [Self.placed(Self.red)]).bytes.isEmpty, "it is there")

    let second = Self.text(Self.show(&layer, [Self.placed(Self.green)]))
    #expect(second.hasPrefix("^_Ga=t,f=100,i=8001,q=2;"))
    #expect(
      second.hasSuffix(
        "^\\^7^[3;5H^_Ga=p,i=8001,p=1,c=6,r=3,C=1,q=2^\\^8^_Ga=d,d=i,i=8000,p=1,q=2^\\"))
    #expect(
      Self.text(Self.show(&layer, [Self.placed(Self.red)]))
        == "^7^[3;5H^_Ga=p,i=8000,p=1,c=6,r=3,C=1,q=2^\\^8^_Ga=d,d=i,i=8001,p=1,q=2^\\")
    #expect(Self.text(Self.show(&layer, [])) == "^_Ga=d,d=i,i=8000,p=1,q=2^\\")
    #expect(
      String(decoding: layer.noteClearedScreen(), as: UTF8.self)
        .replacing("\u{1B}", with: "^") == "^_Ga=d,d=I,i=8000,q=2^\\^_Ga=d,d=I,i=8001,q=2^\\")
    let again = Self.text(Self.show(&layer, [Self.placed(Self.red)]))
    #expect(again.hasPrefix("^_Ga=t,f=100,i=8002"), "a clear screen takes all pictures along")
  }

  @Test("A loop of 16 frames over a slow line costs less than 2 KB a second after its first pass")
  func kittyRate() {
    var layer = Self.layer(.kitty)
    let loop = (0..<16).map { Self.placed(Self.picture(UInt8($0 * 16), 9, 9, side: 64)) }
    for frame in loop { _ = Self.show(&layer, [frame]) }
    let second = loop.prefix(10).map { Self.show(&layer, [$0], keeps: true) }
    #expect(second.allSatisfy { !$0.bytes.isEmpty && $0.newBytes == 0 && !$0.isHeldBack })
    // With the marks of a frame that is shown as a whole, 16 bytes each.
    #expect(second.reduce(0) { $0 + $1.bytes.count + 16 } < 1_500)
  }

  @Test("Long pictures go in pieces, of which all but the last have a length of whole groups")
  func kittyPieces() throws {
    var layer = Self.layer(.kitty)
    var generator = SeededGenerator(seed: 3)
    let noise = try PixelImage(
      width: 64, height: 64,
      bytes: (0..<(3 * 64 * 64)).map { _ in UInt8.random(in: 0...255, using: &generator) })
    let text = Self.text(Self.show(&layer, [Self.placed(noise)]))
    let pieces = text.split(separator: "^_G").prefix { $0.contains(";") }.map {
      $0.split(separator: ";", maxSplits: 1)
    }
    #expect(pieces.first?[0] == "a=t,f=100,i=8000,q=2,m=1")
    #expect(pieces.dropFirst().dropLast().allSatisfy { $0[0] == "m=1,q=2" })
    #expect(pieces.last?[0] == "m=0,q=2" && pieces.count == 5)
    let data = pieces.map { $0[1].prefix { $0 != "^" } }
    #expect(data.dropLast().allSatisfy { $0.count == 4_096 })
    #expect(Data(base64Encoded: data.joined())?.count ?? 0 > 3 * 64 * 64)
  }

  @Test("The same picture at two places is sent once, and either goes without the other")
  func kittyTwice() {
    var layer = Self.layer(.kitty)
    let other = Rectangle(column: 20, row: 2, width: 6, height: 3)
    let both = [Self.placed(Self.red), Self.placed(Self.red, at: other)]
    let text = Self.text(Self.show(&layer, both))
    #expect(text.split(separator: "a=t").count == 2, "one upload, before which there is a head")
    #expect(text.contains("i=8000,p=1,c=6") && text.contains("i=8000,p=2,c=6"))
    #expect(
      Self.text(Self.show(&layer, [both[1]])) == "^_Ga=d,d=i,i=8000,p=1,q=2^\\")
  }

  @Test(
    "While bytes are short, known pictures move on and new ones wait, the old one in their place")
  func kittyHeldBack() {
    var layer = Self.layer(.kitty)
    for image in [Self.red, Self.green] { _ = Self.show(&layer, [Self.placed(image)]) }
    let known = Self.show(&layer, [Self.placed(Self.red)], keeps: true)
    #expect(known.newBytes == 0 && !known.isHeldBack && !known.bytes.isEmpty)
    let new = Self.show(&layer, [Self.placed(Self.blue)], keeps: true)
    #expect(new.bytes.isEmpty && new.isHeldBack)
    #expect(Self.text(Self.show(&layer, [Self.placed(Self.blue)])).contains("a=t,f=100,i=8002"))
  }

  @Test("No more new pictures go in a frame than a quarter of a second bears, but at least one")
  func kittyShare() {
    var layer = Self.layer(.kitty)
    let pictures = (0..<6).map { index in
      Self.placed(
        Self.picture(UInt8(index * 40), 3, 3),
        at: Rectangle(column: 7 * index, row: 0, width: 6, height: 3))
    }
    var frames = 0
    var update = PictureUpdate()
    repeat {
      update = Self.show(&layer, pictures, limit: 100)
      #expect(update.newBytes > 0)
      frames += 1
    } while update.isHeldBack && frames < 10
    #expect(frames == 6)
    #expect(Self.show(&layer, pictures).bytes.isEmpty)
  }

  @Test("A picture that went coarse over a slow line is sent again when there is room")
  func kittyDetail() throws {
    var layer = Self.layer(.kitty)
    let picture = Self.placed(Self.picture(50, 60, 70, side: 256))
    func side(_ update: PictureUpdate) throws -> UInt8 {
      let text = Self.text(update)
      let data = try #require(text.split(separator: ";").dropFirst().first)
      let png = try #require(Data(base64Encoded: Self.payload(String(data))))
      // The width stands in bytes 16 to 19 of a PNG; here its third and fourth.
      return png[18] == 1 ? 255 : png[19]
    }
    #expect(try side(Self.show(&layer, [picture], detail: .rare)) == 64)
    let poor = Self.show(&layer, [picture], keeps: true, detail: .full)
    #expect(poor.bytes.isEmpty && poor.isHeldBack)
    let fine = Self.show(&layer, [picture], detail: .full)
    #expect(try side(fine) == 255)
    #expect(Self.text(fine).hasSuffix("^_Ga=d,d=I,i=8000,q=2^\\^_Ga=d,d=i,i=8000,p=1,q=2^\\"))
    #expect(Self.show(&layer, [picture], detail: .rare).bytes.isEmpty, "never poorer again")
  }

  @Test("The terminal keeps a bounded number of pictures, those shown last")
  func kittyRoom() {
    var layer = Self.layer(.kitty)
    var kept: Set<String> = []
    for index in 0..<700 {
      let image = Self.picture(UInt8(index % 256), UInt8(index / 256), 1)
      let text = Self.text(Self.show(&layer, [Self.placed(image)]))
      for command in text.split(separator: "^_G") {
        let number = command.prefix { $0 != ";" && $0 != "^" }.split(separator: ",").first {
          $0.hasPrefix("i=")
        }
        if command.hasPrefix("a=t") { kept.insert(String(number ?? "")) }
        if command.hasPrefix("a=d,d=I") { kept.remove(String(number ?? "")) }
      }
    }
    #expect(kept.count == 512 && kept.contains("i=8699") && !kept.contains("i=8000"))
  }

  // MARK: tmux

  @Test("Through tmux, text stands for a picture, and a loop is the frames of one picture")
  func placeholders() {
    var layer = Self.layer(.kitty, isThroughTmux: true)
    let area = Rectangle(column: 1, row: 0, width: 2, height: 2)
    let number = 8 << 24 | 1
    func wrapped(_ command: String) -> String { "^Ptmux;^^_G\(command),q=2^^\\^\\" }
    let first = Self.text(Self.show(&layer, [Self.placed(Self.red, at: area)]))
    #expect(first.hasPrefix("^Ptmux;^^_Ga=t,i=\(number),f=100,q=2;"))
    let marks = PlaceholderText.marks
    func cell(_ row: Int, _ column: Int) -> String {
      "\u{10EEEE}\(marks[row])\(marks[column])\(marks[8])"
    }
    #expect(
      first.hasSuffix(
        wrapped("a=p,U=1,i=\(number),c=2,r=2")
          + "^7^[1;2H^[38;5;1m\(cell(0, 0))\(cell(0, 1))^[39m"
          + "^[2;2H^[38;5;1m\(cell(1, 0))\(cell(1, 1))^[39m^8"))
    let second = Self.text(Self.show(&layer, [Self.placed(Self.green, at: area)]))
    #expect(second.hasPrefix("^Ptmux;^^_Ga=f,i=\(number),f=100,q=2;"))
    #expect(second.hasSuffix(wrapped("a=a,i=\(number),c=2")))
    #expect(
      Self.text(Self.show(&layer, [Self.placed(Self.red, at: area)]))
        == wrapped("a=a,i=\(number),c=1"))
    let held = Self.show(&layer, [Self.placed(Self.blue, at: area)], keeps: true)
    #expect(held.bytes.isEmpty && held.isHeldBack)
    #expect(Self.text(Self.show(&layer, [])) == wrapped("a=d,d=I,i=\(number)"))
  }

  @Test("Rows and columns of a picture in text have the marks of the protocol")
  func marks() {
    // From the protocol's list: the first, some between, and the last of 297.
    let marks = PlaceholderText.marks.map(\.value)
    #expect(marks.count == 297)
    #expect(marks.prefix(6) == [0x305, 0x30D, 0x30E, 0x310, 0x312, 0x33D])
    #expect(marks[29] == 0x36F && marks[30] == 0x483 && marks[35] == 0x592)
    #expect(marks[296] == 0x1D244 && marks[284] == 0x10A38)
  }

  // MARK: Sixels

  /// Red at the left, blue at the right.
  private static let halves: PixelImage = {
    let row =
      Array(repeating: [UInt8(200), 10, 10], count: 4) + Array(repeating: [10, 10, 200], count: 4)
    let pixels = Array(repeating: row.flatMap { $0 }, count: 8).flatMap { $0 }
    guard let image = try? PixelImage(width: 8, height: 8, bytes: pixels) else {
      preconditionFailure("the bytes are as many as the pixels need")
    }
    return image
  }()

  /// The colours of the pixels that sixels draw, in percent, row after row (DEC STD 070: `#n` chooses a colour
  /// and `#n;2;r;g;b` defines one, `!n` repeats, `$` goes back, `-` goes to the next six rows).
  private static func pixels(ofSixels text: String) -> [[Int]] {
    var colors: [Int: [Int]] = [:]
    var rows: [[[Int]]] = []
    var (color, column, band, repeats) = (0, 0, 0, 1)
    var rest = Substring(text)
    func numbers() -> [Int] {
      let digits = rest.prefix { $0.isNumber || $0 == ";" }
      rest = rest.dropFirst(digits.count)
      return digits.split(separator: ";").compactMap { Int($0) }
    }
    while let letter = rest.popFirst() {
      switch letter {
      case "#":
        let values = numbers()
        color = values[0]
        if values.count == 5 { colors[color] = Array(values[2...]) }
      case "!": repeats = numbers()[0]
      case "$": column = 0
      case "-": (column, band) = (0, band + 1)
      default:
        let bits = Int(letter.asciiValue ?? 63) - 63
        while rows.count < 6 * (band + 1) { rows.append([]) }
        for _ in 0..<repeats {
          for bit in 0..<6 {
            while rows[6 * band + bit].count <= column { rows[6 * band + bit].append([]) }
            if bits & (1 << bit) != 0 { rows[6 * band + bit][column] = colors[color] ?? [] }
          }
          column += 1
        }
        repeats = 1
      }
    }
    return rows.flatMap { $0 }
  }

  @Test("A picture of sixels is chafa's, where the cursor is put for it")
  func sixel() {
    var layer = Self.layer(.sixel)
    let area = Rectangle(column: 1, row: 0, width: 2, height: 3)
    let text = Self.text(Self.show(&layer, [Self.placed(Self.halves, at: area)]))
    let head = "^7^[1;2H^P0;1;0q\"1;1;16;48"
    #expect(text.hasPrefix(head) && text.hasSuffix("^\\^8"))
    let pixels = Self.pixels(ofSixels: String(text.dropFirst(head.count).dropLast(4)))
    #expect(pixels.count == 16 * 48)
    // Percent of each channel; in the middle chafa mixes the two.
    #expect((0..<5).allSatisfy { pixels[$0] == [78, 3, 3] })
    #expect((11..<16).allSatisfy { pixels[47 * 16 + $0] == [3, 3, 78] })
    #expect(Self.show(&layer, [Self.placed(Self.halves, at: area)]).bytes.isEmpty)
    #expect(Self.show(&layer, [Self.placed(Self.green, at: area)], keeps: true).isHeldBack)
    #expect(Self.show(&layer, [Self.placed(Self.green, at: area)]).newBytes > 20)
    // After a clear screen all is sent again.
    #expect(layer.noteClearedScreen().isEmpty)
    #expect(Self.show(&layer, [Self.placed(Self.green, at: area)]).newBytes > 20)
  }

  @Test(
    "Where bytes are short, sixels that would be new are characters, and those that are there stay")
  func sixelBudget() {
    var layer = Self.layer(.sixel)
    func frame(_ image: PixelImage) -> CellBuffer {
      var buffer = CellBuffer(columns: 20, rows: 6)
      buffer.place(Self.placed(image))
      return buffer
    }
    func divided(_ image: PixelImage, _ detail: ImageDetail) -> CellBuffer {
      var buffer = frame(image)
      layer.divide(&buffer, detail: detail, mode: .trueColor, cache: ImageCache())
      return buffer
    }
    #expect(divided(Self.red, .full).pictures.count == 1)
    _ = Self.show(&layer, [Self.placed(Self.red)])
    #expect(divided(Self.red, .coarse).pictures.count == 1)
    let characters = divided(Self.green, .coarse)
    #expect(characters.pictures.isEmpty)
    #expect(characters[4, 2].style.background == .rgb(0, 204, 0), "with fewer colours")
  }

  // MARK: What covers what

  @Test("What is drawn on a picture covers it: the rest of it becomes characters")
  func covered() {
    let layer = Self.layer(.kitty)
    var buffer = CellBuffer(columns: 20, rows: 6)
    buffer.place(Self.placed(Self.red))
    buffer.place(
      Self.placed(Self.blue, at: Rectangle(column: 12, row: 2, width: 6, height: 3)))
    var whole = buffer
    layer.divide(&whole, detail: .full, mode: .trueColor, cache: ImageCache())
    #expect(whole.pictures.map(\.image) == [Self.red, Self.blue])
    // A selection around it covers nothing; a dialog's corner does.
    buffer.restyle(Rectangle(column: 12, row: 2, width: 6, height: 3)) { $0.ground = .selection }
    buffer.write("dialog", column: 0, row: 4)
    layer.divide(&buffer, detail: .full, mode: .trueColor, cache: ImageCache())
    #expect(buffer.pictures.map(\.image) == [Self.blue])
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
      ImageView(Self.red).draw(in: &buffer, area: buffer.bounds, context: context)
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
    _ = Self.show(&layer, [Self.placed(Self.red)])
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
