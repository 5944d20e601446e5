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
    ])
  func refusals(arguments: [String], status: Int32, words: String) throws {
    let result = try train(arguments, to: "run")
    #expect(result.status == status, "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
  }
}
