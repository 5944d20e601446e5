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
