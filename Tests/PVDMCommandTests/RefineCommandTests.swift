import Foundation
import MediaIO
import TestSupport
import Testing
import VideoDiffusion

/// Clips made anew and near others, as a user asks for them.
@Suite struct RefineCommandTests {
  private let folder: TemporaryFolder
  private static let steps = ["--steps", "4", "--seed", "3"]

  init() throws { folder = try TemporaryFolder() }

  private func latents(_ name: String) throws -> [Latent] {
    try LatentFile(contentsOf: folder.path(name)).latents
  }

  /// Two clips of the model that comes with the program.
  private func sample(_ name: String, _ options: [String] = []) throws {
    let run = try CommandRun(
      ["sample", "skies-64", "--clips", "2", "-o", folder.path(name)] + Self.steps + options)
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test(
    "strength 0 gives the latents back, 1 those of a plain run, 0.5 others; frames come with them")
  func strengths() throws {
    try sample("z.safetensors")
    try sample("other.safetensors", ["--seed", "9"])
    for strength in ["0", "0.5", "1"] {
      let output = folder.path("r\(strength).safetensors")
      let run = try CommandRun(
        ["refine", folder.path("other.safetensors"), "skies-64", "--strength", strength]
          + Self.steps + ["-o", output, "-o", folder.path("r\(strength)/")])
      #expect(run.status == 0, "\(run.errors)")
      #expect(try VideoReader(path: folder.path("r\(strength)")).frameCount() == 32)
    }
    #expect(try latents("r0.safetensors") == latents("other.safetensors"))
    #expect(try latents("r1.safetensors") == latents("z.safetensors"))
    #expect(try latents("r0.5.safetensors") != latents("other.safetensors"))
    let inspected = try CommandRun(["inspect", folder.path("r0.5.safetensors")])
    #expect(inspected.output.contains("steps left out at the noisy end"), "\(inspected.output)")
  }

  @Test("Ctrl-C keeps what is complete; --resume gives the uninterrupted clips")
  func resume() throws {
    let many = folder.path("many.safetensors")
    let some = try CommandRun([
      "sample", "skies-64", "--clips", "30", "--steps", "1", "--later-steps", "1", "-o", many,
    ])
    #expect(some.status == 0, "\(some.errors)")
    let options = ["refine", many, "skies-64", "--steps", "6", "--strength", "0.5"]
    let part = folder.path("part.safetensors")
    let stopped = try CommandRun(options + ["--json", "-o", part], interruptAfter: "clip_finished")
    #expect(stopped.status == 130, "\(stopped.errors)")
    #expect(try (1..<30).contains(latents("part.safetensors").count))
    let other = try CommandRun(
      ["refine", many, "--steps", "6", "--strength", "0.7", "--resume", "-o", part])
    #expect(other.status == 2 && other.errors.contains("sampling settings"), "\(other.errors)")
    let resumed = try CommandRun(options + ["--resume", "-o", part])
    #expect(resumed.status == 0, "\(resumed.errors)")
    _ = try CommandRun(options + ["-o", folder.path("whole.safetensors")])
    #expect(try latents("part.safetensors") == latents("whole.safetensors"))
  }

  @Test(
    "a strength out of range, frames in place of latents, and latents of another model are refused")
  func badInput() throws {
    try sample("z.safetensors", ["-o", folder.path("z.mp4")])
    for strength in ["1.5", "-0.1", "nan"] {
      let run = try CommandRun([
        "refine", folder.path("z.safetensors"), "--strength=\(strength)", "-o",
        folder.path("r.gif"),
      ])
      #expect(run.status == 2, "\(run.errors)")
      #expect(run.errors.contains("the strength is \(strength); expected a number from 0 to 1"))
    }
    let video = try CommandRun(["refine", folder.path("z.mp4"), "-o", folder.path("r.gif")])
    #expect(video.status == 2 && video.errors.contains("pvdm encode"), "\(video.errors)")
    let missing = try CommandRun([
      "refine", folder.path("none.safetensors"), "-o", folder.path("r.gif"),
    ])
    #expect(missing.status == 2, "\(missing.errors)")
    let small = Latent(values: [Float](repeating: 0, count: 1280), tokenCount: 320)
    try LatentFile.write([small], to: folder.path("small.safetensors"))
    let unfit = try CommandRun([
      "refine", folder.path("small.safetensors"), "skies-64", "-o", folder.path("r.gif"),
    ])
    #expect(unfit.status == 2 && unfit.errors.contains("4 x 320"), "\(unfit.errors)")
    #expect(!folder.contents.contains("r.gif"))
  }

  @Test(
    "a variation of share 0 is the seed's video, another is near it, and what is none is refused")
  func variations() throws {
    try sample("z.safetensors")
    try sample("same.safetensors", ["--variation", "8:0"])
    try sample("near.safetensors", ["--variation", "8:0.1"])
    try sample("far.safetensors", ["--variation", "8:1"])
    let own = try latents("z.safetensors")
    #expect(try latents("same.safetensors") == own)
    func distance(_ name: String) throws -> Float {
      zip(own[0].values, try latents(name)[0].values).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    #expect(try 0 < distance("near.safetensors"))
    #expect(try distance("near.safetensors") < distance("far.safetensors"))
    for text in ["8", "8:2", "x:0.1"] {
      let run = try CommandRun(["sample", "--variation", text, "-o", folder.path("r.gif")])
      #expect(run.status == 64 && run.errors.contains("--variation"), "\(run.errors)")
    }
  }
}
