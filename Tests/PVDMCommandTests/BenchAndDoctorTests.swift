import Foundation
import TestSupport
import Testing

@Suite struct BenchAndDoctorTests {
  @Test func theStudiosFramesAreMeasured() throws {
    let run = try CommandRun(["bench", "--screen", "--json"])
    #expect(run.status == 0)
    for field in [
      "studio.frame.new.seconds", "studio.frame.repeated.seconds",
      "studio.worker.request.seconds", "studio.worker.pictures.seconds",
    ] {
      let seconds = try #require(run.json[field] as? Double)
      #expect(seconds > 0 && seconds.isFinite)
    }
  }

  @Test func theInstructionSetCanBeHeldDownWithThatOfTheLibraries() throws {
    let run = try CommandRun(["doctor"], variables: ["PVDM_KERNELS": "baseline"])
    let lines = run.output.split(separator: "\n")
    #expect(lines.contains { $0.contains("own kernels") && $0.contains("baseline") })
    #expect(lines.contains { $0.contains("PVDM_KERNELS") }, "\(run.output)")
    #expect(lines.contains { $0.contains("oneDNN's code") && $0.contains("SSE4.1") })
    let unknown = try CommandRun(["doctor"], variables: ["PVDM_KERNELS": "avx3"])
    #expect(unknown.status == 64 && unknown.output.isEmpty)
    #expect(unknown.errors.contains("avx512_bf16, avx512, avx2 or baseline"))
  }

