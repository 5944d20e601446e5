import Foundation
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
    #expect(try MediaMetadata.read(folder.file("clip/frame00000.png")) == "{\"a\":1}")
    #expect(try MediaMetadata.read(folder.file("clip/frame00001.png")) == nil)
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
    func text(_ bytes: some Sequence<UInt8>) throws -> String? {
      try MediaMetadata.read(folder.write(Array(bytes), to: "changed"))
    }
    for length in stride(from: 8, to: gif.count, by: 5) { #expect(try text(gif[..<length]) == nil) }
    for length in stride(from: 8, to: png.count, by: 5) { _ = try text(png[..<length]) }
    // The comment and the trailer are the last 700 + 5 characters, 3 lengths, 3 more bytes, 1.
    #expect(try text(gif[..<(gif.count - 100)]) == nil)
    // Zeros behind the trailer, as some programs leave them, change nothing.
    #expect(try text(gif + [0, 0, 0]) == clip.settings)

    var generator = SeededGenerator(state: 11)
    for _ in 0..<500 {
      var (changedGIF, changedPNG) = (gif, png)
      for _ in 0..<4 {
        // The signatures stay, so that these parsers are the ones that read.
        changedGIF[Int.random(in: 8..<gif.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
        changedPNG[Int.random(in: 8..<png.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      _ = try text(changedGIF)
      _ = try text(changedPNG)
    }
  }

  @Test("Settings are found without reading the pictures, however large the file is")
  func largeFiles() throws {
    let folder = try TemporaryFolder()
    let clip = Video(
      frames: SyntheticClip.frames(2, width: 8, height: 8), frameRate: FrameRate(8), settings: "{}")
    for name in ["a.gif", "a.png"] {
      try clip.write(to: folder.file(name))
      let bytes = try folder.bytes(of: name)
      // A hole of 64 GB, which takes no room: what reads the whole file never ends.
      let path = folder.file("large-" + name)
      let isGIF = name == "a.gif"
      let split = isGIF ? bytes.count - 12 : bytes.count
      let handle = try #require(
        FileHandle(forWritingAtPath: try folder.write([], to: "large-" + name)))
      try handle.write(contentsOf: Data(bytes[..<split]))
      try handle.truncate(atOffset: 1 << 36)
      if isGIF {
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(bytes[split...]))
      }
      try handle.close()
      #expect(try MediaMetadata.read(path) == "{}")
    }
  }

  @Test("A comment before a GIF's first picture is found, as other programs write it")
  func commentInFront() throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(1, width: 8, height: 8), frameRate: FrameRate(8))
      .write(to: folder.file("a.gif"))
    var bytes = try folder.bytes(of: "a.gif")
    let table = bytes[10] & 0x80 == 0 ? 0 : 3 << (Int(bytes[10] & 7) + 1)
    let comment: [UInt8] = [0x21, 0xFE, 7] + Array("pvdm:{}".utf8) + [0]
    bytes.insert(contentsOf: comment, at: 13 + table)
    #expect(try MediaMetadata.read(folder.write(bytes, to: "b.gif")) == "{}")
  }
}
