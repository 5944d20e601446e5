import Foundation
import MediaIO
import TestSupport
import Testing

/// Whole sessions in the real program: what a person types, and what is on the screen then.
@Suite(.serialized) struct StudioSessionTests {
  private let folder: TemporaryFolder
  private let studioHome: StudioHome
  private var home: String { studioHome.path }

  init() throws {
    folder = try TemporaryFolder()
    studioHome = StudioHome(in: folder)
  }

  private var data: String { home + "/.local/share/pvdm/studio" }

  @Test func withoutATerminalNothingIsBegunAndTheRemedyIsSaid() throws {
    let run = try CommandRun(["studio"], home: home)
    #expect(run.status == 2 && run.errors.contains("standard input is not a terminal"))
    #expect(run.errors.contains("pvdm --help"))
    #expect(!FileManager.default.fileExists(atPath: data))
  }

  @Test func aNewUserMakesExtendsBranchesExportsAndFindsEverythingAgain() throws {
    let studio = try StudioSession(home: home)
    #expect(studio.sees("skies-64"))
    studio.chooseFewSteps()
    studio.type("r")
    #expect(studio.sees("Finished: 1 clip"), "\(studio.terminal.screen)")

    studio.type("3e")
    #expect(studio.sees("A1   A2"), "\(studio.terminal.screen)")
    #expect(studio.sees("frames   17-32 of 32"), "\(studio.terminal.screen)")
    studio.type("R")
    #expect(studio.sees("roll 2 of 2"), "\(studio.terminal.screen)")
    #expect(studio.sees("idle"))
    studio.type("hb")
    #expect(studio.sees("Clip B2"), "\(studio.terminal.screen)")

    let (video, picture) = (folder.path("branch.mp4"), folder.path("branch.gif"))
    for path in [video, picture] {
      studio.type("w")
      #expect(studio.sees("Enter takes it"))
      studio.type("\u{15}\(path)\r")
      #expect(studio.sees("Wrote"), "\(studio.terminal.screen)")
    }
    studio.type("q")
    #expect(studio.end() == 0)
    for path in [video, picture] {
      let info = try MediaInfo.probe(path)
      #expect(info.frameCount == 32)
      #expect(info.settings?.contains("\"steps\":3") == true)
    }

    let again = try StudioSession(home: home)
    #expect(again.sees("B2"), "\(again.terminal.screen)")
    // Digits count on Extend; F5 shows the gallery.
    again.type("\u{1B}[15~")
    #expect(again.sees("clips    2 here, 4 in all"), "\(again.terminal.screen)")
    again.type("q")
    #expect(again.end() == 0)
  }

  @Test func anEvaluationIsStoppedGoesOnAndItsScoreIsThereTheNextTime() throws {
    let (skies, weights) = (folder.path("skies"), folder.path("i3d.safetensors"))
    let made = try CommandRun([
      "dataset", "skies", "--clips", "5", "--frames", "32", "--test-share", "0", "--output", skies,
    ])
    #expect(made.status == 0, "\(made.errors)")
    try FormulaWeights.i3d.write(to: weights)

    let studio = try StudioSession(home: home)
    #expect(studio.sees("skies-64"))
    studio.type("8")
    #expect(studio.sees("Ready"), "\(studio.terminal.screen)")
    studio.type(":metric fvd\r")
    #expect(studio.sees("no real videos were named"), "\(studio.terminal.screen)")
    studio.type(":data \(skies)\r")
    #expect(studio.sees("i3d_pretrained_400.pt"), "\(studio.terminal.screen)")
    studio.type(":i3d \(weights)\r:preset draft\r")
    #expect(studio.sees("Ready"), "\(studio.terminal.screen)")
    // From the metric down to the clips.
    studio.type("gjjjj\r\u{15}8\r")
    #expect(studio.sees("compares 8 clips"), "\(studio.terminal.screen)")
    studio.type("r")
    #expect(studio.sees("generated clips 1/8"), "\(studio.terminal.screen)")
    studio.type("x")
    #expect(studio.sees("Paused"), "\(studio.terminal.screen)")
    studio.type("r")
    #expect(studio.sees("Frechet video distance of skies-64: FVD"), "\(studio.terminal.screen)")
    studio.type("\t\r")
    #expect(studio.sees("not the paper's protocol"), "\(studio.terminal.screen)")
    studio.type("\u{1B}")
    #expect(studio.sees("Evaluation"))
    studio.type("q")
    #expect(studio.end() == 0)

    // A command adds a score while the studio is open, which shows it when the screen is shown.
    let again = try StudioSession(home: home)
    #expect(again.sees("Scores 1"), "\(again.terminal.screen)")
    again.type("1")
    #expect(again.sees("Models"))
    let drift = try CommandRun(
      [
        "evaluate", "drift", "--generated", skies, "--frames", "32", "--clips", "2", "-o",
        folder.path("report"),
      ], home: home)
    #expect(drift.status == 0 && !drift.errors.contains("not in the studio"), "\(drift.errors)")
    again.type("8")
    #expect(again.sees("Scores 2"), "\(again.terminal.screen)")
    again.type("q")
    #expect(again.end() == 0)
  }

