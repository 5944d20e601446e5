import Foundation
import InspectionKit
import KitTestSupport
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

@Suite struct FootageReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func source(_ count: Int) throws -> String {
    let path = folder.path("source/")
    try Video(frames: TinyModel.frames(count), frameRate: FrameRate(8)).write(to: path)
    return path
  }

  @Test("frames come as the model sees them, with the video's count and rate")
  func reading() throws {
    let reader = FootageReader(path: Samples.path("bunny.mp4"), side: 64)
    var last = (0, 0)
    let footage = try reader.footage(limit: 20) { last = ($0, $1) }
    #expect(footage.images.count == 20 && last == (20, 20))
    #expect(footage.frameCount > 20 && footage.framesPerSecond > 1)
    #expect(footage.images.allSatisfy { $0.width == 64 && $0.height == 64 })
    let first = try #require(try VideoReader(path: footage.path).nextFrame())
    #expect(footage.images[0] == FramePreparation(resolution: 64).prepared(first))
  }

  @Test("one frame of a large animation is held in full at a time")
  func largeFrames() async throws {
    let path = folder.path("large.gif")
    // 12 MB a frame, which differ so that none is left out.
    let frames = (0..<16).map { number in
      let level = UInt8(number * 16)
      return RGBImage(width: 2048, height: 2048, fill: (level, level, level))
    }
    try Video(frames: frames, frameRate: FrameRate(8)).write(to: path)
    // The most that was held is a process's own.
    await #expect(processExitsWith: .success) { [path = path as String] in
      let clip = try FootageReader(path: path, side: 32).clip(at: 0)
      #expect(clip.images.count == 16)
      // Sixteen frames have 200 MB; one in each of the forms that it goes through, 45; all else 70.
      #expect(MemoryUse.peakResidentByteCount < 190 << 20)
    }
  }

  @Test("a folder of pictures has frames and a usual rate")
  func pictures() throws {
    let footage = try FootageReader(path: source(18), side: 32).footage()
    #expect(footage.images.count == 18 && footage.frameCount == 18)
    #expect(footage.framesPerSecond == 16)
  }

  @Test("what there is to know of the frames is noted in the picker, by a run and by a look")
  func notes() async throws {
    let path = try source(18)
    try Data([1, 2, 3]).write(to: URL(filePath: path + "cover.jpg"))
    let note =
      "source holds 18 PNG and 1 JPEG pictures; the PNG ones are read as its frames"
    #expect(try FootageReader(path: path, side: 32).footage().notes == [note])
    #expect(try Inspection(of: path).media?.notes == [note])
    let continuation = try await Continuation(
      ClipInput(path: path), from: nil, frames: 16, side: 32
    ) { _ in Latent(zerosFor: PlaneGeometry(side: 8)) }
    #expect(continuation.notes == [note])
  }

  @Test("the chosen window is cut and prepared; without a choice, the last frames")
  func windows() throws {
    let path = try source(20)
    let reader = FootageReader(path: path, side: 32)
    let frames = TinyModel.frames(20)
    let chosen = try reader.clip(at: 3)
    #expect(chosen.firstFrame == 3)
    #expect(chosen.clip == PixelClip(preparing: Array(frames[3..<19]), side: 32))
    let last = try reader.clip(at: nil)
    #expect(last.firstFrame == 4)
    #expect(last.clip == PixelClip(preparing: Array(frames[4..<20]), side: 32))
    for first in [-1, 5, 1000, Int.max] {
      #expect(throws: StudioError.self) { try reader.clip(at: first) }
    }
  }

  @Test(
    "frames are those that decode, whatever the packets say",
    .enabled(if: Shared.isThere, "\(Shared.skipReason)"),
    arguments: [
      "vp8_altref.webm", "cut_xvid.avi", "cut_hevc.mkv", "recording.ts", "faststart_cut.mp4",
    ]
  )
  func hiddenFrames(name: String) throws {
    let path = Shared.path("cases/inputs/" + name)
    let all = try Video.read(path).frames
    let reader = FootageReader(path: path, side: 32)
    for first in Set([0, 1, 100, all.count - 16]) where first + 16 <= all.count {
      let chosen = try reader.clip(at: first)
      #expect(chosen.clip == PixelClip(preparing: Array(all[first..<first + 16]), side: 32))
    }
    let last = try reader.clip(at: nil)
    #expect(last.firstFrame == all.count - 16)
    #expect(last.clip == PixelClip(preparing: Array(all.suffix(16)), side: 32))
    #expect(throws: StudioError.self) { try reader.clip(at: all.count - 15) }
    for limit in [20, 600] {
      let footage = try reader.footage(limit: limit)
      #expect(footage.frameCount == all.count && footage.images.count == min(limit, all.count))
    }
  }

  @Test("what is too short, latents, or not there is refused")
  func refusals() throws {
    let short = try source(9)
    #expect(throws: StudioError(short, .tooShort(frames: 9, needed: 16))) {
      try FootageReader(path: short, side: 32).footage()
    }
    let latents = folder.path("z.safetensors")
    try LatentFile.write([Latent(zerosFor: PlaneGeometry(side: 8))], to: latents)
    #expect(throws: StudioError(latents, .noFrames)) {
      try FootageReader(path: latents, side: 32).footage()
    }
    #expect(throws: StudioError.self) {
      try FootageReader(path: folder.path("gone.mp4"), side: 32).footage()
    }
  }

  @Test("a cancelled task ends the reading")
  func cancellation() async throws {
    let path = try source(18)
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try FootageReader(path: path, side: 32).footage()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }
}
