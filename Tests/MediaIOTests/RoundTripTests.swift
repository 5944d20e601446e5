import MediaIO
import Testing

@Suite("Written videos read back")
struct RoundTripTests {
  @Test(
    "MP4 and WebM keep the picture, the frame count, the rate and the length",
    arguments: [("clip.mp4", "h264", 40.0), ("clip.webm", "vp9", 38.0)])
  func videoRoundTrip(name: String, codec: String, bound: Double) throws {
    let folder = try TemporaryFolder()
    let clip = Video(frames: SyntheticClip.frames(20), frameRate: FrameRate(8))
    try clip.write(to: folder.file(name))

    let back = try Video.read(folder.file(name))
    #expect(back.frames.count == 20)
    #expect(back.frameRate == FrameRate(8))
    #expect(signalToNoise(clip.frames, back.frames) > bound)

    let info = try MediaInfo.probe(folder.file(name))
    #expect(info.container == name.split(separator: ".")[1])
    #expect(info.codec == codec)
    #expect(info.pixelFormat == "yuv420p")
    #expect((info.width, info.height) == (64, 64))
    #expect(info.frameCount == 20)
    #expect(info.frameCountIsExact)
    #expect(abs((info.duration ?? 0) - 2.5) < 0.01)
    #expect(info.settings == nil)
  }

  @Test("Matroska keeps every pixel, odd sizes included")
  func lossless() throws {
    let folder = try TemporaryFolder()
    let clip = Video(
      frames: SyntheticClip.frames(9, width: 31, height: 17), frameRate: FrameRate(8))
    try clip.write(to: folder.file("clip.mkv"))
    #expect(try Video.read(folder.file("clip.mkv")) == clip)
    #expect(try Video.read(folder.file("clip.mkv"), from: 7).frames == Array(clip.frames[7...]))
    let info = try MediaInfo.probe(folder.file("clip.mkv"))
    #expect(info.codec == "ffv1")
    #expect(info.frameCount == 9)
  }

  @Test("A fractional rate survives", arguments: ["clip.mp4", "clip.webm", "clip.mkv"])
  func fractionalRate(name: String) throws {
    let folder = try TemporaryFolder()
    let rate = FrameRate(30000, 1001)
    try Video(frames: SyntheticClip.frames(12), frameRate: rate).write(to: folder.file(name))
    let read = try #require(try VideoReader(path: folder.file(name)).frameRate)
    #expect(abs(read.framesPerSecond - rate.framesPerSecond) < 0.01)
  }

  @Test("Flat colours come back true, so matrix and range agree", arguments: ["a.mp4", "a.webm"])
  func flatColours(name: String) throws {
    let colours: [(UInt8, UInt8, UInt8)] = [
      (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128),
    ]
    for colour in colours {
      let folder = try TemporaryFolder()
      let flat = RGBImage(width: 32, height: 32, fill: colour)
      try Video(frames: [flat, flat], frameRate: FrameRate(8)).write(to: folder.file(name))
      let pixel = try Video.read(folder.file(name)).frames[0][16, 16]
      #expect(abs(Int(pixel.red) - Int(colour.0)) <= 4, "\(colour)")
      #expect(abs(Int(pixel.green) - Int(colour.1)) <= 4, "\(colour)")
      #expect(abs(Int(pixel.blue) - Int(colour.2)) <= 4, "\(colour)")
    }
  }

  @Test("Odd sizes gain a column and a row that repeat the edge")
  func oddSize() throws {
    let folder = try TemporaryFolder()
    let frames = SyntheticClip.frames(3, width: 63, height: 47)
    try Video(frames: frames, frameRate: FrameRate(8)).write(to: folder.file("odd.mp4"))
    let frame = try Video.read(folder.file("odd.mp4")).frames[0]
    #expect((frame.width, frame.height) == (64, 48))
    let (edge, added) = (frame[62, 20], frame[63, 20])
    #expect(abs(Int(edge.red) - Int(added.red)) < 8)
  }

  @Test("Enlarging repeats pixels", arguments: ["big.mp4", "big.gif", "big.png", "big/"])
  func enlarging(name: String) throws {
    let folder = try TemporaryFolder()
    let frames = SyntheticClip.frames(1, width: 16, height: 12)
    let clip = Video(frames: frames, frameRate: FrameRate(8))
    try clip.write(to: folder.file(name), options: OutputOptions(scale: 4))
    let back = try Video.read(folder.file(name)).frames[0]
    #expect((back.width, back.height) == (64, 48))
    #expect(signalToNoise([frames[0].enlarged(by: 4)], [back]) > 24)
  }

