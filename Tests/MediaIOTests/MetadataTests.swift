import MediaIO
import Testing

@Suite("Settings travel with the output")
struct MetadataTests {
  static let names = ["a.mp4", "a.webm", "a.mkv", "a.gif", "a.png", "a/"]
  static let texts = [
    #"{"seed":7,"note":"übung \"quoted\" 日本語 🎬","path":"C:\\x;=#\n"}"#,
    "{\"long\":\"" + String(repeating: "0123456789abcdeé", count: 1280) + "\"}",
    "{\"longer\":\"" + String(repeating: "x", count: 64 * 1024) + "\"}",
  ]

  @Test("Every format gives the text back and its frames still read", arguments: names, texts)
  func roundTrip(name: String, text: String) throws {
    let folder = try TemporaryFolder()
    let clip = Video(
      frames: SyntheticClip.frames(2, width: 32, height: 32), frameRate: FrameRate(8),
      settings: text)
    try clip.write(to: folder.file(name))
    #expect(try MediaMetadata.read(folder.file(name)) == text)
    #expect(try MediaInfo.probe(folder.file(name)).settings == text)
    let expected = name == "a.png" ? 1 : 2
    #expect(try Video.read(folder.file(name)).frames.count == expected)
  }

  @Test("Outputs without settings have none", arguments: names)
  func absent(name: String) throws {
    let folder = try TemporaryFolder()
    let clip = Video(
      frames: SyntheticClip.frames(2, width: 32, height: 32), frameRate: FrameRate(8))
    try clip.write(to: folder.file(name))
    #expect(try MediaMetadata.read(folder.file(name)) == nil)
  }

  @Test("A folder without its side file still has the settings in its first frame")
  func folderWithoutSidecar() throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(2), frameRate: FrameRate(8), settings: "{\"a\":1}")
      .write(to: folder.file("clip/"))
    #expect(try folder.bytes(of: "clip/settings.json") == Array("{\"a\":1}".utf8))
    let first = try folder.bytes(of: "clip/frame00000.png")
    #expect(PNGChunks.text(in: first) == "{\"a\":1}")
    #expect(PNGChunks.text(in: try folder.bytes(of: "clip/frame00001.png")) == nil)
  }

  @Test("Text that cannot be carried is refused before anything is written", arguments: names)
  func refused(name: String) throws {
    let folder = try TemporaryFolder()
    for text in ["a\0b", String(repeating: "x", count: MediaMetadata.longestText + 1)] {
      let error = mediaError {
        _ = try VideoWriter(path: folder.file(name), options: OutputOptions(settings: text))
      }
      #expect(error?.kind == .invalidSetting)
    }
    #expect(try folder.names().isEmpty)
  }

  @Test("Parsers of damaged files neither crash nor invent")
  func damagedParsers() throws {
    let folder = try TemporaryFolder()
    let clip = Video(
      frames: SyntheticClip.frames(2, width: 8, height: 8), frameRate: FrameRate(8),
      settings: String(repeating: "s", count: 700))
    try clip.write(to: folder.file("a.gif"))
    try clip.write(to: folder.file("a.png"))
    let (gif, png) = (try folder.bytes(of: "a.gif"), try folder.bytes(of: "a.png"))
    for length in 0..<gif.count { _ = GIFComment.text(in: Array(gif[..<length])) }
    for length in 0..<png.count { _ = PNGChunks.text(in: Array(png[..<length])) }
    // The comment and the trailer are the last 700 + 5 characters, 3 lengths, 3 more bytes, 1.
    #expect(GIFComment.text(in: Array(gif[..<(gif.count - 100)])) == nil)

    var generator = SeededGenerator(state: 11)
    for _ in 0..<2000 {
      var (changedGIF, changedPNG) = (gif, png)
      for _ in 0..<4 {
        changedGIF[Int.random(in: 0..<gif.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
        changedPNG[Int.random(in: 0..<png.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      _ = GIFComment.text(in: changedGIF)
      _ = PNGChunks.text(in: changedPNG)
    }
  }
}
