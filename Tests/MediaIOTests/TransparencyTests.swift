import MediaIO
import Testing

@Suite("Transparency is laid over white by every reader")
struct TransparencyTests {
  private func isNear(
    _ colour: (red: UInt8, green: UInt8, blue: UInt8), _ wanted: [Int], _ tolerance: Int
  ) -> Bool {
    zip([colour.red, colour.green, colour.blue], wanted)
      .allSatisfy { abs(Int($0) - $1) <= tolerance }
  }

  private func check(_ frames: [RGBImage], _ tolerance: Int) {
    #expect(frames.count == 2)
    for (number, frame) in frames.enumerated() {
      #expect((frame.width, frame.height) == (24, 16))
      let lower = number == 0 ? TransparentClips.red : TransparentClips.green
      for (x, y, wanted) in [
        (3, 3, TransparentClips.red), (3, 12, lower), (12, 8, TransparentClips.paleBlue),
        (20, 8, [255, 255, 255]),
      ] {
        #expect(isNear(frame[x, y], wanted, tolerance), "\(number): \(frame[x, y]) at \(x) \(y)")
      }
    }
  }

  @Test(
    "Videos and animations with alpha", arguments: TransparentClips.all.map(\.name))
  func clips(name: String) throws {
    let clip = try #require(TransparentClips.all.first { $0.name == name })
    let folder = try TemporaryFolder()
    let path = try TransparentClips.write(clip.base64, name, to: folder)
    let reader = try VideoReader(path: path)
    check(try reader.frames(from: 0, count: 5), clip.tolerance)
    #expect(reader.warnings.isEmpty)
  }

  @Test("An animated PNG, its frames laid over one another")
  func animatedPNG() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.animatedPNG, to: "a.png")
    check(try Video.read(path).frames, 0)
    // In a folder of frames it is the picture that simple viewers show.
    let info = try MediaInfo.probe(path)
    #expect(info.codec == "apng" && info.frameCount == 2)
    #expect(try Video.read(folder.path).frames.count == 1)
  }

  @Test("A GIF's transparent pixels")
  func gif() throws {
    let folder = try TemporaryFolder()
    let frame = try Video.read(folder.write(Self.gif, to: "a.gif")).frames[0]
    #expect(frame[0, 0] == (200, 30, 60))
    #expect(frame[1, 0] == (255, 255, 255))
    #expect(frame[0, 1] == (20, 100, 220))
    #expect(frame[1, 1] == (255, 255, 255))
  }

  @Test("The unused byte of an AVI's uncompressed pixels hides nothing")
  func paddedPixels() throws {
    func little(_ number: Int, _ count: Int) -> [UInt8] { PNGBuilder.big(number, count).reversed() }
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
      Array(name.utf8) + little(data.count, 4) + data
    }
    func list(_ name: String, _ parts: [UInt8]...) -> [UInt8] {
      chunk("LIST", Array(name.utf8) + parts.flatMap { $0 })
    }
    let pixels = (0..<64).flatMap { _ in [UInt8](arrayLiteral: 60, 30, 200, 0) }
    let header =
      little(100_000, 4) + little(0, 12) + little(1, 4) + little(0, 4) + little(1, 4)
      + little(0, 4) + little(8, 4) + little(8, 4) + little(0, 16)
    let stream =
      Array("vids".utf8) + little(0, 16) + little(1, 4) + little(10, 4) + little(0, 4)
      + little(1, 4) + little(256, 4) + little(0, 16)
    let format =
      little(40, 4) + little(8, 4) + little(8, 4) + little(1, 2) + little(32, 2) + little(0, 4)
      + little(256, 4) + little(0, 16)
    let file = chunk(
      "RIFF",
      Array("AVI ".utf8)
        + list(
          "hdrl", chunk("avih", header), list("strl", chunk("strh", stream), chunk("strf", format)))
        + list("movi", chunk("00db", pixels)))
    let folder = try TemporaryFolder()
    let frame = try #require(try Video.read(folder.write(file, to: "a.avi")).frames.first)
    #expect(frame[3, 3] == (200, 30, 60))
  }

  /// Two frames in one PNG: acTL and fcTL chunks, the second frame in an fdAT chunk.
  static var animatedPNG: [UInt8] {
    func png(_ number: Int) -> PNGBuilder {
      PNGBuilder(width: 24, height: 16, depth: 8, colour: .rgba) { x, y, channel in
        switch x / 8 {
        case 0:
          (number == 1 && y >= 8 ? TransparentClips.green : TransparentClips.red)[safe: channel]
            ?? 255
        case 1: TransparentClips.blue[safe: channel] ?? 128
        default: channel == 3 ? 0 : 90
        }
      }
    }
    func control(_ sequence: Int) -> [UInt8] {
      // Number, size, place, delay of 1/10 s, no disposal, replacing.
      PNGBuilder.big(sequence, 4) + PNGBuilder.big(24, 4) + PNGBuilder.big(16, 4)
        + PNGBuilder.big(0, 4) + PNGBuilder.big(0, 4) + PNGBuilder.big(1, 2)
        + PNGBuilder.big(10, 2) + [0, 0]
    }
    var first = png(0)
    first.chunks = [
      ("acTL", PNGBuilder.big(2, 4) + PNGBuilder.big(0, 4)), ("fcTL", control(0)),
    ]
    let second = png(1).bytes
    // Behind the header, 33 bytes, comes IDAT; its data lies between 8 bytes and the 4 of its checksum,
    // which IEND's 12 follow.
    let pixels = Array(second[41..<(second.count - 16)])
    return Array(first.bytes.dropLast(12)) + PNGBuilder.chunk("fcTL", control(1))
      + PNGBuilder.chunk("fdAT", PNGBuilder.big(2, 4) + pixels) + PNGBuilder.chunk("IEND", [])
  }

  /// One frame of 2 x 2 pixels: red, transparent; blue, transparent (GIF89a). Its codes are clear, 0, 2,
  /// 1, 2 and end, of three bits, the last of four.
  private static let gif: [UInt8] =
    Array("GIF89a".utf8) + [2, 0, 2, 0, 0x81, 0, 0]
    + [200, 30, 60, 20, 100, 220, 9, 9, 9, 1, 1, 1]
    + [0x21, 0xF9, 4, 1, 10, 0, 2, 0] + [0x2C, 0, 0, 0, 0, 2, 0, 2, 0, 0]
    + [2, 3, 0x84, 0x22, 0x05, 0, 0x3B]
}

extension Array {
  /// The element, or nil outside.
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
