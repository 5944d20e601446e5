import Foundation
import MediaIO
import Testing

@Suite("Frames are read in order, upright and from anywhere")
struct ReadingTests {
  @Test(
    "Any window equals the same frames read in order",
    arguments: ["clip.mp4", "clip.webm", "clip.mkv", "clip.gif", "clip/"])
  func windows(name: String) throws {
    let folder = try TemporaryFolder()
    // More frames than are skipped by decoding, so that the index is used.
    let clip = Video(frames: SyntheticClip.frames(150, width: 16, height: 16), frameRate: .init(25))
    try clip.write(to: folder.file(name))
    let all = try Video.read(folder.file(name)).frames
    #expect(all.count == 150)

    let reader = try VideoReader(path: folder.file(name))
    #expect(try reader.frameCount() == 150)
    for start in [140, 3, 3, 90, 91, 20, 149, 0] {
      let window = try reader.frames(from: start, count: 4)
      #expect(window == Array(all[start..<min(start + 4, 150)]), "from \(start)")
      #expect(reader.position == min(start + 4, 150))
    }
    #expect(try reader.frames(from: 150, count: 3).isEmpty)
    #expect(try reader.frames(from: 9000, count: 3).isEmpty)
    #expect(try reader.nextFrame() == nil)
    #expect(try reader.frames(from: 10, count: 1) == [all[10]])
    #expect(reader.warnings.isEmpty)
  }

