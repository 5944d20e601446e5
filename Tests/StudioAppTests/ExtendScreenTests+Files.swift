import StudioApp
import StudioKit
import TerminalUI
import Testing

/// Reading a user's video, and writing branches and pictures.
extension ExtendScreenTests {
  @Test func exportAsksForAPathAndWritesTheBranch() {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 6)
    var screen = screen(app)
    #expect(
      press(keys("w"), on: &screen, app) == [
        .ask(
          prompt: "Export A1 to B4 (mp4, gif, webm, mkv, png, folder/, safetensors)",
          text: "sunset.mp4 x4", command: "export", isPath: true)
      ])
    let written = screen.run("export", argument: "a b.mp4, frames/ x8", app)
    #expect(
      written == [
        .order(
          .export(
            ExportTask(
              video: Fixtures.video, through: id(7), paths: ["a b.mp4", "frames/"], scale: 8)))
      ])
    for wrong in ["x4", "a.mp4 x65", ""] {
      let effects = screen.run("export", argument: wrong, app)
      #expect(effects.onlyNotice?.level == .warning)
    }
  }

  @Test func aStillIsTheFrameThatIsShown() {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(app)
    press([.tab, .character(",")], on: &screen, app)
    #expect(
      press(keys("s"), on: &screen, app) == [
        .video(.saveStill(id(6), frame: 11, path: "sunset-B3-12.png"))
      ])
  }

  @Test func aWindowOfAUsersVideoIsChosen() {
    var app = Fixtures.app
    var screen = screen(app)
    #expect(
      press(keys("o"), on: &screen, app) == [
        .ask(prompt: "Video file or folder of pictures", text: "", command: "footage", isPath: true)
      ])
    let path = "/home/ada/clouds.mp4"
    let read = screen.run("footage", argument: path, app)
    #expect(read.last == .query(.readFootage(path: path, model: reference)))
    // The tree stays until the video has been read, which may fail.
    #expect(screen.picker == nil)
    app.footage = Fixtures.footage(100)
    _ = screen.refresh(app)
    press(keys("ljh"), on: &screen, app)
    #expect(screen.picker?.firstFrame == 16)
    press(keys("G"), on: &screen, app)
    #expect(screen.picker?.firstFrame == 84)
    press(keys("gk"), on: &screen, app)
    #expect(screen.picker?.firstFrame == 0)
    press(keys("j"), on: &screen, app)
    #expect(
      press([.enter], on: &screen, app) == [
        .order(
          .makeFromFootage(path: path, firstFrame: 16, model: reference, settings: app.settings))
      ])
    #expect(screen.picker == nil)
    let again = screen.refresh(app)
    #expect(again.isEmpty && screen.picker == nil)
  }

  @Test func anExportIsOfTheBranchThatWasAskedAbout() {
    let before = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(before)
    press(keys("w"), on: &screen, before)
    var tree = Fixtures.grownTree
    tree.add(Fixtures.tip(8, after: 7, index: 4, seed: 17), following: true)
    let after = Fixtures.app(showing: tree)
    _ = screen.refresh(after)
    let asked = screen.run("export", argument: "a.mp4", after)
    #expect(
      asked == ExportRequest.effects("a.mp4", video: tree.video, through: id(7), overwrites: false))
    // A command that was not asked for is about what is there.
    let free = screen.run("export", argument: "a.mp4", after)
    #expect(
      free == ExportRequest.effects("a.mp4", video: tree.video, through: id(8), overwrites: false))
  }
}
