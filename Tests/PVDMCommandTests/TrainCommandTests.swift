import Foundation
import TestSupport
import Testing

/// `pvdm train` as a user calls it.
@Suite(.timeLimit(.minutes(20)))
struct TrainCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let made = try CommandRun([
      "dataset", "skies", "--clips", "4", "--size", "32", "--frames", "40", "--test-share", "0.25",
      "--output", folder.path("skies"),
    ])
    try #require(made.status == 0, "\(made.errors)")
  }

  private func train(
    _ arguments: [String], to run: String, interruptAfter word: String? = nil,
    readLines: Int? = nil
  ) throws -> CommandRun {
    try CommandRun(
      ["train"] + arguments + ["--output", folder.path(run), "--cache", folder.path("cache")],
      interruptAfter: word, readLines: readLines)
  }

  private func begin(_ stage: String) -> [String] {
    [
      stage, "--config", "tiny", "--data", folder.path("skies"), "--threads", "1", "--set",
      "log_interval=1", "--set", "checkpoint_interval=1", "--json",
    ]
  }

  @Test("both stages, interrupted and gone on with, end in a model that makes a video")
  func bothStages() throws {
    let steps = ["--set", "steps=4", "--set", "sample_interval=4"]
    let first = try train(begin("autoencoder") + steps, to: "first")
    #expect(first.status == 0, "\(first.errors)")
    let events = first.output.split(separator: "\n").map(String.init)
    #expect(events.contains { $0.contains(#""event":"samples""#) && $0.contains("psnr") })
    #expect(events.last?.contains(#""event":"finished""#) == true)

    let autoencoder = ["--autoencoder", folder.path("first/autoencoder.safetensors")]
    let long = ["--set", "steps=100000", "--set", "sample_interval=100000"]
    let stopped = try train(
      begin("diffusion") + autoencoder + long, to: "second", interruptAfter: "\"progress\"")
    #expect(stopped.status == 130, "\(stopped.errors)")
    #expect(stopped.errors.contains("--resume goes on"))
    #expect(
      stopped.errors.contains(#/videos encoded (\d+)/\1\n/#), "where no terminal is, lines stay")
    let saved = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder.path("second/checkpoints")).max())
    let step = try #require(Int(saved.dropFirst(5).dropLast(".safetensors".count)))
    let resumed = try train(
      ["diffusion", "--resume", "--set", "steps=\(step + 2)", "--set", "sample_steps=2", "--json"],
      to: "second")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.output.contains(#""finished_steps":\#(step)"#))

    let video = try CommandRun([
      "sample", folder.path("second"), "--steps", "2", "--later-steps", "2", "--clips", "2",
      "--output", folder.path("video.gif"),
    ])
    #expect(video.status == 0, "\(video.errors)")
  }

  @Test("a model is distilled to few steps, stopped and gone on with, and sampled by its preset")
  func distilled() throws {
    let short = ["--set", "steps=2", "--set", "sample_interval=2"]
    #expect(try train(begin("autoencoder") + short, to: "first").status == 0)
    let autoencoder = folder.path("first/autoencoder.safetensors")
    let second = try train(
      begin("diffusion") + short + ["--autoencoder", autoencoder, "--set", "sample_steps=2"],
      to: "second")
    #expect(second.status == 0, "\(second.errors)")

    let learn = [
      "distill", folder.path("second"), "--data", folder.path("skies"), "--threads", "1", "--json",
      "--set", "log_interval=1", "--set", "checkpoint_interval=1", "--set", "validation_clips=2",
      "--set", "batch=2", "--set", "teacher_steps=2", "--set", "sample_clips=1",
    ]
    let stopped = try train(
      learn + ["--set", "steps=100000", "--set", "sample_interval=100000"], to: "few",
      interruptAfter: "\"progress\"")
    #expect(stopped.status == 130, "\(stopped.errors)")
    let saved = try #require(
      FileManager.default.contentsOfDirectory(atPath: folder.path("few/checkpoints")).max())
    let step = try #require(Int(saved.dropFirst(5).dropLast(".safetensors".count)))
    let other = try train(["distill", "--resume", "--steps", "8"], to: "few")
    #expect(other.status == 2 && other.errors.contains("in 4 steps"), "\(other.errors)")
    let resumed = try train(
      ["distill", "--resume", "--set", "steps=\(step + 1)", "--json"], to: "few")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.output.contains("validation_loss"))
    let wrong = try train(["distill", "--resume"], to: "second")
    #expect(wrong.status == 2 && wrong.errors.contains("pvdm train diffusion"), "\(wrong.errors)")

    // Its steps are no choice: without one it is sampled in them, and a conversion keeps them.
    let made = try CommandRun([
      "convert", "--autoencoder", autoencoder, "--denoiser",
      folder.path("few/denoiser.safetensors"), folder.path("model"),
    ])
    #expect(made.status == 0, "\(made.errors)")
    for (model, options, name) in [
      ("few", ["--preset", "instant", "--seam-fade", "0"], "preset"), ("few", [], "few"),
      ("model", [], "model"),
    ] {
      let video = try CommandRun(
        ["sample", folder.path(model)] + options + [
          "--clips", "2", "--seed", "1", "--order-planes", "--output",
          folder.path("\(name).safetensors"),
        ])
      #expect(video.status == 0, "\(video.errors)")
      let isNoted = video.errors.contains("steps 4, for which the denoiser was distilled")
      #expect(isNoted == options.isEmpty, "\(video.errors)")
    }
    let latents = try ["preset", "few", "model"].map {
      try Data(contentsOf: folder.url.appending(path: "\($0).safetensors")).suffix(4096)
    }
    #expect(latents[0] == latents[1] && latents[1] == latents[2])
    let inspected = try CommandRun(["inspect", folder.path("model"), "--json"])
    let parts = inspected.json["model"] as? [String: Any]
    let student = parts?["denoiser"] as? [String: Any]
    #expect(student?["distilled_steps"] as? Int == 4, "\(inspected.output)")
    for (model, preset, words) in [
      ("few", "draft", "distilled for 4 steps"), ("second", "instant", "was not distilled"),
    ] {
      let refused = try CommandRun([
        "sample", folder.path(model), "--preset", preset, "--output", folder.path("no.safetensors"),
      ])
      #expect(refused.status == 2 && refused.errors.contains(words), "\(refused.errors)")
    }
    let again = try train(
      ["distill", folder.path("few"), "--data", folder.path("skies")], to: "third")
    #expect(again.status == 2 && again.errors.contains("itself distilled"), "\(again.errors)")
  }

  @Test("output that nobody reads any more stops the run, which is saved")
  func brokenPipe() throws {
    let stopped = try train(
      begin("autoencoder") + [
        "--set", "steps=100000", "--set", "sample_interval=100000", "--set",
        "checkpoint_interval=100000",
      ], to: "run", readLines: 3)
    #expect(stopped.status == 74, "\(stopped.errors)")
    #expect(stopped.output.split(separator: "\n").count == 3)
    #expect(stopped.errors.contains("--resume goes on"), "\(stopped.errors)")
    let resumed = try train(["autoencoder", "--resume", "--set", "steps=2", "--json"], to: "run")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let saved = try FileManager.default.contentsOfDirectory(atPath: folder.path("run/checkpoints"))
    #expect(saved.count == 1 && saved[0].hasSuffix(".safetensors"))
  }

  @Test("a configuration is printed, and what is printed can be trained with")
  func configuration() throws {
    let printed = try CommandRun(["train", "config", "tiny"])
    #expect(printed.status == 0, "\(printed.errors)")
    let file = folder.path("my.toml")
    try Data(printed.output.utf8).write(to: URL(filePath: file))
    let result = try train(
      [
        "autoencoder", "--config", file, "--data", folder.path("skies"), "--set", "steps=1",
      ], to: "run")
    #expect(result.status == 0, "\(result.errors)")
  }

  @Test(
    "what is missing or wrong is said in words, with its status",
    arguments: [
      (["autoencoder"], Int32(64), "--data"),
      (["autoencoder", "--data", "nowhere", "--config", "tiny"], 2, "nowhere"),
      (["autoencoder", "--data", ".", "--config", "tyni"], 2, "tyni"),
      (["autoencoder", "--data", ".", "--config", "tiny", "--set", "stepps=3"], 2, "steps"),
      (["autoencoder", "--resume"], 2, "no training run"),
      (
        ["autoencoder", "--data", ".", "--config", "tiny", "--set", "precision=tf32"], 2,
        "tf32 on the processor"
      ),
      (["autoencoder", "--data", ".", "--vgg", "a"], 64, "--lpips"),
      (["diffusion", "--data", ".", "--config", "tiny"], 2, "--autoencoder"),
      (["distill", "--data", "."], 64, "Name the model"),
      (["distill", "skies-64", "--data", ".", "--steps", "0"], 64, "1 to 64"),
      (["distill", "skies-64", "--data", ".", "--from", "x"], 64, "--from is of no use"),
      (
        ["distill", "skies-64", "--data", ".", "--set", "distilled_steps=0"], 64,
        "learns from noise"
      ),
      (
        ["distill", "skies-64", "--data", ".", "--set", "loss=l1"], 2,
        "l2 where distilled_steps is 4"
      ),
      (["distill", "nowhere", "--data", "."], 2, "nowhere"),
    ])
  func refusals(arguments: [String], status: Int32, words: String) throws {
    let result = try train(arguments, to: "run")
    #expect(result.status == status, "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
  }
}
