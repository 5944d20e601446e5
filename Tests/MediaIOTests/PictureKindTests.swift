import Foundation
import Glibc
import MediaIO
import Testing

@Suite("Pictures are told by their content, and a folder's frames by what it holds most of")
struct PictureKindTests {
  private func jpeg() throws -> [UInt8] {
    [UInt8](try #require(Data(base64Encoded: ReadingTests.redJPEG)))
  }

  private func png(_ red: Int) -> [UInt8] {
    PNGBuilder(width: 16, height: 16, depth: 8, colour: .rgb) { _, _, channel in
      channel == 0 ? red : 0
    }.bytes
  }

  /// A bitmap of 24 bits: header, size, then rows from the bottom, blue first.
  private var bitmap: [UInt8] {
    func little(_ number: Int, _ count: Int) -> [UInt8] { PNGBuilder.big(number, count).reversed() }
    let pixels = (0..<256).flatMap { _ in [UInt8](arrayLiteral: 7, 8, 9) }
    return Array("BM".utf8) + little(54 + pixels.count, 4) + little(0, 4) + little(54, 4)
      + little(40, 4) + little(16, 4) + little(16, 4) + little(1, 2) + little(24, 2)
      + little(0, 4) + little(pixels.count, 4) + little(0, 16) + pixels
  }

  /// A pixmap.
  private var pixmap: [UInt8] {
    Array("P6\n16 16\n255\n".utf8) + (0..<256).flatMap { _ in [UInt8](arrayLiteral: 1, 2, 3) }
  }

  @Test("A folder of JPEGs named .png, of PNGs named .jpg, and both in turn")
  func wrongNames() throws {
    let folder = try TemporaryFolder()
    let jpeg = try jpeg()
    for (name, bytes) in [
      ("1.png", jpeg), ("2.png", png(90)), ("3.png", jpeg), ("4.png", bitmap), ("5.png", pixmap),
    ] { _ = try folder.write(bytes, to: name) }
    let reader = try VideoReader(path: folder.path)
    let reds = try reader.frames(from: 0, count: 5).map { Int($0[8, 8].red) }
    #expect(zip(reds, [254, 90, 254, 9, 1]).allSatisfy { abs($0 - $1) <= 1 }, "\(reds)")
    #expect(reader.warnings.isEmpty)
    _ = try folder.write(TransparencyTests.animatedPNG, to: "6.png")
    let error = mediaError { _ = try VideoReader(path: folder.path) }
    #expect(error?.description.hasPrefix("6.png is 24x16; 1.png is 16x16") == true)
  }

  @Test("A single picture is read by its content too, and has no rate")
  func single() throws {
    let folder = try TemporaryFolder()
    let jpeg = try jpeg()
    for (name, bytes, container) in [
      ("a.png", jpeg, "jpeg"), ("a.jpg", png(90), "png"), ("a.mp4", bitmap, "bmp"),
      ("a", pixmap, "ppm"),
    ] {
      let path = try folder.write(bytes, to: name)
      #expect(try Video.read(path).frames.map(\.width) == [16])
      let info = try MediaInfo.probe(path)
      #expect(info.container == container)
      #expect(info.frameRate == nil && info.frameCount == 1 && info.duration == nil)
    }
  }

  @Test("JPEG frames beside one PNG are the frames, and the PNG is named in a warning")
  func coverBesideFrames() throws {
    let folder = try TemporaryFolder()
    let jpeg = try jpeg()
    for number in 1...3 { _ = try folder.write(jpeg, to: "\(number).jpg") }
    _ = try folder.write(png(9), to: "cover.png")
    let reader = try VideoReader(path: folder.path)
    #expect(try reader.frameCount() == 3)
    #expect(reader.warnings.map(\.kind) == [.otherPictures(1)])
    #expect(
      reader.warnings[0].description.hasSuffix(
        "holds 1 PNG and 3 JPEG pictures; the JPEG ones are read as its frames"))
    let info = try MediaInfo.probe(folder.path)
    #expect(info.codec == "mjpeg" && info.frameCount == 3 && info.warnings.count == 1)

    // Equally many: PNG comes first.
    for number in 1...2 { _ = try folder.write(png(number), to: "\(number).png") }
    #expect(try Video.read(folder.path).frames.map { $0[0, 0].red } == [1, 2, 9])
  }

  @Test("A frame that is no picture is refused by name", arguments: ["text", "video"])
  func noPicture(kind: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(png(1), to: "1.png")
    if kind == "video" {
      try Video(frames: SyntheticClip.frames(2, width: 16, height: 16), frameRate: FrameRate(8))
        .write(to: folder.file("2.mp4"))
      try FileManager.default.moveItem(
        atPath: folder.file("2.mp4"), toPath: folder.file("2.png"))
    } else {
      _ = try folder.write(Array("a letter".utf8), to: "2.png")
    }
    let error = mediaError { _ = try Video.read(folder.path) }
    #expect(error?.kind == .notMedia)
    #expect(error?.description.hasPrefix("2.png is no picture; ") == true)
  }

  @Test("Pipes, sockets and devices are refused at once, as an input and as a frame")
  func noFiles() throws {
    let folder = try TemporaryFolder()
    let frames = folder.file("frames")
    #expect(mkdir(frames, 0o700) == 0)
    _ = try folder.write(png(1), to: "frames/1.png")
    func refusal(_ path: String, _ words: String) {
      for read in [
        { _ = try VideoReader(path: path) }, { _ = try MediaInfo.probe(path) },
        { _ = try MediaMetadata.read(path) }, { _ = try PNGFile.read(path) },
      ] as [() throws -> Void] {
        let error = mediaError(read)
        #expect(error?.kind == .unreadable)
        #expect(error?.description.contains("is \(words); ") == true, "\(error as Any)")
      }
    }
    #expect(mkfifo(folder.file("a.mp4"), 0o600) == 0)
    refusal(folder.file("a.mp4"), "a named pipe")
    refusal("/dev/zero", "a device")

    #expect(mkfifo(frames + "/2.png", 0o600) == 0)
    let frame = mediaError { _ = try VideoReader(path: frames) }
    #expect(frame?.description == "2.png is a named pipe; give a file")
    #expect(unlink(frames + "/2.png") == 0)
    // Not even what lies beside the frames is waited for.
    #expect(mkfifo(frames + "/settings.json", 0o600) == 0)
    let settings = mediaError { _ = try MediaMetadata.read(frames) }
    #expect(settings?.description == "settings.json is a named pipe; give a file")

    let path = folder.file("s.mp4")
    let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
    refusal(path, "a socket")
  }
}
