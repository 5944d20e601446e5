import Foundation
import Glibc
import MediaIO
import Testing

@Suite("Outputs are whole or absent")
struct OutputSafetyTests {
  static let names = ["a.mp4", "a.webm", "a.mkv", "a.gif", "a.png", "a/"]
  private static let frames = SyntheticClip.frames(3, width: 16, height: 16)

  @Test("Nothing has the final name before the end, and nothing else stays", arguments: names)
  func finalName(name: String) throws {
    let folder = try TemporaryFolder()
    let writer = try VideoWriter(path: folder.file(name))
    for frame in Self.frames { try writer.append(frame) }
    let final = name.hasSuffix("/") ? String(name.dropLast()) : name
    #expect(try !folder.names().contains(final))
    try writer.finish()
    #expect(writer.frameCount == 3)
    #expect(try folder.names().filter { !$0.contains("/") } == [final])
    #expect(mediaError { try writer.append(Self.frames[0]) }?.kind == .closed)
    #expect(mediaError { try writer.finish() }?.kind == .closed)
    writer.cancel()
    #expect(try folder.names().contains(final))
  }

  @Test("A cancelled or dropped writer leaves nothing", arguments: names)
  func cancelled(name: String) throws {
    let folder = try TemporaryFolder()
    let writer = try VideoWriter(path: folder.file(name))
    for frame in Self.frames { try writer.append(frame) }
    writer.cancel()
    #expect(try folder.names().isEmpty)

    var dropped: VideoWriter? = try VideoWriter(path: folder.file(name))
    try dropped?.append(Self.frames[0])
    #expect(try !folder.names().isEmpty)
    dropped = nil
    #expect(try folder.names().isEmpty)
  }

  @Test("A writer without frames leaves nothing", arguments: names)
  func noFrames(name: String) throws {
    let folder = try TemporaryFolder()
    let writer = try VideoWriter(path: folder.file(name))
    #expect(mediaError { try writer.finish() }?.kind == .empty)
    #expect(try folder.names().isEmpty)
  }

  @Test("A frame of another size is refused and the writer goes on", arguments: names)
  func otherSize(name: String) throws {
    let folder = try TemporaryFolder()
    let writer = try VideoWriter(path: folder.file(name))
    try writer.append(Self.frames[0])
    let error = mediaError { try writer.append(RGBImage(width: 9, height: 9)) }
    #expect(error?.kind == .sizeMismatch)
    #expect(error?.description.contains("9x9; its first frame is 16x16") == true)
    try writer.append(Self.frames[1])
    try writer.finish()
    #expect(writer.frameCount == 2)
  }

  @Test("An existing output is kept unless overwriting is allowed", arguments: names)
  func existing(name: String) throws {
    let folder = try TemporaryFolder()
    let clip = Video(frames: Self.frames, frameRate: FrameRate(8))
    try clip.write(to: folder.file(name))
    let before = try folder.names()
    #expect(mediaError { try clip.write(to: folder.file(name)) }?.kind == .alreadyExists)
    #expect(try folder.names() == before)

    let shorter = Video(frames: [Self.frames[0]], frameRate: FrameRate(8))
    try shorter.write(to: folder.file(name), options: OutputOptions(overwrite: true))
    #expect(try Video.read(folder.file(name)).frames.count == 1)
    #expect(try folder.names().count <= before.count)
  }

  @Test("A folder with files of others is never replaced; an empty one may be filled")
  func foreignFolder() throws {
    let folder = try TemporaryFolder()
    let clip = Video(frames: Self.frames, frameRate: FrameRate(8))
    try FileManager.default.createDirectory(
      atPath: folder.file("a"), withIntermediateDirectories: false)
    try clip.write(to: folder.file("a/"))
    _ = try folder.write([1], to: "a/thesis.txt")
    let error = mediaError {
      try clip.write(to: folder.file("a/"), options: OutputOptions(overwrite: true))
    }
    #expect(error?.kind == .alreadyExists)
    #expect(error?.description.contains("thesis.txt") == true)
    #expect(try folder.names().contains("a/thesis.txt"))
    #expect(mediaError { try clip.write(to: folder.file("a/x/b.mp4")) }?.kind == .cannotWrite)
  }

  @Test("Folders that are missing or refuse writing are said so at once", arguments: names)
  func unwritable(name: String) throws {
    let folder = try TemporaryFolder()
    let missing = mediaError { _ = try VideoWriter(path: folder.file("none/" + name)) }
    #expect(missing?.kind == .cannotWrite)
    // The kernel's own folder refuses even an administrator.
    let refused = mediaError { _ = try VideoWriter(path: "/proc/" + name) }
    #expect(refused?.kind == .cannotWrite)
    let endings = mediaError { _ = try VideoWriter(path: folder.file("a.avi")) }
    #expect(endings?.kind == .unsupported)
  }

