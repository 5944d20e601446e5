import Foundation
import MediaIO
import Testing

@Suite("Frames are numbered by what decodes, in the order in which they are shown")
struct FrameNumberTests {
  /// Checks that frames counted, sought and read in order are the same ones.
  ///
  /// - Parameter limit: Pixels that are decoded to reach a frame where the container tells the way; 0
  ///   searches wherever that is allowed.
  private func check(
    _ path: String, count: Int? = nil, limit: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let all = try Video.read(path).frames
    if let count { #expect(all.count == count, sourceLocation: sourceLocation) }
    #expect(
      try VideoReader(path: path, decodingLimit: limit).frameCount() == all.count,
      sourceLocation: sourceLocation)
    #expect(try MediaInfo.probe(path).frameCount == all.count, sourceLocation: sourceLocation)
    let reader = try VideoReader(path: path, decodingLimit: limit)
    let last = max(all.count - 3, 0)
    for start in [last, 0, all.count / 2, all.count / 2 + 1, all.count / 3, last, all.count / 7] {
      let window = try reader.frames(from: start, count: 3)
      #expect(
        window == Array(all[start..<min(start + 3, all.count)]), "from \(start)",
        sourceLocation: sourceLocation)
    }
    #expect(try reader.frames(from: all.count, count: 1).isEmpty, sourceLocation: sourceLocation)
    #expect(try reader.frameCount() == all.count, sourceLocation: sourceLocation)
  }

  @Test(
    "Packets that are no frames have no number",
    .enabled(if: SharedCases.isPresent, "\(SharedCases.absence)"),
    arguments: [
      ("vp8_altref.webm", 200), ("cut_xvid.avi", 140), ("cut_hevc.mkv", 225), ("recording.ts", 170),
      ("faststart_cut.mp4", 17),
    ], [0, 1 << 29])
  func hiddenFrames(input: (name: String, count: Int), limit: Int) throws {
    try check(SharedCases.inputs + "/" + input.name, count: input.count, limit: limit)
  }

  @Test(
    "Whole files can be searched by their container's index",
    arguments: ["clip.mp4", "clip.webm", "clip.mkv", "clip.gif"], [0, 1 << 29])
  func whole(name: String, limit: Int) throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(150, width: 16, height: 16), frameRate: .init(25))
      .write(to: folder.file(name))
    try check(folder.file(name), count: 150, limit: limit)
  }

  @Test(
    "A damaged stretch shifts the frames after it alike for every way of reading",
    arguments: ["clip.mp4", "clip.webm", "clip.mkv"], [1, 2, 3])
  func damagedStretch(name: String, place: Int) throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(120, width: 32, height: 32), frameRate: .init(25))
      .write(to: folder.file(name))
    var bytes = try folder.bytes(of: name)
    let start = bytes.count * place / 4
    for index in start..<start + bytes.count / 20 { bytes[index] = 0 }
    let path = try folder.write(bytes, to: "damaged-" + name)
    try check(path, limit: 1 << 29)
    let reader = try VideoReader(path: path)
    while try reader.nextFrame() != nil {}
    #expect(try MediaInfo.probe(path).warnings.isEmpty == reader.warnings.isEmpty)
  }

  @Test(
    "A file whose first key frame was cut away", arguments: ["clip.mp4", "clip.webm"], [0, 1 << 29])
  func withoutFirstKey(name: String, limit: Int) throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(300, width: 16, height: 16), frameRate: .init(25))
      .write(to: folder.file(name))
    var bytes = try folder.bytes(of: name)
    // The first packet lies where the media data begin; that of x264 starts with its settings.
    let isMP4 = name.hasSuffix("mp4")
    let marker: [UInt8] = isMP4 ? Array("mdat".utf8) : [0x1F, 0x43, 0xB6, 0x75]
    let start = try #require(bytes.firstOffset(of: marker)) + 12
    for index in start..<start + (isMP4 ? 1200 : 60) { bytes[index] = 0xFF }
    let path = try folder.write(bytes, to: "headless-" + name)
    let left = try Video.read(path).frames.count
    #expect(left > 0 && left < 300, "\(left)")
    try check(path, limit: limit)
  }

  @Test("Counting says what is missing, and so does reading")
  func warnings() throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(60), frameRate: FrameRate(25))
      .write(to: folder.file("clip.mp4"))
    let bytes = try folder.bytes(of: "clip.mp4")
    let path = try folder.write(Array(bytes[..<(bytes.count * 7 / 10)]), to: "cut.mp4")
    let info = try MediaInfo.probe(path)
    let count = try #require(info.frameCount)
    #expect(count > 5 && count < 60)
    #expect(
      info.warnings.contains {
        $0.kind == .truncated
          && $0.description == "cut.mp4 ends early: \(count) frames could be read"
      }, "\(info.warnings)")
    #expect(try MediaInfo.probe(folder.file("clip.mp4")).warnings.isEmpty)
    let reader = try VideoReader(path: path)
    while try reader.nextFrame() != nil {}
    #expect(reader.warnings == info.warnings)
  }

  @Test("Counting can be cancelled")
  func cancelled() async throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.numbered(9), frameRate: FrameRate(8))
      .write(to: folder.file("clip.mp4"))
    let path = folder.file("clip.mp4")
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try VideoReader(path: path).frameCount()
    }
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }
}
