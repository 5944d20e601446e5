import Foundation
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Videos directed by known frames, as a user asks for them.
@Suite struct DirectedCommandTests {
  private let folder: TemporaryFolder
  private static let steps = ["--steps", "2", "--seed", "3"]

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: [String], interruptAfter word: String? = nil) throws -> CommandRun {
    try CommandRun(arguments, interruptAfter: word)
  }

  private func frames(_ name: String) throws -> [RGBImage] {
    let reader = try VideoReader(path: folder.path(name))
    var frames: [RGBImage] = []
    while let frame = try reader.nextFrame() { frames.append(frame) }
    return frames
  }

  /// A video of frames that get brighter, lossless.
  private func video(_ name: String, frames: Int, from level: Int, side: Int = 64) throws {
    let images = (0..<frames).map { number in
      let grey = UInt8(level + 2 * number)
      return RGBImage(width: side, height: side, fill: (grey, grey, UInt8(200)))
    }
    try Video(frames: images, frameRate: FrameRate(8)).write(to: folder.path(name))
  }

  @Test(
    "a bridge stands between two videos, whose frames stay as they are; its cost is told before")
  func bridge() throws {
    try video("a.mkv", frames: 20, from: 20)
    try video("b.mkv", frames: 5, from: 80, side: 96)
    let made = try run(
      ["bridge", folder.path("a.mkv"), folder.path("b.mkv"), "skies-64", "--frames", "6"]
        + Self.steps + ["-o", folder.path("all.mkv"), "-o", folder.path("all.safetensors")])
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.errors.contains("1 of 2 steps decode and encode the clip, about"))
    let all = try frames("all.mkv")
    #expect(all.count == 31)
    #expect(try Array(all.prefix(20)) == frames("a.mkv"))
    #expect(all[26...].map { $0[32, 32].red } == [80, 82, 84, 86, 88])
    #expect(try VideoReader(path: folder.path("all.mkv")).frameRate == FrameRate(8))
    #expect(try LatentFile(contentsOf: folder.path("all.safetensors")).latents.count == 1)
    let alone = try run(
      ["bridge", folder.path("a.mkv"), folder.path("b.mkv"), "skies-64", "--frames", "6"]
        + Self.steps + ["--only-new", "-o", folder.path("new.mkv")])
    #expect(alone.status == 0, "\(alone.errors)")
    #expect(try frames("new.mkv") == Array(all[20..<26]))
    let settings = try RunSettings(embeddedIn: folder.path("all.mkv"))
    #expect(settings.command == "bridge" && settings.gap?.after == "b.mkv")
    #expect(settings.limits.contains { $0.contains("leads from a.mkv") })
    #expect(settings.limits.contains { $0.contains("leads to b.mkv") })
  }

  @Test("two pictures can be bridged, a clip but one frame apart at most")
  func pictures() throws {
    for (name, level) in [("a.png", 40), ("b.png", 90)] {
      let grey = UInt8(level)
      try PNGFile.write(
        RGBImage(width: 80, height: 64, fill: (grey, grey, grey)), to: folder.path(name))
    }
    let options = [folder.path("a.png"), folder.path("b.png"), "skies-64"] + Self.steps
    let made = try run(["bridge"] + options + ["--frames", "14", "-o", folder.path("way.mkv")])
    #expect(made.status == 0, "\(made.errors)")
    #expect(try frames("way.mkv").count == 16)
    for count in ["0", "16"] {
      let wrong = try run(["bridge"] + options + ["--frames", count, "-o", folder.path("x.gif")])
      #expect(wrong.status == 2, "\(wrong.errors)")
      #expect(wrong.errors.contains("the number of frames to make is \(count); expected 1 to 15"))
    }
  }

  @Test(
    "a retake changes its frames alone; another seed gives others; batches have names of their own")
  func retake() throws {
    try video("a.mkv", frames: 40, from: 20)
    let input = folder.path("a.mkv")
    let made = try run(
      ["retake", input, "skies-64", "--frames", "20-27", "--batch", "2"] + Self.steps
        + ["-o", folder.path("r.mkv")])
    #expect(made.status == 0, "\(made.errors)")
    let original = try frames("a.mkv")
    let (first, second) = (try frames("r-3.mkv"), try frames("r-4.mkv"))
    for retaken in [first, second] {
      #expect(retaken.count == 40)
      #expect(retaken[..<20] == original[..<20] && retaken[28...] == original[28...])
      #expect(retaken[20..<28] != original[20..<28])
    }
    #expect(first != second)
    let settings = try RunSettings(embeddedIn: folder.path("r-3.mkv"))
    #expect(settings.gap == FrameGap.Record(firstFrame: 20, frames: 8))
    // At an end of the video the other side alone is known.
    for (range, count) in [("0-7", 8), ("39", 1), ("30-39", 10)] {
      let end = try run(
        ["retake", input, "skies-64", "--frames", range, "--only-new"] + Self.steps
          + ["--overwrite", "-o", folder.path("end.mkv")])
      #expect(end.status == 0, "\(end.errors)")
      #expect(try frames("end.mkv").count == count)
    }
  }

  @Test("frames that are not there, too many, no range and latents are refused")
  func badRetakes() throws {
    try video("a.mkv", frames: 20, from: 20)
    let input = folder.path("a.mkv")
    for (range, text) in [
      ("18-20", "frames 18 to 20 were asked for, and there are 20"),
      ("30-32", "frames 30 to 32 were asked for, and there are 20"),
      ("1-16", "the number of frames to make is 16; expected 1 to 15"),
    ] {
      let wrong = try run(
        ["retake", input, "skies-64", "--frames", range, "-o", folder.path("x.gif")])
      #expect(wrong.status == 2 && wrong.errors.contains(text), "\(wrong.errors)")
    }
    for range in ["7-3", "x", "-1", "1-2-3", ""] {
      let wrong = try run(["retake", input, "--frames=\(range)", "-o", folder.path("x.gif")])
      #expect(wrong.status == 64 && wrong.errors.contains("--frames"), "\(wrong.errors)")
    }
    try LatentFile.write(
      [Latent(values: [Float](repeating: 0, count: 3072), tokenCount: 768)],
      to: folder.path("z.safetensors"))
    let latents = try run([
      "retake", folder.path("z.safetensors"), "skies-64", "--frames", "2-3", "-o",
      folder.path("x.gif"),
    ])
    #expect(latents.status == 2 && latents.errors.contains("pvdm decode"), "\(latents.errors)")
    #expect(!folder.contents.contains("x.gif"))
  }

  @Test("a loop's clips are those without but the last, which is shorter; one clip makes none")
  func loop() throws {
    let options = ["sample", "skies-64", "--clips", "2"] + Self.steps
    let plain = try run(options + ["-o", folder.path("plain.mkv")])
    let loop = try run(
      options + ["--loop", "-o", folder.path("loop.mkv"), "-o", folder.path("loop.safetensors")])
    #expect(plain.status == 0 && loop.status == 0, "\(plain.errors)\(loop.errors)")
    let (without, with) = (try frames("plain.mkv"), try frames("loop.mkv"))
    #expect(with.count == 32 - GenerationJob.loopFrames)
    #expect(with[..<16] == without[..<16] && with[20...] != without[20..<with.count])
    let decoded = try run([
      "decode", folder.path("loop.safetensors"), "skies-64", "-o", folder.path("decoded.mkv"),
    ])
    #expect(decoded.status == 0, "\(decoded.errors)")
    #expect(try frames("decoded.mkv") == with)
    let settings = try RunSettings(embeddedIn: folder.path("loop.mkv"))
    #expect(settings.request?.closingFrames == GenerationJob.loopFrames)
    for clips in ["1", "0"] {
      let none = try run([
        "sample", "skies-64", "--clips", clips, "--loop", "-o", folder.path("x.gif"),
      ])
      #expect(none.status == 2, "\(none.errors)")
    }
    let one = try run(["sample", "skies-64", "--loop", "-o", folder.path("x.gif")])
    #expect(one.errors.contains("the number of clips of a loop is 1; expected 2 or more"))
  }

  @Test("a pinned picture stands at its frame, in new videos and in continued ones")
  func pins() throws {
    try PNGFile.write(
      RGBImage(width: 64, height: 64, fill: (10, 120, 240)), to: folder.path("s@1.png"))
    let pin = folder.path("s@1.png")
    let made = try run(
      ["sample", "skies-64", "--clips", "2", "--pin", "\(pin)@0", "--pin", "\(pin)@20"]
        + Self.steps + ["-o", folder.path("p.mkv")])
    #expect(made.status == 0, "\(made.errors)")
    #expect(made.errors.contains("clips 1, 2 have known frames"))
    let shown = try frames("p.mkv")
    #expect(shown.count == 32)
    for number in [0, 20] {
      let (red, green, blue) = shown[number][5, 9]
      // Frames become bytes by being cut off.
      #expect(abs(Int(red) - 10) <= 1 && abs(Int(green) - 120) <= 1 && abs(Int(blue) - 240) <= 1)
    }
    #expect(shown[19] != shown[20])
    let more = try run(
      ["extend", folder.path("p.mkv"), "skies-64", "--pin", "\(pin)@15"] + Self.steps
        + ["--only-new", "-o", folder.path("e.mkv")])
    #expect(more.status == 0, "\(more.errors)")
    #expect(abs(Int(try frames("e.mkv")[15][5, 9].blue) - 240) <= 1)
    let settings = try RunSettings(embeddedIn: folder.path("p.mkv"))
    #expect(settings.pins == ["s@1.png@0", "s@1.png@20"])
    #expect(settings.limits.contains { $0.contains("pictures stand in it") })
  }

  @Test("pins outside what is made, twice at one frame, without a frame or a picture are refused")
  func badPins() throws {
    try PNGFile.write(RGBImage(width: 64, height: 64, fill: (1, 2, 3)), to: folder.path("s.png"))
    let pin = folder.path("s.png")
    func sample(_ options: [String]) throws -> CommandRun {
      try run(["sample", "skies-64"] + options + ["-o", folder.path("x.gif")])
    }
    let outside = try sample(["--pin", "\(pin)@16"])
    #expect(outside.status == 2, "\(outside.errors)")
    #expect(outside.errors.contains("the frame of its pin is 16; expected 0 to 15"))
    let closed = try sample(["--clips", "2", "--loop", "--pin", "\(pin)@28"])
    #expect(closed.status == 2 && closed.errors.contains("expected 0 to 27"), "\(closed.errors)")
    let twice = try sample(["--pin", "\(pin)@3", "--pin", "\(pin)@3"])
    #expect(twice.status == 2 && twice.errors.contains("another picture"), "\(twice.errors)")
    let missing = try sample(["--pin", "\(folder.path("none.png"))@3"])
    #expect(missing.status == 2 && missing.errors.contains("no such file"), "\(missing.errors)")
    for text in [pin, "\(pin)@", "\(pin)@-1", "@3", "\(pin)@x"] {
      let wrong = try sample(["--pin=\(text)"])
      #expect(wrong.status == 64 && wrong.errors.contains("--pin"), "\(wrong.errors)")
    }
    #expect(!folder.contents.contains("x.gif"))
  }

  @Test("an interrupted loop goes on with the same pictures to the uninterrupted frames")
  func resume() throws {
    for (name, level) in [("s.png", 40), ("t.png", 90)] {
      let grey = UInt8(level)
      try PNGFile.write(
        RGBImage(width: 64, height: 64, fill: (grey, grey, grey)), to: folder.path(name))
    }
    func options(_ picture: String) -> [String] {
      [
        "sample", "skies-64", "--clips", "3", "--steps", "30", "--loop", "--pin",
        "\(folder.path(picture))@2",
      ]
    }
    let part = folder.path("part.mkv")
    let stopped = try run(
      options("s.png") + ["--json", "-o", part], interruptAfter: "clip_finished")
    #expect(stopped.status == 130, "\(stopped.errors)")
    let other = try run(options("t.png") + ["--resume", "-o", part])
    #expect(other.status == 2 && other.errors.contains("--pin was another"), "\(other.errors)")
    let resumed = try run(options("s.png") + ["--resume", "-o", part])
    #expect(resumed.status == 0, "\(resumed.errors)")
    let whole = try run(options("s.png") + ["-o", folder.path("whole.mkv")])
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(try frames("part.mkv") == frames("whole.mkv"))
  }
}
