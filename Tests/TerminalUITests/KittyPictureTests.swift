import Foundation
import TerminalUI
import TestSupport
import Testing

@Suite("Pictures by kitty's protocol, also through tmux")
struct KittyPictureTests {
  // MARK: kitty

  @Test("kitty is sent each picture once, and then its number alone")
  func kittyLoop() throws {
    var layer = PictureFixtures.layer(.kitty)
    let first = PictureFixtures.text(
      PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.red)]))
    let head = "^_Ga=t,f=100,i=8000,q=2;"
    #expect(first.hasPrefix(head))
    let png = try #require(
      Data(base64Encoded: PictureFixtures.payload(String(first.dropFirst(head.count)))))
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    #expect(
      first.dropFirst(head.count + png.base64EncodedString().count)
        == "^\\^7^[3;5H^_Ga=p,i=8000,p=1,c=6,r=3,C=1,q=2^\\^8")
    #expect(
      PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.red)]).bytes.isEmpty,
      "it is there")

    let second = PictureFixtures.text(
      PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.green)]))
    #expect(second.hasPrefix("^_Ga=t,f=100,i=8001,q=2;"))
    #expect(
      second.hasSuffix(
        "^\\^7^[3;5H^_Ga=p,i=8001,p=1,c=6,r=3,C=1,q=2^\\^8^_Ga=d,d=i,i=8000,p=1,q=2^\\"))
    #expect(
      PictureFixtures.text(
        PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.red)]))
        == "^7^[3;5H^_Ga=p,i=8000,p=1,c=6,r=3,C=1,q=2^\\^8^_Ga=d,d=i,i=8001,p=1,q=2^\\")
    #expect(
      PictureFixtures.text(PictureFixtures.show(&layer, [])) == "^_Ga=d,d=i,i=8000,p=1,q=2^\\")
    #expect(
      String(decoding: layer.noteClearedScreen(), as: UTF8.self)
        .replacing("\u{1B}", with: "^") == "^_Ga=d,d=I,i=8000,q=2^\\^_Ga=d,d=I,i=8001,q=2^\\")
    let again = PictureFixtures.text(
      PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.red)]))
    #expect(again.hasPrefix("^_Ga=t,f=100,i=8002"), "a clear screen takes all pictures along")
  }

  @Test("A loop of 16 frames over a slow line costs less than 2 KB a second after its first pass")
  func kittyRate() {
    var layer = PictureFixtures.layer(.kitty)
    let loop = (0..<16).map {
      PictureFixtures.placed(PictureFixtures.picture(UInt8($0 * 16), 9, 9, side: 64))
    }
    for frame in loop { _ = PictureFixtures.show(&layer, [frame]) }
    let second = loop.prefix(10).map { PictureFixtures.show(&layer, [$0], keeps: true) }
    #expect(second.allSatisfy { !$0.bytes.isEmpty && $0.newBytes == 0 && !$0.isHeldBack })
    // With the marks of a frame that is shown as a whole, 16 bytes each.
    #expect(second.reduce(0) { $0 + $1.bytes.count + 16 } < 1_500)
  }

  @Test("Long pictures go in pieces, of which all but the last have a length of whole groups")
  func kittyPieces() throws {
    var layer = PictureFixtures.layer(.kitty)
    var generator = SeededGenerator(seed: 3)
    let noise = try PixelImage(
      width: 64, height: 64,
      bytes: (0..<(3 * 64 * 64)).map { _ in UInt8.random(in: 0...255, using: &generator) })
    let text = PictureFixtures.text(PictureFixtures.show(&layer, [PictureFixtures.placed(noise)]))
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
    var layer = PictureFixtures.layer(.kitty)
    let other = Rectangle(column: 20, row: 2, width: 6, height: 3)
    let both = [
      PictureFixtures.placed(PictureFixtures.red),
      PictureFixtures.placed(PictureFixtures.red, at: other),
    ]
    let text = PictureFixtures.text(PictureFixtures.show(&layer, both))
    #expect(text.split(separator: "a=t").count == 2, "one upload, before which there is a head")
    #expect(text.contains("i=8000,p=1,c=6") && text.contains("i=8000,p=2,c=6"))
    #expect(
      PictureFixtures.text(PictureFixtures.show(&layer, [both[1]]))
        == "^_Ga=d,d=i,i=8000,p=1,q=2^\\")
  }

  @Test(
    "While bytes are short, known pictures move on and new ones wait, the old one in their place")
  func kittyHeldBack() {
    var layer = PictureFixtures.layer(.kitty)
    for image in [PictureFixtures.red, PictureFixtures.green] {
      _ = PictureFixtures.show(&layer, [PictureFixtures.placed(image)])
    }
    let known = PictureFixtures.show(
      &layer, [PictureFixtures.placed(PictureFixtures.red)], keeps: true)
    #expect(known.newBytes == 0 && !known.isHeldBack && !known.bytes.isEmpty)
    let new = PictureFixtures.show(
      &layer, [PictureFixtures.placed(PictureFixtures.blue)], keeps: true)
    #expect(new.bytes.isEmpty && new.isHeldBack)
    #expect(
      PictureFixtures.text(
        PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.blue)])
      ).contains("a=t,f=100,i=8002"))
  }

  @Test("No more new pictures go in a frame than a quarter of a second bears, but at least one")
  func kittyShare() {
    var layer = PictureFixtures.layer(.kitty)
    let pictures = (0..<6).map { index in
      PictureFixtures.placed(
        PictureFixtures.picture(UInt8(index * 40), 3, 3),
        at: Rectangle(column: 7 * index, row: 0, width: 6, height: 3))
    }
    var frames = 0
    var update = PictureUpdate()
    repeat {
      update = PictureFixtures.show(&layer, pictures, limit: 100)
      #expect(update.newBytes > 0)
      frames += 1
    } while update.isHeldBack && frames < 10
    #expect(frames == 6)
    #expect(PictureFixtures.show(&layer, pictures).bytes.isEmpty)
  }

  @Test("A picture that went coarse over a slow line is sent again when there is room")
  func kittyDetail() throws {
    var layer = PictureFixtures.layer(.kitty)
    let picture = PictureFixtures.placed(PictureFixtures.picture(50, 60, 70, side: 256))
    func side(_ update: PictureUpdate) throws -> UInt8 {
      let text = PictureFixtures.text(update)
      let data = try #require(text.split(separator: ";").dropFirst().first)
      let png = try #require(Data(base64Encoded: PictureFixtures.payload(String(data))))
      // The width stands in bytes 16 to 19 of a PNG; here its third and fourth.
      return png[18] == 1 ? 255 : png[19]
    }
    #expect(try side(PictureFixtures.show(&layer, [picture], detail: .rare)) == 64)
    let poor = PictureFixtures.show(&layer, [picture], keeps: true, detail: .full)
    #expect(poor.bytes.isEmpty && poor.isHeldBack)
    let fine = PictureFixtures.show(&layer, [picture], detail: .full)
    #expect(try side(fine) == 255)
    #expect(
      PictureFixtures.text(fine).hasSuffix("^_Ga=d,d=I,i=8000,q=2^\\^_Ga=d,d=i,i=8000,p=1,q=2^\\"))
    #expect(
      PictureFixtures.show(&layer, [picture], detail: .rare).bytes.isEmpty, "never poorer again")
  }

  @Test("The terminal keeps a bounded number of pictures, those shown last")
  func kittyRoom() {
    var layer = PictureFixtures.layer(.kitty)
    var kept: Set<String> = []
    for index in 0..<700 {
      let image = PictureFixtures.picture(UInt8(index % 256), UInt8(index / 256), 1)
      let text = PictureFixtures.text(PictureFixtures.show(&layer, [PictureFixtures.placed(image)]))
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
    var layer = PictureFixtures.layer(.kitty, isThroughTmux: true)
    let area = Rectangle(column: 1, row: 0, width: 2, height: 2)
    let number = 8 << 24 | 1
    func wrapped(_ command: String) -> String { "^Ptmux;^^_G\(command),q=2^^\\^\\" }
    let first = PictureFixtures.text(
      PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.red, at: area)]))
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
    let second = PictureFixtures.text(
      PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.green, at: area)]))
    #expect(second.hasPrefix("^Ptmux;^^_Ga=f,i=\(number),f=100,q=2;"))
    #expect(second.hasSuffix(wrapped("a=a,i=\(number),c=2")))
    #expect(
      PictureFixtures.text(
        PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.red, at: area)]))
        == wrapped("a=a,i=\(number),c=1"))
    let held = PictureFixtures.show(
      &layer, [PictureFixtures.placed(PictureFixtures.blue, at: area)], keeps: true)
    #expect(held.bytes.isEmpty && held.isHeldBack)
    #expect(
      PictureFixtures.text(PictureFixtures.show(&layer, [])) == wrapped("a=d,d=I,i=\(number)"))
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
}
