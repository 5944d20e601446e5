import MediaIO
import Testing

@Suite("Inputs that are damaged or no video")
struct DamagedInputTests {
  private func openingError(_ path: String) -> MediaError? {
    mediaError {
      let reader = try VideoReader(path: path)
      _ = try reader.nextFrame()
    }
  }

  @Test("What is missing is said")
  func missing() throws {
    let folder = try TemporaryFolder()
    let error = openingError(folder.file("no.mp4"))
    #expect(error?.kind == .notFound)
    #expect(error?.description == "no.mp4 does not exist")
    #expect(mediaError { _ = try MediaInfo.probe(folder.file("no.mp4")) }?.kind == .notFound)
    #expect(mediaError { _ = try MediaMetadata.read(folder.file("no.mp4")) }?.kind == .notFound)
    #expect(openingError("/dev/null")?.description.hasPrefix("null is a device; ") == true)
  }

  @Test("Empty files and folders are said to be empty")
  func empty() throws {
    let folder = try TemporaryFolder()
    for name in ["x.mp4", "x.gif", "x.png"] {
      let path = try folder.write([], to: name)
      #expect(openingError(path)?.description == "\(name) is empty (0 bytes)")
    }
    let inner = try TemporaryFolder()
    _ = try inner.write([65], to: "readme.txt")
    #expect(openingError(inner.path)?.kind == .empty)
  }

  @Test("Text is no video, whatever its name", arguments: ["x.mp4", "x.txt", "x.gif", "x.png"])
  func text(name: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      Array("Not a video, but a letter of some length.\n".utf8), to: name)
    let error = try #require(openingError(path))
    #expect(error.kind == .notMedia || error.kind == .noVideoStream)
    #expect(error.description.hasPrefix(name))
  }

  @Test("A playlist opens no other file")
  func playlist() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      Array("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://localhost:9/a.ts\n".utf8),
      to: "list.m3u8")
    #expect(openingError(path)?.description.hasPrefix("list.m3u8 is a playlist; ") == true)
  }

  @Test("A sound file holds no video stream, and the error says what it holds")
  func audioOnly() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.silence, to: "x.wav")
    let error = openingError(path)
    #expect(error?.kind == .noVideoStream)
    #expect(
      error?.description
        == "x.wav holds no video stream (WAV / WAVE (Waveform Audio)); give a video")
    #expect(mediaError { _ = try MediaInfo.probe(path) }?.kind == .noVideoStream)
  }

  @Test("Frames of different sizes are refused, naming both")
  func mixedSizes() throws {
    let folder = try TemporaryFolder()
    try PNGFile.write(RGBImage(width: 8, height: 8), to: folder.file("frame1.png"))
    try PNGFile.write(RGBImage(width: 8, height: 9), to: folder.file("frame2.png"))
    let error = openingError(folder.path)
    #expect(error?.kind == .sizeMismatch)
    #expect(
      error?.description.hasPrefix("frame2.png is 8x9; frame1.png is 8x8") == true)
  }

  @Test(
    "A video cut short gives its first frames and a warning",
    arguments: ["clip.mp4", "clip.webm", "clip.mkv", "clip.gif"])
  func truncated(name: String) throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(60), frameRate: FrameRate(25))
      .write(to: folder.file(name))
    let bytes = try folder.bytes(of: name)
    let path = try folder.write(Array(bytes[..<(bytes.count * 7 / 10)]), to: "cut-" + name)

    let reader = try VideoReader(path: path)
    var count = 0
    while try reader.nextFrame() != nil { count += 1 }
    #expect(count > 5 && count < 60)
    #expect(reader.warnings.contains { $0.kind == .truncated }, "\(reader.warnings)")
    let whole = try VideoReader(path: folder.file(name))
    while try whole.nextFrame() != nil {}
    #expect(whole.warnings.isEmpty)
  }

  @Test(
    "A real video cut short gives its first frames and a warning",
    .enabled(if: SharedMedia.isPresent, "\(SharedMedia.absence)"))
  func truncatedAVI() throws {
    let folder = try TemporaryFolder()
    let source = try TemporaryFolder.bytes(at: SharedMedia.folder + "/vtest.avi")
    let path = try folder.write(Array(source[..<300_000]), to: "cut.avi")
    let reader = try VideoReader(path: path)
    while try reader.nextFrame() != nil {}
    #expect(reader.position > 5)
    #expect(reader.warnings.contains { $0.kind == .truncated })
  }

  @Test("An MP4 without its index is refused with FFmpeg's reason")
  func withoutIndex() throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(5), frameRate: FrameRate(8))
      .write(to: folder.file("a.mp4"))
    var bytes = try folder.bytes(of: "a.mp4")
    let index = try #require(bytes.firstOffset(of: Array("moov".utf8)))
    bytes.replaceSubrange(index..<index + 4, with: "xxxx".utf8)
    let path = try folder.write(bytes, to: "cut.mp4")
    let error = openingError(path)
    #expect(error?.kind == .notMedia)
    #expect(error?.description.contains("moov atom not found") == true)
  }

  @Test("A PNG that claims an enormous size is refused")
  func enormousPNG() throws {
    let folder = try TemporaryFolder()
    try PNGFile.write(RGBImage(width: 8, height: 8), to: folder.file("a.png"))
    var bytes = try folder.bytes(of: "a.png")
    bytes.store(2_000_000_000, at: 16)
    bytes.store(2_000_000_000, at: 20)
    #expect(openingError(try folder.write(bytes, to: "b.png"))?.kind == .unsupported)
  }

  @Test(
    "Changed bytes never crash a reader",
    arguments: [("a.gif", 300), ("a.png", 300), ("a.mp4", 200), ("a.webm", 150), ("a.mkv", 200)])
  func mutations(name: String, count: Int) throws {
    let folder = try TemporaryFolder()
    let clip = Video(
      frames: SyntheticClip.frames(name == "a.png" ? 1 : 3, width: 16, height: 16),
      frameRate: FrameRate(8), settings: "{}")
    try clip.write(to: folder.file(name))
    let original = try folder.bytes(of: name)
    var generator = SeededGenerator(state: 42)
    var readable = 0
    for round in 0..<count {
      var bytes = original
      for _ in 0...(round % 6) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      if round % 7 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
      let path = try folder.write(bytes, to: "changed-" + name)
      do {
        _ = try MediaInfo.probe(path)
        let reader = try VideoReader(path: path)
        while reader.position < 20, try reader.nextFrame() != nil {}
        _ = try reader.frames(from: 1, count: 1)
        readable += 1
      } catch {
        #expect(error is MediaError, "\(error)")
      }
    }
    #expect(readable > 0 && readable < count)
  }

  /// A tenth of a second of mono sound at 8 kHz in a WAV file.
  private static let silence: [UInt8] = {
    let samples = [UInt8](repeating: 0, count: 1600)
    func little(_ value: Int, _ bytes: Int) -> [UInt8] {
      (0..<bytes).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
    let format =
      little(1, 2) + little(1, 2) + little(8000, 4) + little(16000, 4) + little(2, 2)
      + little(16, 2)
    return Array("RIFF".utf8) + little(36 + samples.count, 4) + Array("WAVEfmt ".utf8)
      + little(16, 4) + format + Array("data".utf8) + little(samples.count, 4) + samples
  }()
}