  @Test func aTrainingIsWatchedStoppedAndGoesOn() throws {
    let skies = folder.path("skies")
    let made = try CommandRun([
      "dataset", "skies", "--clips", "4", "--frames", "32", "--size", "32", "--output", skies,
    ])
    #expect(made.status == 0, "\(made.errors)")

    let studio = try StudioSession(home: home, StudioSession.alone)
    #expect(studio.sees("skies-64"))
    studio.type("7")
    #expect(studio.sees("Nothing was trained yet"), "\(studio.terminal.screen)")
    studio.type("O")
    #expect(studio.sees("New training"), "\(studio.terminal.screen)")
    // The preset tiny, the videos, and more steps than anybody waits for.
    studio.type("gjjlj\r\u{15}\(skies)\r")
    #expect(studio.sees("to learn from"), "\(studio.terminal.screen)")
    studio.type("jjjj\r\u{15}1000000\r")
    #expect(studio.sees("unknown for 1000000 steps"), "\(studio.terminal.screen)")
    studio.type("r")
    #expect(studio.sees("clips/s"), "\(studio.terminal.screen)")
    #expect(studio.sees("1000000"), "\(studio.terminal.screen)")
    studio.type("x")
    #expect(studio.sees("r goes on from there"), "\(studio.terminal.screen)")
    studio.type("r")
    #expect(studio.sees("x stops and saves it"), "\(studio.terminal.screen)")
    studio.type("qy")
    #expect(studio.end() == 0)

    let again = try StudioSession(home: home, StudioSession.alone)
    #expect(again.sees("Stopped at step"), "\(again.terminal.screen)")
    again.type("r")
    #expect(again.sees("clips/s"), "\(again.terminal.screen)")
    again.kill(.kill)
    _ = again.end()

    let last = try StudioSession(home: home, StudioSession.alone)
    #expect(last.sees("r goes on from there"), "\(last.terminal.screen)")
    last.type("q")
    #expect(last.end() == 0)
  }

  @Test func aRunThatWasKilledIsOfferedAndGoesOn() throws {
    let studio = try StudioSession(home: home, StudioSession.alone)
    #expect(studio.sees("skies-64"))
    studio.chooseFewSteps(40)
    studio.type("r")
    #expect(studio.sees("step 1"), "\(studio.terminal.screen)")
    studio.kill(.kill)
    _ = studio.end()

    let again = try StudioSession(home: home, StudioSession.alone)
    again.type("6")
    #expect(again.sees("interrupted"), "\(again.terminal.screen)")
    again.type("P")
    // Two threads that wait for each other on a busy machine are slow: 2.5 s a step were seen.
    #expect((0..<4).contains { _ in again.sees("finished") }, "\(again.terminal.screen)")
    again.type("q")
    #expect(again.end() == 0)
  }

