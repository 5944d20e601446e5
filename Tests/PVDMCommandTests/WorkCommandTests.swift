import Foundation
import TestSupport
import Testing

/// `pvdm work`, with processes that are killed.
@Suite struct WorkCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func create(_ options: [String], format: String = "safetensors") throws -> CommandRun {
    try CommandRun(
      ["work", "create", folder.path("list"), "--format", format, "--"] + options)
  }

  @Test("workers of which one is killed make what one process makes, each output once")
  func killed() throws {
    let denoiser = CommandRun.package + "/samples/skies-64/denoiser.safetensors"
    let settings = ["--denoiser", denoiser, "--steps", "2"]
    let made = try create(["sample"] + settings + ["--seeds", "0-5,8", "--batch", "2"])
    #expect(made.status == 0 && made.errors.hasPrefix("4 items"), "\(made.errors)")

    let victim = Process()
    victim.executableURL = CommandRun.program
    victim.arguments = ["work", "run", folder.path("list"), "--lease", "1"]
    victim.environment = CommandRun.environment(home: folder.path("home"))
    victim.standardError = FileHandle.nullDevice
    try victim.run()
    let claims = folder.path("list/claims")
    while victim.isRunning,
      (try FileManager.default.contentsOfDirectory(atPath: claims)).isEmpty
    { usleep(2000) }
    kill(victim.processIdentifier, SIGKILL)
    victim.waitUntilExit()

    let run = try CommandRun(["work", "run", folder.path("list"), "--lease", "1"])
    #expect(run.status == 0, "\(run.errors)")
    let status = try CommandRun(["work", "status", folder.path("list"), "--json"])
    #expect(status.json["done"] as? Int == 4 && status.json["failed"] as? Int == 0)
    let gathered = try CommandRun([
      "work", "gather", folder.path("list"), "--output", folder.path("all"),
    ])
    #expect(gathered.status == 0, "\(gathered.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("all")).sorted()
    #expect(names == [0, 1, 2, 3, 4, 5, 8].map { "seed-\($0).safetensors" })
    let alone = try CommandRun(
      ["sample"] + settings + [
        "--seed", "2", "--batch", "2", "-o", folder.path("alone.safetensors"),
      ])
    #expect(alone.status == 0, "\(alone.errors)")
    for seed in 2...3 {
      #expect(
        try Data(contentsOf: URL(filePath: folder.path("alone-\(seed).safetensors")))
          == Data(contentsOf: URL(filePath: folder.path("all/seed-\(seed).safetensors"))))
    }
  }

  @Test("an item that fails is told with its command's sentence, and the status says so")
  func failing() throws {
    let made = try create(["extend", "--inputs", "gone.mp4,lost.mp4", "skies-64"], format: "mp4")
    #expect(made.status == 0, "\(made.errors)")
    let run = try CommandRun(["work", "run", folder.path("list")])
    #expect(run.status == 2 && run.errors.contains("failed 2"), "\(run.errors)")
    let status = try CommandRun(["work", "status", folder.path("list")])
    #expect(status.output.hasPrefix("0 of 2 done, 2 failed"), "\(status.output)")
    #expect(status.output.contains("gone.mp4: there is no such file"), "\(status.output)")
  }

  @Test("seeds at the end of their range are no neighbours of those at its beginning")
  func lastSeeds() throws {
    let made = try create(
      ["sample", "skies-64", "--seeds", "18446744073709551614-18446744073709551615,0,1"]
        + ["--batch", "3"])
    #expect(made.status == 0 && made.errors.hasPrefix("2 items"), "\(made.errors)")
  }

  @Test("a batch without seeds is each item's own, and an evaluation's is always its own")
  func batches() throws {
    let made = try create(["sample", "skies-64", "--batch", "2", "--each", "steps=1,2"])
    #expect(made.status == 0 && made.errors.hasPrefix("2 items"), "\(made.errors)")
    let items = try String(contentsOfFile: folder.path("list/list.json"), encoding: .utf8)
    #expect(items.contains("--batch"))
    let score = try CommandRun([
      "work", "create", folder.path("scores"), "--", "evaluate", "drift", "--models",
      "skies-64,skies-64-instant", "--batch", "4",
    ])
    #expect(score.status == 0 && score.errors.hasPrefix("2 items"), "\(score.errors)")
  }

  @Test("a format that no output has is refused", arguments: ["xyz", "a/b", "m p4", "ä"])
  func formats(format: String) throws {
    let made = try create(["sample", "skies-64", "--seeds", "0-3"], format: format)
    #expect(made.status == 64 && made.errors.contains("--format is"), "\(made.errors)")
    #expect(!folder.contents.contains("list"))
  }

  @Test(
    "a command that no list can be made of is refused before anything is written",
    arguments: [
      (["sample", "skies-64"], "Nothing in it stands for many"),
      (
        ["extend", "walk.mp4", "--models", "skies-64,skies-64-instant"],
        "extend with --models takes its input by --inputs"
      ),
      (["inspect", "a.mp4", "--seeds", "0-3"], "'inspect' cannot be done by a list of work"),
      (["sample", "skies-64", "--seeds", "3-1"], "--seeds has '3-1'"),
      (["sample", "skies-64", "--seeds", "0-99999999999"], "--seeds has"),
      (["sample", "skies-64", "--seeds", "0,0"], "one seed twice"),
      (["sample", "skies-64", "--seeds", "0-3", "--stepz", "2"], "--stepz"),
      (["sample", "skies-64", "--seeds", "0-3", "-o", "a.mp4"], "-o is for the list to say"),
      (["sample", "skies-64", "--seeds", "0-3", "--queue"], "--queue is for the list to say"),
      (
        ["sample", "skies-64", "--each", "output=/tmp/a.mp4"], "--output is for the list to say"
      ),
      (["sample", "skies-64", "--each", "steps"], "--each is 'steps'"),
      (["sample", "skies-64", "--inputs", "a.mp4"], "--inputs is for commands with an input"),
      (["sample", "--models", ","], "--models is ','; expected values"),
      (["sample", "skies-64", "--each", "steps=,"], "--each steps is ','; expected values"),
      (["extend", "--inputs", ",", "skies-64"], "--inputs is ','; expected values"),
      (
        ["sample", "skies-64", "--each", "steps=1,2", "--each", "steps=3"], "steps is given twice"
      ),
    ])
  func refused(arguments: [String], sentence: String) throws {
    let made = try create(arguments)
    #expect(made.status == 64 && made.errors.contains(sentence), "\(made.errors)")
    #expect(!folder.contents.contains("list"))
  }
}
