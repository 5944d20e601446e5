import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// What fits into a window, and which of its panes count.
@Suite struct WindowTests {
  // MARK: Panes

  @Test(
    "where all panes are seen, Tab hides nothing that a key would have to leave first",
    arguments: [ScreenID.models, .queue, .train])
  func tabAtFullSize(screen: ScreenID) {
    var app = Fixtures.app
    app.jobs = [Fixtures.job(7, .finished)]
    var model = studio(app, on: screen)
    _ = model.update(.key(.tab))
    #expect(model.update(.key(.character("q"))) == [.quit])
  }

  @Test("a training's form has one pane more in a small window alone")
  func tabInTheTrainingForm() {
    var model = studio(Fixtures.app, on: .train)
    _ = type("O", into: &model)
    #expect(!lines(model)[23].contains("Tab"))
    for key in [Key.tab, .escape] { _ = model.update(.key(key)) }
    #expect((model.screens[.train] as? TrainScreen)?.form == nil)
    _ = model.update(.resized(TerminalSize(columns: 76, rows: 22)))
    _ = type("O", into: &model)
    #expect(lines(model, columns: 76, rows: 22)[21].contains("Tab pane"))
    _ = model.update(.key(.tab))
    #expect(lines(model, columns: 76, rows: 22).joined().contains("Before it begins"))
    _ = model.update(.key(.escape))
    #expect(lines(model, columns: 76, rows: 22).joined().contains("New training"))
    // A larger window shows both.
    _ = model.update(.key(.tab))
    _ = model.update(.resized(TerminalSize(columns: 80, rows: 24)))
    _ = model.update(.key(.escape))
    #expect((model.screens[.train] as? TrainScreen)?.form == nil)
  }

  // MARK: Texts

  @Test("a notice that is too long ends with an ellipsis")
  func longNotices() {
    var model = studio(on: .make)
    let sentence = Array(repeating: "many words", count: 40).joined(separator: " ")
    _ = model.update(.follow([.notify(Notice(.error, sentence))]))
    let last = lines(model)[22].split(separator: " ").last
    #expect(last?.hasSuffix("…") == true)
    #expect(model.log.lines.last?.text == sentence)
  }

  @Test("a question about a path names its keys, and what it asks, at 80 columns")
  func prompts() {
    var model = studio(Fixtures.stateAfter(.finished), on: .make)
    _ = type("w", into: &model)
    let shown = lines(model).joined()
    #expect(shown.contains("Tab completes, Esc leaves it"))
    #expect(shown.contains("png, folder/, safetensors)"))
  }

  @Test("the queue cuts no title while its settings leave columns blank")
  func queueTitles() {
    var app = Fixtures.app
    app.jobs = [Fixtures.job(7, .waiting)]
    app.videos = [Fixtures.summary("skies-64, recipe of 12 runs, seed 48213")]
    var screen = QueueScreen()
    _ = screen.refresh(app)
    let rows = text(window(screen, app)).split(separator: "\n")
    let row = rows.first { $0.hasPrefix("│   7 ") }
    #expect(row?.contains("make skies-64, recipe of 12") == true)
  }

  @Test("a single frame is one frame")
  func oneFrame() {
    var app = Fixtures.app
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    _ = screen.run("footage", argument: "/home/ada/clouds.mp4", app)
    app.footage = Fixtures.footage(1)
    _ = screen.refresh(app)
    #expect(text(window(screen, app)).contains("It has 1 frame;"))
  }
}
