import Foundation
import MediaIO
import TestSupport
import Testing

@Suite struct DatasetCommandTests {
  private func skies(_ folder: TemporaryFolder, _ more: [String] = []) throws -> CommandRun {
    try CommandRun(
      [
        "dataset", "skies", "--clips", "4", "--seed", "5", "--size", "16", "--frames", "20",
        "--test-share", "0.25", "--output", folder.path("skies"),
      ] + more)
  }

  @Test func skiesAreMadeAndInspected() throws {
    let folder = try TemporaryFolder()
    let made = try skies(folder)
    #expect(made.status == 0)
    #expect(made.errors.contains("(3 training and 1 test videos)"))
    let info = try MediaInfo.probe(folder.path("skies/train/sky00000.mkv"))
    #expect(info.frameCount == 20)

    let run = try CommandRun(["dataset", "inspect", folder.path("skies"), "--json"])
    #expect(run.status == 0)
    #expect(run.json["videos"] as? Int == 4)
    #expect(run.json["frames"] as? Int == 80)
    #expect(run.json["layout"] as? String == "train and test folders")
    let parts = try #require(run.json["parts"] as? [[String: Any]])
    #expect(parts.map { $0["videos"] as? Int } == [3, 1])
    let clips = try #require(run.json["clips"] as? [[String: Any]])
    #expect(clips.map { $0["windows"] as? Int } == [20, 4])
    #expect(clips.map { $0["padded_videos"] as? Int } == [0, 4])
    #expect((run.json["broken"] as? [Any])?.isEmpty == true)
  }

  @Test("films are cut into clips; one that cannot be read is named after the others are cut")
  func filmsAreCut() throws {
    let folder = try TemporaryFolder()
    let images: [RGBImage] = (0..<24).map { frame in
      let level = UInt8(4 * frame)
      let fill: (UInt8, UInt8, UInt8) = frame < 12 ? (200, level, 10) : (10, 20, 120 + level)
      return RGBImage(width: 32, height: 24, fill: fill)
    }
    try Video(frames: images, frameRate: FrameRate(12)).write(to: folder.path("film.mkv"))
    try Data("no film".utf8).write(to: URL(filePath: folder.path("bad.mkv")))
    let arguments = ["--frames", "10", "--size", "16", "--test-share", "0", "--json"]
    let run = try CommandRun(
      ["dataset", "cut", folder.path("bad.mkv"), folder.path("film.mkv")] + arguments
        + ["--output", folder.path("clips")])
    #expect(run.status == 2, "\(run.errors)")
    #expect(run.errors.contains("24 frames, 2 shots, 2 clips"))
    #expect(run.errors.contains("1 film of 2 cannot be read: bad.mkv"))
    #expect(run.json["clips"] as? Int == 2)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("clips/train"))
    #expect(names.sorted() == ["film-00m00.000s.mkv", "film-00m01.000s.mkv"])
    let inspected = try CommandRun(["dataset", "inspect", folder.path("clips"), "--json"])
    #expect(inspected.status == 0 && inspected.json["videos"] as? Int == 2)
    let other = try CommandRun([
      "dataset", "cut", folder.path("film.mkv"), "--output", folder.path("clips"),
    ])
    #expect(other.status == 2 && other.errors.contains("cut with other settings"))
    let wrong = try CommandRun([
      "dataset", "cut", folder.path("film.mkv"), "--every", "0", "--output", folder.path("x"),
    ])
    #expect(wrong.status == 2 && wrong.errors.contains("every is 0; expected 1 to 1000"))
  }

  @Test func brokenFilesAreNamed() throws {
    let folder = try TemporaryFolder()
    _ = try skies(folder)
    try Data("nothing".utf8).write(to: folder.url.appending(path: "skies/train/bad.avi"))
    let run = try CommandRun(["dataset", "inspect", folder.path("skies")])
    #expect(run.status == 0)
    #expect(run.output.contains("train/bad.avi: bad.avi is not a readable video"))
    #expect(run.output.contains("16 x 16 (4 videos)"))
    #expect(run.output.contains("8 frames a second (4 videos)"))
  }

  @Test func existingSetsStay() throws {
    let folder = try TemporaryFolder()
    _ = try skies(folder)
    let second = try skies(folder)
    #expect(second.status == 2)
    #expect(second.errors.contains("exists already"))
    #expect(second.errors.contains("--overwrite"))
    #expect(try skies(folder, ["--overwrite"]).status == 0)
  }

  @Test func interruptedSetsGoOn() throws {
    let folder = try TemporaryFolder()
    let arguments = [
      "dataset", "skies", "--clips", "40", "--size", "32", "--frames", "40", "--json", "--output",
      folder.path("skies"),
    ]
    let first = try CommandRun(arguments, interruptAfter: "{\"done\":2,")
    #expect(first.status == 130)
    #expect(first.errors.contains("the same command goes on"))
    #expect(folder.contents == [".skies.partial"])
    #expect(!first.output.contains("{\"done\":30,"))
    let second = try CommandRun(arguments)
    #expect(second.status == 0)
    #expect(folder.contents == ["skies"])
    let lines = second.output.split(separator: "\n")
    #expect(lines.last == #"{"done":40,"total":40}"#)
    #expect(lines.first?.hasPrefix(#"{"done":0,"#) == false)
  }

  @Test func badSettingsAndFoldersEndWithTwo() throws {
    let folder = try TemporaryFolder()
    let size = try skies(folder, ["--size", "2"])
    #expect(size.status == 2)
    #expect(size.errors.contains("size is 2; expected 8 to 4096 pixels"))
    let empty = try CommandRun(["dataset", "inspect", folder.url.path])
    #expect(empty.status == 2)
    #expect(empty.errors.contains("neither videos nor folders"))
    #expect(try CommandRun(["dataset", "inspect"]).status == 64)
  }
}