  @Test("An asynchronous sequence gives every frame, and stops when cancelled")
  func asynchronous() async throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.numbered(9), frameRate: FrameRate(8))
      .write(to: folder.file("clip.mp4"))
    let frames = VideoFrames(path: folder.file("clip.mp4"))
    var numbers: [Int] = []
    for try await frame in frames { numbers.append(SyntheticClip.number(of: frame)) }
    #expect(numbers == Array(0..<9))
    #expect(try await countOnMainActor(frames) == 9)

    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      for try await _ in frames {}
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @MainActor
  private func countOnMainActor(_ frames: VideoFrames) async throws -> Int {
    var count = 0
    for try await _ in frames { count += 1 }
    return count
  }

  @Test("A display matrix turns and mirrors the picture")
  func displayMatrix() throws {
    let folder = try TemporaryFolder()
    var frame = RGBImage(width: 48, height: 32, fill: (20, 20, 20))
    frame.paste(RGBImage(width: 16, height: 16, fill: (230, 30, 30)), x: 0, y: 0)
    try Video(frames: [frame, frame], frameRate: FrameRate(8)).write(to: folder.file("a.mp4"))
    let original = try folder.bytes(of: "a.mp4")
    let header = try #require(original.firstOffset(of: Array("tkhd".utf8)))

    // Rows a b, c d of the matrix; where the red corner must go.
    let cases: [(matrix: [Int32], size: (Int, Int), corner: (Int, Int))] = [
      ([0, 1, -1, 0], (32, 48), (28, 4)),
      ([-1, 0, 0, -1], (48, 32), (44, 28)),
      ([0, -1, 1, 0], (32, 48), (4, 44)),
      ([-1, 0, 0, 1], (48, 32), (44, 4)),
    ]
    for (matrix, size, corner) in cases {
      var bytes = original
      for (place, value) in zip([0, 1, 3, 4], matrix) {
        bytes.store(UInt32(bitPattern: value << 16), at: header + 44 + place * 4)
      }
      let path = try folder.write(bytes, to: "turned.mp4")
      let turned = try Video.read(path).frames[0]
      #expect((turned.width, turned.height) == size, "\(matrix)")
      #expect(turned[corner.0, corner.1].red > 180, "\(matrix)")
      #expect((try MediaInfo.probe(path).width) == size.0)
    }
  }

  @Test("A JPEG stands as its EXIF orientation says", arguments: 1...8)
  func orientation(number: Int) throws {
    let folder = try TemporaryFolder()
    var bytes = [UInt8](try #require(Data(base64Encoded: Self.turnedJPEG)))
    #expect(bytes[49] == 6)
    bytes[49] = UInt8(number)
    let path = try folder.write(bytes, to: "a.jpg")
    // The corners from the top left, row by row, as the standard (EXIF 2.3, tag 0x0112) turns the
    // picture: red at the top and green at the bottom of its left half, blue at its right.
    let corners = ["rbgb", "brbg", "bgbr", "gbrb", "rgbb", "grbb", "bbgr", "bbrg"]
    for picture in [try Video.read(path).frames[0], try Video.read(folder.path).frames[0]] {
      let (width, height) = (picture.width, picture.height)
      #expect((width, height) == (number < 5 ? (16, 8) : (8, 16)))
      let seen = [(1, 1), (width - 2, 1), (1, height - 2), (width - 2, height - 2)].map { x, y in
        let colour = picture[x, y]
        return colour.red > 120 ? "r" : colour.green > 120 ? "g" : "b"
      }
      #expect(seen.joined() == corners[number - 1])
    }
    #expect(try MediaInfo.probe(path).width == (number < 5 ? 16 : 8))
  }

  @Test("Pixels that are not square are made so by scaling the width")
  func sampleAspectRatio() throws {
    let folder = try TemporaryFolder()
    try Video(frames: SyntheticClip.frames(2, width: 32, height: 32), frameRate: FrameRate(8))
      .write(to: folder.file("a.mp4"))
    var bytes = try folder.bytes(of: "a.mp4")
    let aspect = try #require(bytes.firstOffset(of: Array("pasp".utf8)))
    bytes.store(2, at: aspect + 4)
    bytes.store(1, at: aspect + 8)
    let reader = try VideoReader(path: try folder.write(bytes, to: "wide.mp4"))
    let frame = try #require(try reader.nextFrame())
    #expect((frame.width, frame.height) == (64, 32))
    #expect(signalToNoise([frame], [SyntheticClip.frame(0, width: 64, height: 32)]) > 30)
  }

  @Test("Folders are read in natural order, other files ignored")
  func naturalFolder() throws {
    let folder = try TemporaryFolder()
    for number in [10, 2, 1, 20, 3] {
      try PNGFile.write(
        RGBImage(width: 8, height: 8, fill: (UInt8(number), 0, 0)),
        to: folder.file("frame\(number).png"))
    }
    _ = try folder.write([1, 2, 3], to: "notes.txt")
    _ = try folder.write([1, 2, 3], to: ".hidden.png")
    let frames = try Video.read(folder.path).frames
    #expect(frames.map { $0[0, 0].red } == [1, 2, 3, 10, 20])
  }

  @Test("Natural order compares numbers by value and is a strict order")
  func naturalOrder() {
    let sorted = [
      "a", "a0", "a1", "a01", "a1b", "a2", "a9b", "a010", "a10b2", "a10b10",
      "a99999999999999999999", "a100000000000000000000", "b1",
    ]
    for (i, first) in sorted.enumerated() {
      for (j, second) in sorted.enumerated() {
        #expect(NaturalOrder.precedes(first, second) == (i < j), "\(first) \(second)")
      }
    }
  }

  @Test("A folder of JPEGs is read when it has no PNG")
  func jpegFolder() throws {
    let folder = try TemporaryFolder()
    let jpeg = try #require(Data(base64Encoded: Self.redJPEG))
    for name in ["1.jpg", "2.JPEG"] { _ = try folder.write([UInt8](jpeg), to: name) }
    let frames = try Video.read(folder.path).frames
    #expect(frames.count == 2)
    #expect((frames[0].width, frames[0].height) == (16, 16))
    #expect(frames[0][8, 8].red > 245 && frames[0][8, 8].green < 10)
    #expect(try MediaInfo.probe(folder.path).codec == "mjpeg")
  }

  @Test(
    "bigbuckbunny.mp4 has 132 frames of 1280x720",
    .enabled(if: SharedMedia.isPresent, "\(SharedMedia.absence)"))
  func bigBuckBunny() throws {
    let path = SharedMedia.folder + "/bigbuckbunny.mp4"
    let info = try MediaInfo.probe(path)
    #expect((info.width, info.height, info.frameCount) == (1280, 720, 132))
    #expect(info.frameRate == FrameRate(25))
    let reader = try VideoReader(path: path)
    let window = try reader.frames(from: 120, count: 16)
    #expect(window.count == 12)
    #expect(Set(window).count == 12)
    #expect(try VideoReader(path: path).frames(from: 130, count: 1) == [window[10]])
  }

  @Test(
    "vtest.avi has 795 frames of 768x576",
    .enabled(if: SharedMedia.isPresent, "\(SharedMedia.absence)"))
  func walkers() throws {
    let path = SharedMedia.folder + "/vtest.avi"
    let info = try MediaInfo.probe(path)
    #expect((info.width, info.height, info.frameCount) == (768, 576, 795))
    #expect(info.frameRate == FrameRate(10))
    let estimated = try MediaInfo.probe(path, countingLimit: 0)
    #expect(!estimated.frameCountIsExact)
    #expect(estimated.frameCount == 795)
    let reader = try VideoReader(path: path)
    let late = try reader.frames(from: 780, count: 16)
    #expect(late.count == 15)
    let early = try reader.frames(from: 40, count: 2)
    let again = try VideoReader(path: path)
    for _ in 0..<40 { _ = try again.nextFrame() }
    #expect(try again.nextFrame() == early[0])
  }

  /// A picture of 16x8 pixels with an orientation of 6.
  private static let turnedJPEG =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAMCAgMC"
    + "AgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQME"
    + "BAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAAR"
    + "CAAIABADAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABwj/xAAYEAACAwAAAAAAAAAAAAAAAAAAF2Wk4v/E"
    + "ABcBAAMBAAAAAAAAAAAAAAAAAAUGBwn/xAAcEQABAwUAAAAAAAAAAAAAAAAAFRhjZaGj4eP/2gAMAwEAAhEDEQA/"
    + "ADRQy1bZB1uO+go5akZ+JMRrQIZ//9k="

  /// A red picture of 16x16 pixels.
  static let redJPEG =
    "/9j/4AAQSkZJRgABAgAAAQABAAD//gAQTGF2YzU5LjM3LjEwMAD/2wBDAAgQEBMQExYWFhYWFhoYGhsbGxoaGhob"
    + "GxsdHR0iIiIdHR0bGx0dICAiIiUmJSMjIiMmJigoKDAwLi44ODpFRVP/xABMAAEBAAAAAAAAAAAAAAAAAAAABgEB"
    + "AQAAAAAAAAAAAAAAAAAABgcQAQAAAAAAAAAAAAAAAAAAAAARAQAAAAAAAAAAAAAAAAAAAAD/wAARCAAQABADASIA"
    + "AhEAAxEA/9oADAMBAAIRAxEAPwCLAFF/f//Z"
}

extension [UInt8] {
  /// Where `pattern` first occurs.
  func firstOffset(of pattern: [UInt8]) -> Int? {
    indices.first { self[$0...].starts(with: pattern) }
  }

  /// Puts a big-endian number at `offset`.
  mutating func store(_ value: UInt32, at offset: Int) {
    for (index, shift) in [24, 16, 8, 0].enumerated() {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(shift))
    }
  }
}
