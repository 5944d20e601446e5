import Foundation
import MediaIO
import TestSupport
import Testing
import VideoDiffusion

/// The main job as a user does it, with the model that comes with the program.
@Suite struct GenerationCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "a real video is continued from its end and from its first frames",
    .enabled(if: Shared.isThere, Comment(rawValue: Shared.skipReason)),
    arguments: [("vtest.avi", 795), ("bigbuckbunny.mp4", 132)])
  func extendRealVideo(name: String, frames: Int) throws {
    let input = Shared.path("media/\(name)")
    for (options, expected) in [([], frames + 16), (["--from-frame", "0"], 32)] {
      let output = folder.path("out-\(expected).mp4")
      let run = try CommandRun(
        ["extend", input, "skies-64", "--later-steps", "1", "-o", output] + options)
      #expect(run.status == 0, "\(run.errors)")
      let reader = try VideoReader(path: output)
      #expect(try reader.frameCount() == expected)
      #expect(reader.width == 64 && reader.height == 64)
    }
  }

  @Test(
    "a number below 0 is refused by the option's range, and not taken for an option",
    arguments: [
      (["sample", "-o", "out.mp4", "--clips", "-3"], "the number of clips is -3; expected 1 to"),
      (["sample", "-o", "out.mp4", "--eta", "-0.5"], "eta is -0.5; expected 0 to 1"),
      (["sample", "-o", "out.mp4", "--seed", "-1"], "The value '-1' is invalid for '--seed"),
      (
        ["dataset", "skies", "-o", "out", "--clips", "-.5"],
        "The value '-.5' is invalid for '--clips"
      ),
      (["bench", "--runs", "-2"], "--runs is 1 to 1000"),
      (["sample", "-o", "out.mp4", "--", "-3"], "-3"),
    ])
  func negativeNumbers(arguments: [String], sentence: String) throws {
    let run = try CommandRun(arguments.map { $0.hasPrefix("out") ? folder.path($0) : $0 })
    #expect(run.status != 0 && run.errors.contains(sentence), "\(run.errors)")
  }

  @Test("latents go on without an autoencoder, and come back as a video")
  func latentsOnly() throws {
    let first = folder.path("z.safetensors")
    let more = folder.path("more.safetensors")
    let denoiser = CommandRun.package + "/samples/skies-64/denoiser.safetensors"
    let sample = try CommandRun(["sample", "--denoiser", denoiser, "--steps", "2", "-o", first])
    #expect(sample.status == 0, "\(sample.errors)")
    let extend = try CommandRun([
      "extend", first, "--denoiser", denoiser, "--later-steps", "2", "--only-new", "-o", more,
    ])
    #expect(extend.status == 0, "\(extend.errors)")
    #expect(try LatentFile(contentsOf: more).latents.count == 1)
    let decode = try CommandRun(["decode", more, "skies-64", "-o", folder.path("f/")])
    #expect(decode.status == 0, "\(decode.errors)")
    #expect(try VideoReader(path: folder.path("f")).frameCount() == 16)
    let encode = try CommandRun(["encode", folder.path("f"), "-o", folder.path("e.safetensors")])
    #expect(encode.status == 0, "\(encode.errors)")
    let reconstruct = try CommandRun(["reconstruct", folder.path("f"), "--json"])
    #expect((reconstruct.json["psnr"] as? Double ?? 0) > 15, "\(reconstruct.errors)")
  }

  @Test("latents decode to the frames of their run, its seams faded, or as --seam-fade says")
  func seams() throws {
    let latents = folder.path("z.safetensors")
    let sample = try CommandRun([
      "sample", "skies-64", "--clips", "2", "--steps", "2", "--seam-fade", "8", "-o", latents, "-o",
      folder.path("run/"),
    ])
    #expect(sample.status == 0, "\(sample.errors)")
    func frames(_ name: String, _ options: [String] = []) throws -> [RGBImage] {
      if name != "run" {
        let run = try CommandRun(
          ["decode", latents, "skies-64", "-o", folder.path(name + "/")] + options)
        #expect(run.status == 0, "\(run.errors)")
      }
      return try VideoReader(path: folder.path(name)).frames(from: 0, count: 32) { $0 }
    }
    let run = try frames("run")
    #expect(try frames("again") == run)
    let plain = try frames("plain", ["--seam-fade", "0"])
    #expect(plain[16] != run[16] && plain[24...] == run[24...] && plain[..<16] == run[..<16])
    // What goes on from latents leaves what stands there as it was shown, and so do its own latents.
    let longer = folder.path("longer.safetensors")
    let extended = try CommandRun([
      "extend", latents, "skies-64", "--later-steps", "2", "--seam-fade", "3", "-o", longer, "-o",
      folder.path("extended/"),
    ])
    #expect(extended.status == 0, "\(extended.errors)")
    let whole = try VideoReader(path: folder.path("extended")).frames(from: 0, count: 48) { $0 }
    #expect(Array(whole[..<32]) == run)
    let decoded = try CommandRun(["decode", longer, "skies-64", "-o", folder.path("decoded/")])
    #expect(decoded.status == 0, "\(decoded.errors)")
    #expect(
      try VideoReader(path: folder.path("decoded")).frames(from: 0, count: 48) { $0 } == whole)
    for (command, status) in [("decode", 64), ("sample", 2)] {
      let refused = try CommandRun(
        (command == "decode" ? ["decode", latents] : ["sample"])
          + ["--seam-fade", "65", "-o", folder.path("no.gif")])
      #expect(Int(refused.status) == status && refused.errors.contains("64"), "\(refused.errors)")
    }
  }

  @Test("events are one JSON object a line, from the first clip to what was written")
  func events() throws {
    let run = try CommandRun([
      "sample", "skies-64", "--steps", "2", "--json", "-o", folder.path("a.mp4"),
    ])
    let lines = run.output.split(separator: "\n").map {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
    }
    let names = lines.map { $0?["event"] as? String ?? "no object" }
    #expect(names.contains("clip_started") && names.count { $0 == "step" } == 2)
    #expect(names.last == "finished")
    #expect(lines.last??["written"] as? [String] == [folder.path("a.mp4")])
  }

  @Test("Ctrl-C keeps what is complete; --resume gives the uninterrupted video")
  func interruptAndResume() throws {
    let options = ["sample", "skies-64", "--clips", "40", "--steps", "3", "--later-steps", "3"]
    let part = folder.path("part.safetensors")
    let stopped = try CommandRun(options + ["--json", "-o", part], interruptAfter: "clip_finished")
    #expect(stopped.status == 130, "\(stopped.errors)")
    let kept = try LatentFile(contentsOf: part).latents.count
    #expect((1..<40).contains(kept))
    let forgotten = try CommandRun(options + ["-o", part])
    #expect(forgotten.status == 2 && forgotten.errors.contains("--resume"))
    let resumed = try CommandRun(options + ["--resume", "-o", part])
    #expect(resumed.status == 0, "\(resumed.errors)")
    let whole = folder.path("whole.safetensors")
    _ = try CommandRun(options + ["-o", whole])
    #expect(try LatentFile(contentsOf: part).latents == LatentFile(contentsOf: whole).latents)
    #expect(folder.contents == ["part.safetensors", "whole.safetensors"])
  }

  @Test(
    "impossible settings and inputs are refused in words, with their status, and leave nothing",
    arguments: [
      (["sample", "skies-64", "--steps", "0"], Int32(2), "the number of steps is 0"),
      (["sample", "skies-64", "--steps", "1001"], 2, "1 to 1000"),
      (["sample", "skies-64", "--clips=-1"], 2, "the number of clips is -1"),
      (["sample", "skies-64", "--eta", "2"], 2, "eta is 2"),
      (["sample", "skies-64", "--guidance", "nan"], 2, "guidance is nan"),
      (["sample", "skies-64", "--threads", "0"], 2, "threads is 0"),
      (
        ["sample", "skies-64", "--precision", "tf32", "--device", "cpu"], 2,
        "graphics processors alone compute in tf32"
      ),
      (["sample", "skies-64", "--fps", "nan"], 2, "frame rate is nan"),
      (["sample", "skies-64", "--color", "pink"], 64, "pink"),
      (["sample", "skies-64", "--sampler", "magic"], 64, "magic"),
      (["sample", "nowhere"], 2, "nowhere: there is no such model"),
      (["sample", "skies-64", "--resume"], 2, "nothing of it was kept"),
      (["extend", "/dev/null", "skies-64"], 2, "null"),
      (["extend", "nothing.mp4", "skies-64"], 2, "nothing.mp4"),
      (
        [
          "extend", CommandRun.package + "/samples/bunny.mp4", "--from-frame",
          "9223372036854775807",
        ],
        2, "the first frame is 9223372036854775807"
      ),
      (["extend", CommandRun.package + "/README.md", "skies-64"], 2, "README.md"),
    ])
  func refusals(arguments: [String], status: Int32, words: String) throws {
    let run = try CommandRun(arguments + ["-o", folder.path("a.mp4")])
    #expect(run.status == status, "\(run.errors)")
    #expect(run.errors.contains(words), "\(run.errors)")
    #expect(folder.contents.isEmpty)
  }

  @Test("a full disk ends the run with a sentence, and nothing half-written is left")
  func fullDisk() throws {
    let run = try CommandRun(
      ["sample", "skies-64", "--steps", "1", "--scale", "8", "-o", folder.path("f/")],
      fileSizeLimit: 8)
    #expect(run.status == 2, "\(run.errors)")
    #expect(run.errors.contains("pvdm: "))
    #expect(folder.contents.allSatisfy { $0.hasSuffix(".resume.safetensors") })
  }
}