  @Test("A smaller rate factor gives a better picture")
  func quality() throws {
    let folder = try TemporaryFolder()
    let clip = Video(frames: SyntheticClip.frames(6), frameRate: FrameRate(8))
    try clip.write(to: folder.file("good.mp4"), options: OutputOptions(quality: 4))
    try clip.write(to: folder.file("poor.mp4"), options: OutputOptions(quality: 45))
    let good = try Video.read(folder.file("good.mp4")).frames
    let poor = try Video.read(folder.file("poor.mp4")).frames
    #expect(signalToNoise(clip.frames, good) > signalToNoise(clip.frames, poor) + 5)
  }

  @Test("Equal frames give equal bytes", arguments: ["clip.mp4", "clip.gif", "clip.png"])
  func determinism(name: String) throws {
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let clip = Video(frames: SyntheticClip.frames(4), frameRate: FrameRate(8), settings: "{}")
    try clip.write(to: first.file(name))
    try clip.write(to: second.file(name))
    #expect(try first.bytes(of: name) == second.bytes(of: name))
  }

  @Test("GIF has a palette that fits, and loops for ever")
  func gif() throws {
    let folder = try TemporaryFolder()
    let clip = Video(frames: SyntheticClip.frames(10), frameRate: FrameRate(10))
    try clip.write(to: folder.file("clip.gif"))
    let back = try Video.read(folder.file("clip.gif"))
    #expect(back.frames.count == 10)
    #expect(signalToNoise(clip.frames, back.frames) > 28)
    let bytes = try folder.bytes(of: "clip.gif")
    let loop = Array("NETSCAPE2.0".utf8) + [3, 1, 0, 0, 0]
    #expect(bytes.indices.contains { bytes[$0...].starts(with: loop) })
  }

  @Test("GIF with few colours is exact")
  func gifExact() throws {
    let folder = try TemporaryFolder()
    let clip = Video(frames: SyntheticClip.numbered(12), frameRate: FrameRate(10))
    try clip.write(to: folder.file("flat.gif"))
    #expect(try Video.read(folder.file("flat.gif")).frames == clip.frames)
  }

  @Test("GIF delays add up to the clip's length", arguments: [8, 10, 16, 25, 30])
  func gifDelays(rate: Int) throws {
    let folder = try TemporaryFolder()
    let clip = Video(
      frames: SyntheticClip.numbered(31, width: 8, height: 8), frameRate: FrameRate(rate))
    try clip.write(to: folder.file("clip.gif"))
    let info = try MediaInfo.probe(folder.file("clip.gif"))
    #expect(info.frameCount == 31)
    #expect(abs((info.duration ?? 0) - 31 / Double(rate)) <= 0.0051)
  }

  @Test("PNG pictures and folders are exact")
  func pngExact() throws {
    let folder = try TemporaryFolder()
    let clip = Video(
      frames: SyntheticClip.frames(3, width: 31, height: 17), frameRate: FrameRate(8))
    try clip.write(to: folder.file("frames/"))
    #expect(try Video.read(folder.file("frames")).frames == clip.frames)
    #expect(
      try folder.names() == [
        "frames", "frames/frame00000.png", "frames/frame00001.png", "frames/frame00002.png",
      ])

    try PNGFile.write(clip.frames[1], to: folder.file("one.png"))
    #expect(try PNGFile.read(folder.file("one.png")) == clip.frames[1])
    #expect(try Video.read(folder.file("one.png")).frames == [clip.frames[1]])
    #expect(try MediaInfo.probe(folder.file("one.png")).container == "png")
  }

  @Test("A PNG of several frames is a contact sheet")
  func contactSheet() throws {
    let folder = try TemporaryFolder()
    let frames = SyntheticClip.frames(5, width: 20, height: 10)
    let clip = Video(frames: frames, frameRate: FrameRate(8))
    try clip.write(to: folder.file("sheet.png"), options: OutputOptions(columns: 2))
    let sheet = try PNGFile.read(folder.file("sheet.png"))
    #expect((sheet.width, sheet.height) == (2 * 22 + 2, 3 * 12 + 2))
    #expect(sheet[2, 2] == frames[0][0, 0])
    #expect(sheet[24, 14] == frames[3][0, 0])
    #expect(sheet[2, 26] == frames[4][0, 0])
    #expect(sheet[0, 0] == (24, 24, 28))
  }

  @Test("Pictures of one height join side by side")
  func sideBySide() throws {
    let frames = SyntheticClip.frames(2, width: 8, height: 6)
    let joined = try frames[0].beside(frames[1], gutter: 2)
    #expect((joined.width, joined.height) == (18, 6))
    #expect(joined[7, 5] == frames[0][7, 5])
    #expect(joined[10, 5] == frames[1][0, 5])
    #expect(
      mediaError { _ = try frames[0].beside(RGBImage(width: 8, height: 7)) }?.kind
        == .sizeMismatch)
  }
}
