import RunKit
import StudioApp
import TerminalUI
import Testing

/// The models: choosing, opening, pairing and hashing them.
@Suite struct ModelsScreenTests {
  private let world = Fixtures.world

  private func screen(_ world: World, selecting row: Int = 0) -> ModelsScreen {
    var screen = ModelsScreen()
    _ = screen.refresh(world)
    for _ in 0..<row { _ = screen.handle(.down, world) }
    return screen
  }

  @Test func enterUsesAModel() {
    var screen = screen(world, selecting: 1)
    #expect(
      screen.handle(.enter, world) == [
        .useModel("/models/sky-256"),
        .notify(
          Notice(
            .success, "sky-256 is used from now on", remedy: "2 makes a video with it")),
      ])
  }

  @Test func whatMakesNoVideosIsNotUsed() {
    var screen = screen(world, selecting: 2)
    #expect(
      screen.handle(.enter, world) == [
        .notify(Notice(.warning, "retrained has no denoiser", remedy: "p pairs it with one"))
      ])
    _ = screen.handle(.down, world)
    #expect(screen.handle(.enter, world).onlyNotice?.sentence == Fixtures.broken.problem)
  }

  @Test func theSelectionBeginsOnTheModelInUseAndStaysOnItsModel() {
    var world = world
    world.modelID = Fixtures.published.id
    var screen = screen(world)
    #expect(screen.selectedID == Fixtures.published.id)
    world.models.reverse()
    _ = screen.refresh(world)
    #expect(screen.selectedID == Fixtures.published.id)
    world.models.removeAll { $0.id == Fixtures.published.id }
    _ = screen.refresh(world)
    #expect(world.models.contains { $0.id == screen.selectedID })
  }

  @Test func anotherPathIsAskedForAndOpened() {
    var screen = screen(world)
    #expect(
      screen.handle(.character("o"), world) == [
        .ask(prompt: "Folder or checkpoint", text: "", command: "open-model")
      ])
    #expect(
      screen.run("open-model", argument: "models/new", world) == [
        .library(.openModel(path: "models/new"))
      ])
    #expect(screen.run("open-model", argument: "", world).isEmpty)
    #expect(screen.handle(.character("r"), world) == [.query(.findModels)])
  }

  @Test func networksThatFitArePaired() {
    var screen = screen(world, selecting: 2)
    #expect(screen.handle(.character("p"), world).isEmpty)
    for _ in 0..<2 { _ = screen.handle(.up, world) }
    #expect(
      screen.handle(.enter, world) == [
        .library(
          .pairModel(
            autoencoder: "/models/retrained/model_last.pth",
            denoiser: "/models/skies-64/denoiser.safetensors"))
      ])
    #expect(screen.goBack() == false, "the pair is made")
  }

  @Test func aPairCanBeginWithTheDenoiser() {
    var screen = screen(world)
    for _ in 0..<2 { _ = screen.handle(.character("p"), world) }
    for _ in 0..<2 { _ = screen.handle(.down, world) }
    #expect(
      screen.handle(.enter, world) == [
        .library(
          .pairModel(
            autoencoder: "/models/retrained/model_last.pth",
            denoiser: "/models/skies-64/denoiser.safetensors"))
      ])
  }

  @Test func whatDoesNotFitSaysSoAtOnce() {
    var screen = screen(world, selecting: 2)
    _ = screen.handle(.character("p"), world)
    #expect(text(window(screen, world)).contains("latent side 32, not 8"))
    _ = screen.handle(.up, world)
    #expect(
      screen.handle(.enter, world) == [
        .notify(
          Notice(
            .warning, "sky-256 does not fit: latent side 32, not 8",
            remedy: "Choose another denoiser; Esc leaves"))
      ])
    #expect(screen.goBack() && !screen.goBack())
  }

  @Test func aModelWithoutNetworksIsNotPaired() {
    var screen = screen(world, selecting: 3)
    #expect(
      screen.handle(.character("p"), world).onlyNotice?.sentence
        == "half-copied has no network that can be paired")
    #expect(screen.goBack() == false)
  }

  @Test func aPairingEndsWhenItsModelIsGone() {
    var world = world
    var screen = screen(world)
    _ = screen.handle(.character("p"), world)
    world.models.removeFirst()
    _ = screen.refresh(world)
    #expect(screen.goBack() == false)
  }

  @Test func hashesAreComputedOnce() {
    var world = world
    var screen = screen(world)
    #expect(screen.handle(.character("H"), world).first == .query(.hashModel(Fixtures.skies.id)))
    world.models[0].denoiserHash = String(repeating: "a", count: 64)
    #expect(
      screen.handle(.character("H"), world) == [
        .notify(Notice(.information, "skies-64 is hashed already"))
      ])
  }

  @Test func whatCannotBeReadHasNoHash() {
    var screen = screen(world, selecting: 3)
    #expect(
      screen.handle(.character("H"), world) == [
        .notify(Notice(.warning, "half-copied has no checkpoint that can be hashed"))
      ])
  }

  @Test func withoutModelsKeysSayWhatToDo() {
    var screen = screen(Fixtures.emptyWorld)
    for key in [Key.enter, .character("p"), .character("H")] {
      #expect(
        screen.handle(key, Fixtures.emptyWorld) == [
          .notify(Notice(.warning, "there is no model yet", remedy: "o opens one"))
        ])
    }
  }

  // MARK: Pictures

  @Test func theModelsAreDrawn() throws {
    try expectSnapshots(screen(Fixtures.emptyWorld), Fixtures.emptyWorld, named: "models-empty")
    try expectSnapshots(screen(world), world, named: "models")
    try expectSnapshots(screen(world, selecting: 2), world, named: "models-no-denoiser")
    try expectSnapshots(screen(world, selecting: 3), world, named: "models-broken")
    var pairing = screen(world, selecting: 2)
    _ = pairing.handle(.character("p"), world)
    _ = pairing.handle(.up, world)
    try expectSnapshots(pairing, world, named: "models-pairing")
  }

  @Test func aSmallWindowShowsOnePane() throws {
    var screen = screen(world)
    try expectSnapshot(window(screen, world, columns: 40, rows: 14), named: "models-small")
    _ = screen.handle(.tab, world)
    try expectSnapshot(window(screen, world, columns: 40, rows: 14), named: "models-small-details")
  }
}
