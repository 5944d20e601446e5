import MediaIO
import Testing

@Suite("Animated pictures")
struct AnimatedPictureTests {
  /// The animation with the flags of its second frame set: 1 clears its place after it was shown, 2 has
  /// it replace what is below.
  private func webP(secondFrameFlags flags: UInt8) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    _ = try TransparentClips.write(TransparentClips.webP, "a.webp", to: folder)
    var bytes = try folder.bytes(of: "a.webp")
    let name = Array("ANMF".utf8)
    let first = try #require(bytes.firstOffset(of: name))
    let second = try #require(Array(bytes[(first + 4)...]).firstOffset(of: name)) + first + 4
    bytes[second + 23] = flags
    return bytes
  }

  @Test("A WebP's frames are found in any order and have its rate")
  func webPFrames() throws {
    let folder = try TemporaryFolder()
    let path = try TransparentClips.write(TransparentClips.webP, "a.webp", to: folder)
    let reader = try VideoReader(path: path)
    #expect(try reader.frameCount() == 2)
    #expect(reader.frameRate == FrameRate(20))
    let all = try reader.frames(from: 0, count: 9)
    #expect(all.count == 2 && all[0] != all[1])
    #expect(try reader.frames(from: 1, count: 1) == [all[1]])
    #expect(try reader.frames(from: 0, count: 1) == [all[0]])
    #expect(try reader.frames(from: 7, count: 1).isEmpty)
    let info = try MediaInfo.probe(path)
    #expect(info.container == "webp" && info.frameCount == 2 && info.duration == 0.1)
    #expect(try MediaMetadata.read(path) == nil)
  }

  @Test("A WebP's frame replaces what is below it when it says so")
  func replacing() throws {
    let folder = try TemporaryFolder()
    let laid = try Video.read(folder.write(try webP(secondFrameFlags: 0), to: "a.webp")).frames[1]
    let replaced = try Video.read(folder.write(try webP(secondFrameFlags: 2), to: "b.webp")).frames[
      1]
    // Where the second frame has something, both show it.
    #expect(laid[3, 12] == (30, 200, 60) && replaced[3, 12] == (30, 200, 60))
  }

  @Test("A WebP that is cut short gives what is whole, with a warning")
  func truncated() throws {
    let folder = try TemporaryFolder()
    let bytes = try webP(secondFrameFlags: 0)
    let reader = try VideoReader(
      path: try folder.write(Array(bytes.dropLast(12)), to: "cut.webp"))
    #expect(try reader.frames(from: 0, count: 9).count == 1)
    #expect(reader.warnings.map(\.kind) == [.truncated])
  }

  @Test("A WebP whose frame cannot be decoded shows the one before it, and counts it")
  func damaged() throws {
    let folder = try TemporaryFolder()
    var bytes = try webP(secondFrameFlags: 0)
    let last = try #require(
      bytes.indices.last { bytes[$0...].starts(with: Array("VP8L".utf8)) })
    bytes[last + 8] = 0
    let reader = try VideoReader(path: try folder.write(bytes, to: "a.webp"))
    let frames = try reader.frames(from: 0, count: 9)
    #expect(frames.count == 2 && frames[0] == frames[1])
    #expect(reader.warnings.map(\.kind) == [.damagedFrames(1)])
  }

  @Test("Changed bytes of a WebP never crash its reader")
  func mutations() throws {
    let folder = try TemporaryFolder()
    let original = try webP(secondFrameFlags: 0)
    var generator = SeededGenerator(state: 7)
    for round in 0..<600 {
      var bytes = original
      for _ in 0...(round % 4) {
        bytes[Int.random(in: 8..<bytes.count, using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      let path = try folder.write(bytes, to: "changed.webp")
      do {
        _ = try MediaInfo.probe(path)
        let reader = try VideoReader(path: path)
        while try reader.nextFrame() != nil {}
      } catch {
        #expect(error is MediaError, "\(error)")
      }
    }
  }

  @Test(
    "What people bring: an animated PNG named .png, an animated WebP",
    .enabled(if: SharedCases.isPresent, "\(SharedCases.absence)"),
    arguments: ["anim_named.png", "anim.webp"])
  func cases(name: String) throws {
    let frames = try Video.read(SharedCases.inputs + "/" + name).frames
    #expect(frames.count == 20)
    #expect(Set(frames).count == 20)
    #expect(try VideoReader(path: SharedCases.inputs + "/" + name).frameCount() == 20)
  }
}
