import Foundation
import MediaIO
import Testing

@Suite("Nothing but common formats is read, and no file opens another")
struct AllowedFormatTests {
  private func refusal(_ path: String) -> String? {
    mediaError {
      let reader = try VideoReader(path: path)
      _ = try reader.nextFrame()
    }?.description
  }

  /// Files that name other files or addresses, or have FFmpeg draw what they say. `OTHER` stands for
  /// a video that is there.
  static let references: [(name: String, text: String)] = [
    ("list.ffconcat", "ffconcat version 1.0\nfile 'OTHER'\n"),
    ("list.mp4", "ffconcat version 1.0\nfile OTHER\nduration 1\n"),
    (
      "list.m3u8",
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nOTHER\n#EXT-X-ENDLIST\n"
    ),
    (
      "video.mpd",
      """
      <?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" \
      profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet>\
      <Representation id="1" mimeType="video/mp4"><BaseURL>OTHER</BaseURL></Representation>\
      </AdaptationSet></Period></MPD>
      """
    ),
    (
      "session.sdp",
      "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
    ),
    ("drawing.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"OTHER\"/></svg>"),
    ("graph.lavfi", "testsrc2=size=32x32:duration=1"), ("movie.png", "movie=OTHER"),
    ("meta.txt", ";FFMETADATA1\ntitle=x\n"),
    ("rtsp.mov", "rtsptextRTSP rtsp://127.0.0.1/x\n"),
    ("art.ans", "\u{1B}[31mred\u{1B}[0m\r\n\u{1B}[2J\n"),
    ("slides.imf", "<CompositionPlaylist xmlns=\"http://www.smpte-ra.org/schemas/2067-3/2016\"/>"),
  ]

  @Test("A file that asks for another is refused", arguments: references.map(\.name))
  func namingOthers(name: String) throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(3, width: 16, height: 16), frameRate: FrameRate(8))
      .write(to: folder.file("other.mp4"))
    let text = try #require(Self.references.first { $0.name == name }).text
    for target in ["other.mp4", folder.file("other.mp4")] {
      let content = text.replacingOccurrences(of: "OTHER", with: target)
      let path = try folder.write(Array(content.utf8), to: name)
      let message = try #require(refusal(path))
      #expect(message.hasPrefix(name + " "), "\(message)")
      #expect(mediaError { _ = try MediaInfo.probe(path) } != nil)
    }
  }

  @Test("A name is never a pattern or an address")
  func names() throws {
    let folder = try TemporaryFolder()
    for number in 0..<3 {
      try PNGFile.write(RGBImage(width: 8, height: 8), to: folder.file("f\(number).png"))
    }
    #expect(refusal(folder.file("f%d.png")) == "f%d.png does not exist")
    #expect(refusal("concat:" + folder.file("f0.png")) == "f0.png does not exist")
    #expect(refusal("lavfi:testsrc") == "lavfi:testsrc does not exist")
    let odd = folder.file("file:%03d?x=1.png")
    try PNGFile.write(RGBImage(width: 8, height: 8), to: odd)
    #expect(try Video.read(odd).frames.count == 1)
    try Video(frames: SyntheticClip.frames(3), frameRate: FrameRate(8))
      .write(to: folder.file("pipe:0 %05d.mp4"))
    #expect(try Video.read(folder.file("pipe:0 %05d.mp4")).frames.count == 3)
  }

  @Test("Containers and codecs that nobody brings are refused by name")
  func others() throws {
    let folder = try TemporaryFolder()
    // The starts of a Smacker video and of an id cinematic, both of games.
    let smacker =
      Array("SMK2".utf8) + [32, 0, 0, 0, 32, 0, 0, 0, 2, 0, 0, 0, 100, 0, 0, 0]
      + [UInt8](repeating: 0, count: 200)
    let message = try #require(refusal(try folder.write(smacker, to: "a.mp4")))
    #expect(message.hasPrefix("a.mp4 looks like a format that is not read (Smacker"), "\(message)")

    // A Matroska file whose codec is another than the common ones.
    try Video(frames: SyntheticClip.frames(2, width: 16, height: 16), frameRate: FrameRate(8))
      .write(to: folder.file("a.mkv"))
    var bytes = try folder.bytes(of: "a.mkv")
    let codec = try #require(bytes.firstOffset(of: Array("FFV1".utf8)))
    bytes.replaceSubrange(codec..<codec + 4, with: "SNOW".utf8)
    let unknown = try #require(refusal(try folder.write(bytes, to: "b.mkv")))
    #expect(unknown.hasPrefix("b.mkv is coded as "), "\(unknown)")
  }

  @Test("A header that claims more pixels than are read is refused before any is decoded")
  func canvas() throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(2, width: 16, height: 16), frameRate: FrameRate(8))
      .write(to: folder.file("a.gif"))
    var bytes = try folder.bytes(of: "a.gif")
    // 16384 x 8192 in the screen and in the pictures, each of which begins with a comma.
    bytes.replaceSubrange(6..<10, with: [0, 64, 0, 32])
    let path = try folder.write(bytes, to: "b.gif")
    let message = "b.gif has frames of 16384x8192 pixels; at most 16384 a side and 67108864 in all"
    #expect(refusal(path)?.hasPrefix(message) == true)
    #expect(mediaError { _ = try MediaInfo.probe(path) }?.description.hasPrefix(message) == true)
    let png = PNGBuilder(width: 8, height: 8, depth: 8, colour: .grey) { _, _, _ in 0 }
    var large = png.bytes
    large.store(16384, at: 16)
    large.store(8192, at: 20)
    #expect(
      mediaError { _ = try PNGFile.read(folder.write(large, to: "a.png")) }?.kind == .unsupported)
  }
}
