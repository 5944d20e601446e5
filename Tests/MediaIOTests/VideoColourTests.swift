import Foundation
import MediaIO
import Testing

@Suite("Colour and fields of videos")
struct VideoColourTests {
  /// A video of one frame without compression (YUV4MPEG2), all pixels alike.
  private func yuv(
    _ luma: UInt8, _ blue: UInt8, _ red: UInt8, width: Int = 16, tags: String
  ) -> [UInt8] {
    let plane = { [UInt8](repeating: $0, count: width * 16) }
    return Array("YUV4MPEG2 W\(width) H16 F10:1 \(tags) C444\nFRAME\n".utf8) + plane(luma)
      + plane(blue) + plane(red)
  }

  /// ITU-R BT.601 and BT.709: red, green and blue, 0...255, from full-range values about 0.
  private func rgb(_ y: Double, _ u: Double, _ v: Double, kr: Double, kb: Double) -> [Int] {
    let red = y + 2 * (1 - kr) * v
    let blue = y + 2 * (1 - kb) * u
    let green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return [red, green, blue].map { Int(min(max($0 * 255, 0), 255).rounded()) }
  }

  @Test(
    "Range and matrix: tagged full or limited, BT.601 for small and BT.709 for large pictures",
    arguments: ["XCOLORRANGE=LIMITED", "XCOLORRANGE=FULL", ""], [16, 1280])
  func matrices(tags: String, width: Int) throws {
    let folder = try TemporaryFolder()
    let isFull = tags.hasSuffix("FULL")
    let (kr, kb) = width > 1000 ? (0.2126, 0.0722) : (0.299, 0.114)
    for (luma, blue, red) in [(60, 100, 150), (180, 140, 120), (16, 128, 128), (235, 128, 128)] {
      let bytes = yuv(UInt8(luma), UInt8(blue), UInt8(red), width: width, tags: tags)
      let frame = try Video.read(folder.write(bytes, to: "a.y4m")).frames[0]
      let scale =
        isFull
        ? (offset: 0.0, luma: 255.0, chroma: 255.0) : (offset: 16.0, luma: 219.0, chroma: 224.0)
      let wanted = rgb(
        (Double(luma) - scale.offset) / scale.luma, Double(blue - 128) / scale.chroma,
        Double(red - 128) / scale.chroma, kr: kr, kb: kb)
      let pixel = frame[8, 8]
      let seen = [Int(pixel.red), Int(pixel.green), Int(pixel.blue)]
      #expect(zip(seen, wanted).allSatisfy { abs($0 - $1) <= 1 }, "\(seen) \(wanted)")
    }
  }

  @Test("Interlaced video is read with a note, progressive video without")
  func fields() throws {
    let folder = try TemporaryFolder()
    for (tags, kinds) in [
      ("It", [MediaWarning.Kind.interlaced]), ("Ib", [.interlaced]), ("Ip", []),
    ] {
      let path = try folder.write(yuv(60, 100, 150, tags: tags), to: "a.y4m")
      let reader = try VideoReader(path: path)
      #expect(reader.warnings.map(\.kind) == kinds)
      #expect(try reader.nextFrame() != nil)
      #expect(reader.warnings.map(\.kind) == kinds)
      #expect(try MediaInfo.probe(path).warnings.map(\.kind) == kinds)
    }
  }

  @Test("HDR video is read as stored, with a note", arguments: ["PQ", "HLG"])
  func highDynamicRange(name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try #require(Data(base64Encoded: name == "PQ" ? Self.pq : Self.hlg))
    let path = try folder.write([UInt8](bytes), to: "a.webm")
    let reader = try VideoReader(path: path)
    let frame = try #require(try reader.nextFrame())
    #expect(reader.warnings.map(\.kind) == [.highDynamicRange])
    #expect(reader.warnings[0].description.hasPrefix("a.webm is HDR video (\(name), "))
    // Red by the matrix of BT.601 it was made with, taken apart by that of BT.2020.
    #expect(frame[8, 8].red > 200 && frame[8, 8].blue < 40)
    #expect(try MediaInfo.probe(path).warnings == reader.warnings)
  }

  /// Two frames of 32 x 32 in VP9 with 10 bits, BT.2020 and PQ.
  private static let pq =
    "GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQJChYECGFOAZwEAAAAAAAHbEU2bdLpNu4tTq4QVSalmU6yB"
    + "oU27i1OrhBZUrmtTrIHGTbuMU6uEElTDZ1OsggEfTbuMU6uEHFO7a1OsggHF7AEAAAAAAABZAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAVSalmoCrXsYMPQkBNgIRMYXZmV0GETGF2ZkSJiEBpAAAAAAAAFlSua9SuAQAAAAAAAEvXgQFz"
    + "xYgAAAAAAAAAAZyBACK1nIN1bmSIgQCGhVZfVlA5g4EBI+ODhAX14QDgnLCBILqBIJqBAlWwkFW6gRBVsYEJVbuB"
    + "CVW5gQESVMNn1XNz0mPAi2PFiAAAAAAAAAABZ8icRaOHRU5DT0RFUkSHj0xhdmMgbGlidnB4LXZwOWfIokWjiERV"
    + "UkFUSU9ORIeUMDA6MDA6MDAuMjAwMDAwMDAwAAAfQ7Z1x+eBAKOtgQAAgJJJg0JQAPgA+wAcEg4MLAAAGGAAABi/"
    + "//34Cn////+VQv/////N+wAAo5OBAGQAlgBAkpwAUAAAAyAAAENAHFO7a5G7j7OBALeK94EB8YIBefCBAw=="

  /// The same with HLG.
  private static let hlg =
    "GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQJChYECGFOAZwEAAAAAAAHbEU2bdLpNu4tTq4QVSalmU6yB"
    + "oU27i1OrhBZUrmtTrIHGTbuMU6uEElTDZ1OsggEfTbuMU6uEHFO7a1OsggHF7AEAAAAAAABZAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    + "AAAAAAAAAAAAAAAVSalmoCrXsYMPQkBNgIRMYXZmV0GETGF2ZkSJiEBpAAAAAAAAFlSua9SuAQAAAAAAAEvXgQFz"
    + "xYgAAAAAAAAAAZyBACK1nIN1bmSIgQCGhVZfVlA5g4EBI+ODhAX14QDgnLCBILqBIJqBAlWwkFW6gRJVsYEJVbuB"
    + "CVW5gQESVMNn1XNz0mPAi2PFiAAAAAAAAAABZ8icRaOHRU5DT0RFUkSHj0xhdmMgbGlidnB4LXZwOWfIokWjiERV"
    + "UkFUSU9ORIeUMDA6MDA6MDAuMjAwMDAwMDAwAAAfQ7Z1x+eBAKOtgQAAgJJJg0JQAPgA+wAcEg4MLAAAGGAAABi/"
    + "//34Cn////+VQv/////N+wAAo5OBAGQAlgBAkpwAUAAAAyAAAENAHFO7a5G7j7OBALeK94EB8YIBefCBAw=="
}
