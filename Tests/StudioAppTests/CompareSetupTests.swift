import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// Comparisons that are set up and asked for, and how one goes about their pictures.
@Suite struct CompareSetupTests {
  private func screen(_ app: AppState) -> CompareScreen {
    var screen = CompareScreen()
    _ = screen.refresh(app)
    return screen
  }

  /// A state in which a comparison came.
  private var answered: AppState {
    var app = Fixtures.app
    app.comparisons = [Fixtures.stepsComparison]
    return app
  }

  @Test("what was set up stays until its comparison comes", arguments: ["O", "#"])
  func staysUntilItComes(key: String) {
    var screen = screen(Fixtures.app)
    press(keys(key), on: &screen, Fixtures.app)
    let setUp = screen.page
    #expect(!press(keys("r"), on: &screen, Fixtures.app).isEmpty)
    #expect(screen.page == setUp)
    // It was refused, and is asked for again.
    _ = screen.refresh(Fixtures.app)
    #expect(screen.page == setUp)
    press(keys("r"), on: &screen, Fixtures.app)
    _ = screen.refresh(answered)
    #expect(screen.page == .comparison(ComparisonID(rawValue: 1)))
  }

  @Test("who has left what was set up is not taken to what comes of it")
  func leaving() {
    var screen = screen(Fixtures.app)
    press(keys("Or"), on: &screen, Fixtures.app)
    let left = screen.goBack()
    _ = screen.refresh(answered)
    #expect(left && screen.page == .list)
  }

  /// Four marked videos in a window that shows them two by two.
  private var four: AppState {
    var app = Fixtures.galleryState
    for index in 0..<4 { app.videos[index].isMarked = true }
    app.windowSize = TerminalSize(columns: 160, rows: 48)
    return app
  }

  @Test("j and k go down and up where pictures stand two by two, and the menu tells of them")
  func movesInTwoRows() {
    let app = four
    var screen = screen(app)
    _ = screen.run("marked", argument: "", app)
    let places = ["j", "l", "k", "k", "h"].map { key in
      press(keys(key), on: &screen, app)
      return screen.focus
    }
    #expect(places == [2, 3, 1, 1, 0])
    let told = screen.sections(app).flatMap(\.entries).flatMap(\.keys)
    #expect(keys("hjkl").allSatisfy(told.contains))
  }

  @Test("a click on a picture goes to it, and one on the picture in focus opens it")
  func clicks() {
    let app = four
    var screen = screen(app)
    _ = screen.run("marked", argument: "", app)
    let targets = window(screen, app, columns: 160, rows: 48).targets.map(\.meaning)
    #expect((0..<4).allSatisfy { targets.contains(.named("cell \($0)")) })
    _ = screen.click("cell 2", app)
    #expect(screen.focus == 2)
    #expect(
      screen.click("cell 2", app).prefix(2) == [
        .video(.open(app.videos[2].id)), .show(.extend),
      ])
  }
}
