import RunKit
import StudioApp
import TerminalUI
import Testing

/// The models: choosing, opening, pairing and hashing them.
@Suite struct ModelsScreenTests {
  private let app = Fixtures.app

  private func screen(_ app: AppState, selecting row: Int = 0) -> ModelsScreen {
    var screen = ModelsScreen()
    _ = screen.refresh(app)
    for _ in 0..<row { _ = screen.handle(.down, app) }
    return screen
  }

  @Test func enterUsesAModel() {
    var screen = screen(app, selecting: 1)
    #expect(
      screen.handle(.enter, app) == [
        .useModel("/models/sky-256"),
        .notify(
          Notice(
            .success, "sky-256 is used from now on", remedy: "F2 makes a video with it")),
      ])
  }

  @Test func whatMakesNoVideosIsNotUsed() {
    var screen = screen(app, selecting: 2)
    #expect(
      screen.handle(.enter, app) == [
        .notify(Notice(.warning, "retrained has no denoiser", remedy: "& pairs it with one"))
      ])
    _ = screen.handle(.down, app)
    #expect(screen.handle(.enter, app).onlyNotice?.sentence == Fixtures.broken.problem)
  }

  @Test func theSelectionBeginsOnTheModelInUseAndStaysOnItsModel() {
    var app = app
    app.modelID = Fixtures.published.id
    var screen = screen(app)
    #expect(screen.selectedID == Fixtures.published.id)
    app.models.reverse()
    _ = screen.refresh(app)
    #expect(screen.selectedID == Fixtures.published.id)
    app.models.removeAll { $0.id == Fixtures.published.id }
    _ = screen.refresh(app)
    #expect(app.models.contains { $0.id == screen.selectedID })
  }

  @Test func anotherPathIsAskedForAndOpened() {
    var screen = screen(app)
    #expect(
      screen.handle(.character("o"), app) == [
        .ask(prompt: "Folder or checkpoint", text: "", command: "open-model", isPath: true)
      ])
    #expect(
      screen.run("open-model", argument: "models/new", app) == [
        .library(.openModel(path: "models/new"))
      ])
    #expect(screen.run("open-model", argument: "", app).isEmpty)
    #expect(screen.handle(.character("F"), app) == [.query(.findModels)])
  }

  @Test func networksThatFitArePaired() {
    var screen = screen(app, selecting: 2)
    #expect(screen.handle(.character("&"), app).isEmpty)
    for _ in 0..<2 { _ = screen.handle(.up, app) }
    #expect(
      screen.handle(.enter, app) == [
        .library(
          .pairModel(
            autoencoder: "/models/retrained/model_last.pth",
            denoiser: "/models/skies-64/denoiser.safetensors"))
      ])
    #expect(screen.goBack() == false, "the pair is made")
  }

  @Test func aPairCanBeginWithTheDenoiser() {
    var screen = screen(app)
    for _ in 0..<2 { _ = screen.handle(.character("&"), app) }
    for _ in 0..<2 { _ = screen.handle(.down, app) }
    #expect(
      screen.handle(.enter, app) == [
        .library(
          .pairModel(
            autoencoder: "/models/retrained/model_last.pth",
            denoiser: "/models/skies-64/denoiser.safetensors"))
      ])
  }

  @Test func whatDoesNotFitSaysSoAtOnce() {
    var screen = screen(app, selecting: 2)
    _ = screen.handle(.character("&"), app)
    #expect(text(window(screen, app)).contains("latent side 32, not 8"))
    _ = screen.handle(.up, app)
    #expect(
      screen.handle(.enter, app) == [
        .notify(
          Notice(
            .warning, "sky-256 does not fit: latent side 32, not 8",
            remedy: "Choose another denoiser; Esc leaves"))
      ])
    #expect(screen.goBack() && !screen.goBack())
  }

  @Test func aModelWithoutNetworksIsNotPaired() {
    var screen = screen(app, selecting: 3)
    #expect(
      screen.handle(.character("&"), app).onlyNotice?.sentence
        == "half-copied has no network that can be paired")
    #expect(screen.goBack() == false)
  }

  @Test func aPairingEndsWhenItsModelIsGone() {
    var app = app
    var screen = screen(app)
    _ = screen.handle(.character("&"), app)
    app.models.removeFirst()
    _ = screen.refresh(app)
    #expect(screen.goBack() == false)
  }

  @Test func hashesAreComputedOnce() {
    var app = app
    var screen = screen(app)
    #expect(screen.handle(.character("H"), app).first == .query(.hashModel(Fixtures.skies.id)))
    app.models[0].denoiserHash = String(repeating: "a", count: 64)
    #expect(
      screen.handle(.character("H"), app) == [
        .notify(Notice(.information, "skies-64 is hashed already"))
      ])
  }

  @Test func whatCannotBeReadHasNoHash() {
    var screen = screen(app, selecting: 3)
    #expect(
      screen.handle(.character("H"), app) == [
        .notify(Notice(.warning, "half-copied has no checkpoint that can be hashed"))
      ])
  }

  @Test func withoutModelsKeysSayWhatToDo() {
    var screen = screen(Fixtures.emptyState)
    for key in [Key.enter, .character("&"), .character("H")] {
      #expect(
        screen.handle(key, Fixtures.emptyState) == [
          .notify(Notice(.warning, "there is no model yet", remedy: "o opens one"))
        ])
    }
  }

  // MARK: Pictures

  @Test func theModelsAreDrawn() throws {
    try expectSnapshots(screen(Fixtures.emptyState), Fixtures.emptyState, named: "models-empty")
    try expectSnapshots(screen(app), app, named: "models")
    try expectSnapshots(screen(app, selecting: 2), app, named: "models-no-denoiser")
    try expectSnapshots(screen(app, selecting: 3), app, named: "models-broken")
    var pairing = screen(app, selecting: 2)
    _ = pairing.handle(.character("&"), app)
    _ = pairing.handle(.up, app)
    try expectSnapshots(pairing, app, named: "models-pairing")
  }

  @Test func aSmallWindowShowsOnePane() throws {
    var app = app
    app.windowSize = TerminalSize(columns: 40, rows: 14)
    var screen = screen(app)
    try expectSnapshot(window(screen, app, columns: 40, rows: 14), named: "models-small")
    _ = screen.handle(.tab, app)
    try expectSnapshot(window(screen, app, columns: 40, rows: 14), named: "models-small-details")
  }
}