  @Test func aLostConnectionEndsTheStudioAndKeepsTheRun() throws {
    let studio = try StudioSession(home: home, StudioSession.alone)
    #expect(studio.sees("skies-64"))
    studio.type("2r")
    #expect(studio.sees("step 1"))
    studio.terminal.hangUp()
    studio.process.waitUntilExit()

    let again = try StudioSession(home: home, StudioSession.alone)
    again.type("6")
    #expect(again.sees("interrupted"), "\(again.terminal.screen)")
    again.type("q")
    #expect(again.end() == 0)
  }

  @Test func aLostConnectionLetsTheClipFinishWhereThatIsAskedFor() throws {
    let studio = try StudioSession(home: home, ["studio", "--keep-running"])
    #expect(studio.sees("skies-64"))
    studio.type("2r")
    #expect(studio.sees("step 1"), "\(studio.terminal.screen)")
    studio.terminal.hangUp()
    studio.process.waitUntilExit()

    let again = try StudioSession(home: home, StudioSession.alone)
    again.type("6")
    #expect(again.sees("finished"), "\(again.terminal.screen)")
    again.type("q")
    #expect(again.end() == 0)
  }

  @Test func manyResizesDownToOneCellWhileAJobRunsDoNoHarm() throws {
    let studio = try StudioSession(home: home)
    #expect(studio.sees("skies-64"))
    studio.type("2r")
    #expect(studio.sees("step"))
    for round in 0..<500 {
      studio.terminal.resize(
        columns: round % 7 == 0 ? 1 : 1 + round * 37 % 160,
        rows: round % 5 == 0 ? 1 : 1 + round % 50)
      if round % 20 == 0 { studio.terminal.drain() }
    }
    studio.terminal.resize(columns: 80, rows: 24)
    studio.type("\u{0C}")
    #expect(studio.sees("PVDM Studio"), "\(studio.terminal.screen)")
    #expect(studio.sees("Finished: 1 clip"), "\(studio.terminal.screen)")
    studio.type("q")
    #expect(studio.end() == 0)
  }

  @Test("a terminal that says it is as large as numbers are, or nothing, does no harm")
  func extremeWindows() throws {
    let huge = ["COLUMNS": "65535", "LINES": "65535"]
    let studio = try StudioSession(home: home, environment: huge)
    #expect(studio.sees("skies-64"))
    for (columns, rows) in [
      (.max, .max), (0, 0), (.max, 1), (1, .max), (0, 24), (80, 0), (.max, 24), (80, .max),
    ] as [(UInt16, UInt16)] {
      studio.terminal.claim(columns: columns, rows: rows)
      usleep(20_000)
      studio.terminal.drain()
    }
    studio.terminal.resize(columns: 80, rows: 24)
    studio.type("\u{0C}")
    #expect(studio.sees("PVDM Studio"), "\(studio.terminal.screen)")
    studio.type("q")
    #expect(studio.end() == 0)
  }

  @Test func aDataFolderThatCannotBeWrittenIsSaidAndTheStudioStillWorks() throws {
    // A file stands where the folder would be, which stops the superuser as well.
    try FileManager.default.createDirectory(
      atPath: home + "/.local/share", withIntermediateDirectories: true)
    try Data().write(to: URL(filePath: home + "/.local/share/pvdm"))
    let studio = try StudioSession(home: home)
    studio.type("@")
    #expect(studio.sees("Nothing is kept"), "\(studio.terminal.screen)")
    studio.type("@")
    #expect(studio.seesModels(), "\(studio.terminal.screen)")
    studio.chooseFewSteps()
    studio.type("r")
    #expect(studio.sees("Finished: 1 clip"), "\(studio.terminal.screen)")
    studio.type("q")
    #expect(studio.end() == 0)
  }

