import EvaluationKit
import Foundation
import MediaIO
import TestSupport
import Testing

/// `pvdm evaluate` as a user calls it.
@Suite struct EvaluateCommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path("videos"), withIntermediateDirectories: true)
    for video in 0..<2 {
      let frames = (0..<48).map { frame in
        RGBImage(
          width: 64, height: 64,
          fill: (UInt8(frame * 4 + video), UInt8(frame), UInt8(200 - frame)))
      }
      try Video(frames: frames, frameRate: FrameRate(16))
        .write(to: folder.path("videos/\(video)/"), options: OutputOptions())
    }
  }

  private func run(_ arguments: [String], interruptAfter word: String? = nil) throws -> CommandRun {
    try CommandRun(
      ["evaluate"] + arguments + ["--cache", folder.path("cache")], interruptAfter: word)
  }

  @Test("every metric has a command of its name", arguments: Metric.allCases)
  func commands(metric: Metric) throws {
    let help = try CommandRun(["evaluate", metric.rawValue, "--help"])
    #expect(help.status == 0 && help.output.contains("USAGE: pvdm evaluate \(metric.rawValue)"))
  }

  @Test("drift is printed with its curves, written, and compared")
  func driftAndCompare() throws {
    let (first, second) = (folder.path("first"), folder.path("second"))
    let videos = folder.path("videos")
    let long = try run([
      "drift", "--generated", videos, "--frames", "48", "--clips", "2", "-o", first,
    ])
    #expect(long.status == 0, "\(long.errors)")
    #expect(long.output.contains("largest colour drift") && long.output.contains("│"))
    #expect(!long.output.contains("\u{1B}"), "no terminal is there for escape sequences")
    let files = try FileManager.default.contentsOfDirectory(atPath: first).sorted()
    #expect(files == ["curves.png", "report.json", "report.txt"])
    let short = try run([
      "drift", "--generated", videos, "--frames", "32", "--clips", "2", "-o", second, "--json",
    ])
    #expect(short.json["metric"] as? String == "drift", "\(short.errors)")
    let comparison = try CommandRun(["evaluate", "compare", first, second + "/report.json"])
    #expect(comparison.status == 0 && comparison.output.contains("differs"))
    let again = try run(["drift", "--generated", videos, "-o", first])
    #expect(again.status == 2 && again.errors.contains("--overwrite"))
  }

  @Test("a distance runs from the model to the report")
  func distance() throws {
    let weights = folder.path("i3d.safetensors")
    try FormulaWeights.i3d.write(to: weights)
    let result = try run([
      "fvd", "--model", "skies-64", "--data", folder.path("videos"), "--i3d", weights, "--clips",
      "2", "--split", "all", "--steps", "1", "--json", "-o", folder.path("report"),
    ])
    #expect(result.status == 0, "\(result.errors)")
    let scores = result.json["scores"] as? [[String: Any]]
    #expect(scores?.first?["name"] as? String == "FVD")
  }

  @Test("skies-64 is measured against synthetic skies, stored, listed and compared")
  func skies() throws {
    let (skies, home) = (folder.path("skies"), folder.path("home"))
    let weights = folder.path("i3d.safetensors")
    try FormulaWeights.i3d.write(to: weights)
    let made = try CommandRun([
      "dataset", "skies", "--clips", "4", "--frames", "32", "--test-share", "0.5", "--output",
      skies,
    ])
    #expect(made.status == 0, "\(made.errors)")
    func distance(_ split: String) throws -> CommandRun {
      try CommandRun(
        [
          "evaluate", "fvd", "--model", "skies-64", "--data", skies, "--i3d", weights, "--clips",
          "3", "--split", split, "--preset", "draft", "--steps", "2", "--seed", "3", "--json",
          "-o", folder.path(split),
        ], home: home)
    }
    let train = try distance("train")
    #expect(train.status == 0, "\(train.errors)")
    let score = (train.json["scores"] as? [[String: Any]])?.first?["value"] as? Double
    #expect(try #require(score).isFinite)
    let taken = train.json["procedure"] as? [String: Any]
    #expect(taken?["split"] as? String == "train" && taken?["realClips"] as? Int == 3)
    let test = try distance("test")
    #expect(test.status == 0, "\(test.errors)")

    let list = try CommandRun(["evaluate", "list"], home: home)
    #expect(list.output.contains("FVD") && list.output.contains("skies-64"), "\(list.output)")
    #expect(list.output.split(separator: "\n").count == 3)
    let json = try CommandRun(["evaluate", "list", "--metric", "fvd", "--json"], home: home)
    let reports = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [Any]
    #expect(reports?.count == 2)
    let none = try CommandRun(["evaluate", "list", "--metric", "drift"], home: home)
    #expect(none.output.contains("of 2 stored scores none is drift"))
    let comparison = try CommandRun(["evaluate", "compare", "1", "2"], home: home)
    #expect(comparison.status == 0 && comparison.output.contains("part"), "\(comparison.errors)")
    let missing = try CommandRun(["evaluate", "compare", "1", "9"], home: home)
    #expect(missing.status == 2 && missing.errors.contains("the evaluation is 9"))
  }

  @Test("a database that cannot be used leaves the report, and is said in a sentence")
  func unusableDatabase() throws {
    let home = folder.path("home")
    try FileManager.default.createDirectory(
      atPath: home + "/.local/share", withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: home + "/.local/share/pvdm"))
    let result = try CommandRun(
      [
        "evaluate", "drift", "--generated", folder.path("videos"), "--frames", "32", "--clips",
        "2", "-o", folder.path("report"), "--cache", folder.path("cache"),
      ], home: home)
    #expect(result.status == 0 && result.errors.contains("not in the studio's list"))
    #expect(FileManager.default.fileExists(atPath: folder.path("report/report.json")))
  }

  @Test(
    "what is missing or wrong is said in words, with its status",
    arguments: [
      (["fvd", "--model", "skies-64", "--data", "."], Int32(2), "i3d_pretrained_400.pt"),
      (
        ["is", "--model", "skies-64", "--c3d", "nowhere.pt"], 2, "nowhere.pt: there is no such file"
      ),
      (["reconstruction", "--model", "skies-64"], 2, "--data"),
      (["drift", "--model", "skies-64", "--frames", "20"], 2, "32 or more"),
      (["drift", "--model", "skies-64", "--generated", "."], 64, "not both"),
      (["reconstruction", "--generated", "."], 64, "of a model alone"),
      (["efficiency", "--generated", "."], 64, "of a model alone"),
      (["efficiency", "--model", "nowhere"], 2, "there is no such model"),
      (["fvd", "--split", "middle"], 64, "middle"),
    ])
  func refusals(arguments: [String], status: Int32, words: String) throws {
    let result = try run(arguments + ["-o", folder.path("report")])
    #expect(result.status == status, "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("report/report.json")))
  }
}