  @Test("Settings out of range are refused")
  func ranges() throws {
    let folder = try TemporaryFolder()
    let cases: [(String, OutputOptions)] = [
      ("a.gif", OutputOptions(frameRate: FrameRate(60))),
      ("a.mp4", OutputOptions(quality: 52)), ("a.webm", OutputOptions(quality: 64)),
      ("a.mp4", OutputOptions(scale: 0)), ("a.png", OutputOptions(columns: 0)),
      ("a.mp4", OutputOptions(frameRate: FrameRate(1 << 40, (1 << 40) - 1))),
    ]
    for (name, options) in cases {
      let error = mediaError { _ = try VideoWriter(path: folder.file(name), options: options) }
      #expect(error?.kind == .invalidSetting, "\(name) \(options)")
    }
    #expect(try folder.names().isEmpty)
  }

  @Test(
    "A contact sheet is refused at the frame with which its gutters and empty places are too large",
    arguments: [(4096, 1, 4, 3), (1, 8000, 0, 6)])
  func largeSheet(width: Int, height: Int, columns: Int, most: Int) throws {
    let folder = try TemporaryFolder()
    let options = OutputOptions(columns: columns > 0 ? columns : nil)
    let writer = try VideoWriter(path: folder.file("a.png"), options: options)
    let frame = RGBImage(width: width, height: height)
    for _ in 0..<most { try writer.append(frame) }
    let error = mediaError { try writer.append(frame) }
    #expect(error?.kind == .unsupported)
    #expect(error?.description.contains("cannot show more than \(most) frames") == true)
    #expect(try folder.names().isEmpty)

    let whole = try VideoWriter(path: folder.file("b.png"), options: options)
    for _ in 0..<most { try whole.append(frame) }
    try whole.finish()
    #expect(try folder.names() == ["b.png"])
  }

  @Test("Names that look like patterns or addresses are only names")
  func oddNames() throws {
    let folder = try TemporaryFolder()
    for name in ["a%03d.mp4", "http:x.mp4", "-y.gif", "ü b'c.webm", "%d.png"] {
      let clip = Video(frames: Self.frames, frameRate: FrameRate(8), settings: "{}")
      try clip.write(to: folder.file(name))
      #expect(try MediaMetadata.read(folder.file(name)) == "{}")
      #expect(try Video.read(folder.file(name)).frames.count == (name == "%d.png" ? 1 : 3))
    }
  }

  @Test("A full disk is said so and leaves nothing", arguments: names)
  func fullDisk(name: String) async {
    // A limit on file sizes stands in for a full disk; it holds for a whole process, so the work
    // is done in one of its own.
    await #expect(processExitsWith: .success) { [name] in
      let folder = try TemporaryFolder()
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 2048, rlim_max: 2048)
      setrlimit(__rlimit_resource_t(1), &limit)
      var generator = SeededGenerator(state: 5)
      let noise = (0..<8).map { _ in
        RGBImage(
          width: 64, height: 64,
          pixels: (0..<64 * 64 * 3).map { _ in .random(in: 0...255, using: &generator) })
      }
      let error = mediaError {
        try Video(frames: noise, frameRate: FrameRate(8)).write(to: folder.file(name))
      }
      #expect(error?.kind == .cannotWrite)
      #expect(error?.description.contains("File too large") == true)
      #expect(try folder.names().isEmpty)
    }
  }

  @Test(
    "Equal frames give equal bytes, whatever was in memory before", arguments: ["a.mp4", "a.mkv"])
  func bytesOfMemory(name: String) async {
    // What freed memory is filled with holds for a whole process.
    await #expect(processExitsWith: .success) { [name] in
      let folder = try TemporaryFolder()
      // Blobs that move over a slope: something for an encoder to look ahead at.
      let frames = (0..<12).map { time in
        RGBImage(
          width: 64, height: 64,
          pixels: (0..<64 * 64 * 3).map { index in
            let (x, y, channel) = (index / 3 % 64 + time, index / 192, index % 3)
            return UInt8(x * x / 7 % 97 + y + (x / 9 + y / 5) % 4 * 9 * channel % 60)
          })
      }
      let setMemoryOption = unsafeBitCast(
        try #require(dlsym(nil, "mallopt")), to: (@convention(c) (Int32, Int32) -> Int32).self)
      var contents: Set<Data?> = []
      for pattern: Int32 in [0, 1, 85, 170] {
        // M_PERTURB of malloc.h, which Swift's Glibc leaves out.
        #expect(setMemoryOption(-6, pattern) == 1)
        let path = folder.file("\(pattern)-\(name)")
        try Video(frames: frames, frameRate: FrameRate(8)).write(to: path)
        contents.insert(FileManager.default.contents(atPath: path))
      }
      #expect(contents.count == 1)
    }
  }
}