  @Test func aDamagedDatabaseIsSetAsideAndSaid() throws {
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    let damaged = Data((0..<8_192).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    try damaged.write(to: URL(filePath: data + "/studio.sqlite"))
    let studio = try StudioSession(home: home)
    studio.type("@")
    #expect(studio.sees("was damaged and a new one was begun"), "\(studio.terminal.screen)")
    studio.type("q")
    studio.type("q")
    #expect(studio.end() == 0)
    let files = try FileManager.default.contentsOfDirectory(atPath: data)
    let isKept = files.contains { file in
      (try? Data(contentsOf: URL(filePath: data + "/" + file))) == damaged
    }
    #expect(isKept, "\(files)")
  }

  @Test func aFullDiskIsSaidAndWhatWasKeptStays() throws {
    let studio = try StudioSession(home: home, StudioSession.alone)
    #expect(studio.sees("skies-64"))
    studio.chooseFewSteps()
    studio.type("r")
    #expect(studio.sees("Finished: 1 clip"), "\(studio.terminal.screen)")
    studio.type("q")
    #expect(studio.end() == 0)

    let limited = try StudioSession(home: home, StudioSession.alone, fileSizeLimit: 40)
    #expect(limited.seesModels(), "\(limited.terminal.screen)")
    limited.type("2r")
    #expect(limited.sees("Free some space"), "\(limited.terminal.screen)")
    // That the database cannot be written is said before the job has failed.
    #expect(limited.sees("P try again"), "\(limited.terminal.screen)")
    limited.type("5")
    #expect(limited.sees("1 clip"), "\(limited.terminal.screen)")
    limited.type("q")
    #expect(limited.end() == 0)
  }

  @Test func aCheckpointThatIsGoneIsExplained() throws {
    let model = folder.path("model")
    try FileManager.default.copyItem(
      atPath: CommandRun.package + "/samples/skies-64", toPath: model)
    let studio = try StudioSession(home: home)
    #expect(studio.sees("skies-64"))
    studio.type(":open \(model)\r")
    #expect(studio.sees("in use"), "\(studio.terminal.screen)")
    try FileManager.default.removeItem(atPath: model)
    studio.chooseFewSteps()
    studio.type("r")
    #expect(studio.sees("there is no such file or"), "\(studio.terminal.screen)")
    // A job that still runs would be asked about.
    #expect(studio.sees("P try again"), "\(studio.terminal.screen)")
    studio.type("q")
    #expect(studio.end() == 0)
  }

  @Test func withoutUTF8TheScreenIsPlainASCII() throws {
    let studio = try StudioSession(home: home, environment: ["LC_ALL": "C"])
    #expect(studio.sees("skies-64"))
    studio.chooseFewSteps()
    studio.type("r")
    #expect(studio.sees("Finished: 1 clip"), "\(studio.terminal.screen)")
    #expect(studio.terminal.received.allSatisfy { $0 < 128 })
    studio.type("q")
    #expect(studio.end() == 0)
  }

  @Test func anUnknownTerminalIsRefusedInASentence() throws {
    let studio = try StudioSession(home: home, environment: ["TERM": "no-such-terminal"])
    #expect(studio.end() == 2)
    #expect(studio.errorText.contains("no-such-terminal"), "\(studio.errorText)")
  }

  @Test(arguments: ["truecolor", "256", "16", "mono"])
  func everyColourModeShowsTheStudio(mode: String) throws {
    let studio = try StudioSession(home: home, ["studio", "--color", mode], columns: 160, rows: 48)
    #expect(studio.sees("Nothing made yet"), "\(studio.terminal.screen)")
    #expect(studio.terminal.emulator.unknown.isEmpty, "\(studio.terminal.emulator.unknown)")
    studio.type("q")
    #expect(studio.end() == 0)
  }

  @Test func aSecondStudioOnTheSameFolderIsRefused() throws {
    let first = try StudioSession(home: home, StudioSession.alone)
    #expect(first.sees("skies-64"))
    let second = try StudioSession(home: home, StudioSession.alone)
    #expect(second.end() == 2)
    #expect(second.errorText.contains("another studio has the data folder open (process "))
    first.type("q")
    #expect(first.end() == 0)
  }

  @Test func terminationSavesAndRestoresTheTerminal() throws {
    let studio = try StudioSession(home: home)
    #expect(studio.sees("skies-64"))
    let before = studio.terminal.settings.c_lflag
    studio.kill(.terminate)
    #expect(studio.end() == 0)
    #expect(studio.terminal.settings.c_lflag != before, "raw mode was left")
  }
}