  @Test("bench --neighbours measures everything a second time, and says how much slower it is")
  func besideNeighbours() throws {
    let run = try CommandRun([
      "bench", "--quick", "--precision", "f32", "--tasks", "step", "--neighbours", "1", "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let quiet = try #require(run.json["step.skies-64.f32.seconds"] as? Double)
    let busy = try #require(run.json["step.skies-64.f32.neighbours1.seconds"] as? Double)
    let slowdown = try #require(run.json["step.skies-64.f32.neighbours1.slowdown"] as? Double)
    #expect(quiet > 0 && busy > 0)
    #expect(abs(slowdown - busy / quiet) < 0.001 * slowdown)
    #expect(run.json["step.skies-64.f32.neighbours1.share_of_peak"] == nil)
    #expect(run.json["step.skies-64.f32.slowdown"] == nil)
    let wrong = try CommandRun(["bench", "--neighbours", "-1"])
    #expect(wrong.status == 64 && wrong.errors.contains("0 to 256"), "\(wrong.errors)")
  }

  @Test("bench --scaling tells what 64 threads would do, and measures as many as there are")
  func scaling() throws {
    let run = try CommandRun([
      "bench", "--scaling", "--quick", "--precision", "f32", "--tasks", "denoiser", "--threads",
      "1,64",
      "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let name = "scaling.denoiser.skies-64.f32.threads"
    for threads in ["1", "64"] {
      for field in ["seconds", "gain", "alone_seconds", "weights_gbps", "regions", "pieces"] {
        let value = try #require(run.json["\(name)\(threads).\(field)"] as? Double)
        #expect(value > 0 && value.isFinite, "\(field)")
      }
    }
    #expect(run.json["\(name)1.gain"] as? Double == 1)
    #expect(run.json["\(name)1.measured_seconds"] is Double)
    for (arguments, sentence) in [
      (["--threads", "2000"], "1 to 1024"), (["--tasks", "load"], "denoiser, encode, decode"),
    ] {
      let wrong = try CommandRun(["bench", "--scaling"] + arguments)
      #expect(wrong.status == 64 && wrong.errors.contains(sentence), "\(wrong.errors)")
    }
  }

  @Test func quickBenchmarkReportsEveryField() throws {
    let run = try CommandRun(["bench", "--quick", "--precision", "f32,bf16", "--json"])
    #expect(run.status == 0)
    #expect(run.errors.isEmpty)
    var expected: [String] = []
    // In bf16 with or without the instructions: widened numbers have float32's peak.
    for precision in ["f32", "bf16"] {
      let size = "skies-64.\(precision)"
      expected += ["load.\(size).seconds", "peak.\(precision).gflops"]
      for task in ["denoiser", "step", "encode", "decode"] {
        for field in ["seconds", "spread", "gflops", "share_of_peak"] {
          expected.append("\(task).\(size).\(field)")
        }
      }
      expected += ["linear_preview_share", "decoded_preview_share"].map { "step.\(size).\($0)" }
    }
    expected += [
      "linear-preview.skies-64.f32.seconds",
      "memory.read.gbps", "memory.peak_resident_bytes", "machine.threads",
    ]
    for field in expected {
      let value = run.json[field] as? Double
      #expect(value?.isFinite == true && value ?? -1 >= 0, "\(field)")
    }
    for field in ["machine.processor", "machine.kernels", "machine.onednn"] {
      #expect(run.json[field] is String, "\(field)")
    }
  }

  @Test func profileAddsUp() throws {
    let run = try CommandRun([
      "bench", "--quick", "--precision", "f32", "--threads", "1", "--profile", "--json",
    ])
    let fields = run.json
    let name =
      fields["denoiser.skies-64.f32.seconds"] == nil
      ? "denoiser.skies-64.f32.threads1" : "denoiser.skies-64.f32"
    let convolution = fields["profile.\(name).convolution.seconds"] as? Double
    #expect(convolution ?? 0 > 0)
    #expect(fields["profile.\(name).layer.input_blocks.1.seconds"] is Double)
    #expect(fields["profile.\(name).other.seconds"] is Double)
  }

  @Test func measuresOnlyWhatIsAsked() throws {
    let run = try CommandRun([
      "bench", "--quick", "--precision", "f32", "--tasks", "load", "--json",
    ])
    let tasks = Set(run.json.keys.map { $0.prefix { $0 != "." } })
    #expect(tasks == ["load", "machine", "memory", "peak"])
  }

  @Test func writesACheckpointThatIsUnderstood() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("random.pth")
    let arguments = [
      "bench", "--make-checkpoint", path, "--size", "skies-64", "--network", "autoencoder",
      "--type", "f16",
    ]
    let made = try CommandRun(arguments)
    #expect(made.status == 0)
    let inspected = try CommandRun(["inspect", path, "--json"])
    let network = try #require(inspected.json["network"] as? [String: Any])
    #expect(network["network"] as? String == "autoencoder")
    #expect(network["parameters"] as? Int == 1_690_863)
    #expect(try CommandRun(arguments).status == 2)
  }

  @Test func aLongVideoAndALoadAreMeasured() throws {
    let video = try CommandRun(["bench", "--clips", "10", "--json"])
    #expect(video.status == 0, "\(video.errors)")
    #expect(video.json["long.clips"] as? Int == 10)
    for field in ["long.step.first.seconds", "long.step.last.seconds", "long.memory.last_bytes"] {
      #expect(video.json[field] as? Double ?? 0 > 0, "\(field)")
    }
    let folder = try TemporaryFolder()
    let path = folder.path("random.pth")
    _ = try CommandRun(["bench", "--make-checkpoint", path, "--size", "skies-64"])
    let load = try CommandRun([
      "bench", "--checkpoint", path, "--precision", "f32", "--runs", "1", "--json",
    ])
    #expect(load.status == 0, "\(load.errors)")
    for field in ["file.bytes", "file.read.seconds", "file.load.f32.seconds"] {
      #expect(load.json[field] as? Double ?? 0 > 0, "\(field)")
    }
  }

  @Test func badOptionsAreUsageErrors() throws {
    for arguments in [
      ["--sizes", "huge"], ["--precision", "f64"], ["--precision", "tf32"], ["--batch", "0"],
      ["--threads", "0"],
      ["--runs", "0"], ["--tasks", "dream"], ["--clips", "9"],
    ] {
      #expect(try CommandRun(["bench"] + arguments).status == 64, "\(arguments)")
    }
  }

  @Test func doctorFindsWhatTestsNeed() throws {
    let run = try CommandRun(["doctor", "--json"])
    let usable = try #require(run.json["usable"] as? Bool)
    #expect(run.status == (usable ? 0 : 2))
    let findings = try #require(run.json["findings"] as? [[String: String]])
    let names = Set(findings.compactMap { $0["name"] })
    #expect(
      names.isSuperset(of: [
        "oneDNN", "OpenBLAS", "FFmpeg", "libpng", "ncurses", "chafa", "mp4 (libx264)", "model",
        "bf16", "kernels for cards",
        "colours", "samples", "themes",
      ]))
    for finding in findings {
      #expect(Set(finding.keys) == ["area", "name", "value", "status", "advice"])
      #expect(finding["status"] == "ok" || finding["advice"] != "", "\(finding)")
    }
    #expect(try CommandRun(["doctor"]).output.contains("own kernels"))
  }
}
