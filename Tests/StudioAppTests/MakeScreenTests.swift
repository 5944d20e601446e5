import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// Making videos: seeds, settings, what keys ask for, and what is shown meanwhile.
@Suite struct MakeScreenTests {
  func screen(_ world: World) -> MakeScreen {
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(world)
    return screen
  }

  /// The settings that a run was asked for with.
  func made(_ effects: [StudioEffect]) -> GenerationSettings? {
    for case .workspace(.order(.make(_, let settings))) in effects { return settings }
    return nil
  }

  let reference = Fixtures.skies.reference

  // MARK: Seeds

  @Test func aRunTakesTheSeedThatIsShownAndTheNextOneDrawsAnother() throws {
    var screen = screen(Fixtures.world)
    let shown = screen.form.settings.seed
    #expect(shown < 1 << 32)
    let first = screen.handle(.character("r"), Fixtures.world)
    #expect(
      first == [
        .remember(.settings(screen.form.settings)), .order(.make(reference, screen.form.settings)),
      ])
    #expect(made(first)?.seed == shown)
    let second = try #require(made(screen.handle(.character("r"), Fixtures.world)))
    #expect(second.seed != shown && second.seed == screen.form.settings.seed)
  }

  @Test func aLockedSeedStaysAndRerollDrawsOneAllTheSame() throws {
    var world = Fixtures.world
    world.settings.seed = 17
    world.settings.isSeedLocked = true
    var screen = screen(world)
    for _ in 0..<2 { #expect(made(screen.handle(.character("r"), world))?.seed == 17) }
    let rerolled = try #require(made(screen.handle(.character("R"), world)))
    #expect(rerolled.seed != 17 && rerolled.isSeedLocked)
    #expect(screen.form.settings.seed == rerolled.seed)
  }

  @Test func aTypedSeedIsTaken() {
    var screen = screen(Fixtures.world)
    _ = screen.handle(.character("r"), Fixtures.world)
    let effects = screen.run("seed", argument: "48213", Fixtures.world)
    #expect(effects.contains(.remember(.settings(screen.form.settings))))
    #expect(made(screen.handle(.character("r"), Fixtures.world))?.seed == 48_213)
    #expect(screen.run("seed", argument: "x", Fixtures.world).onlyNotice?.level == .warning)
  }

  @Test func aNewSeedIsDrawnAndShown() {
    var screen = screen(Fixtures.world)
    let before = screen.form.settings.seed
    let effects = screen.handle(.character("*"), Fixtures.world)
    #expect(screen.form.settings.seed != before)
    #expect(effects.first == .remember(.settings(screen.form.settings)))
  }

  // MARK: Runs

  @Test func aRunBehindAnotherSaysThatItWaits() {
    let world = Fixtures.busyWorld
    var screen = screen(world)
    let effects = screen.handle(.character("r"), world)
    #expect(made(effects) == screen.form.settings)
    #expect(
      effects.last
        == .notify(
          Notice(
            .information, "seed \(screen.form.settings.seed) waits for job 7 and 1 more")))
    let added = screen.handle(.character("a"), world)
    #expect(added.count == 2 && made(added) != nil, "adding says nothing of its own")
  }

  @Test func withoutAModelNothingIsMade() {
    var screen = screen(Fixtures.emptyWorld)
    #expect(
      screen.handle(.character("r"), Fixtures.emptyWorld) == [
        .notify(Notice(.warning, "no model is chosen", remedy: "Choose one on the screen Models"))
      ])
    var world = Fixtures.world
    world.modelID = Fixtures.retrained.id
    #expect(
      screen.handle(.character("a"), world) == [
        .notify(Notice(.error, "retrained has no denoiser", remedy: "Choose another model"))
      ])
  }

  @Test func stoppingFinishesTheClipFirstAndThenTheStep() {
    var world = Fixtures.busyWorld
    var screen = screen(world)
    let job = JobID(rawValue: 7)
    #expect(screen.handle(.character("x"), world) == [.job(.finish(job, atOnce: false))])
    world.progress?.isStopping = true
    #expect(screen.handle(.character("x"), world) == [.job(.finish(job, atOnce: true))])
    #expect(screen.handle(.character("P"), world) == [.job(.pause(job))])
  }

  @Test(arguments: [JobState.paused, .interrupted, .failed("the disk is full", remedy: "")])
  func whatStoodStillGoesOn(_ state: JobState) {
    let world = Fixtures.worldAfter(state, finishedClips: 1)
    var screen = screen(world)
    #expect(screen.handle(.character("P"), world) == [.job(.resume(JobID(rawValue: 7)))])
  }

  @Test func endingAnInterruptedJobAsksFirst() {
    let world = Fixtures.worldAfter(.interrupted, finishedClips: 1)
    var screen = screen(world)
    #expect(
      screen.handle(.character("x"), world) == [
        .confirm(
          title: "End job 7?",
          lines: ["1 complete clip is kept. The clip in progress is given up."],
          confirmed: [.job(.cancel(JobID(rawValue: 7)))])
      ])
  }

  @Test func withoutAJobThereIsNothingToStop() {
    var screen = screen(Fixtures.world)
    for key in ["x", "P"] as [Character] {
      #expect(
        screen.handle(.character(key), Fixtures.world).onlyNotice?.sentence == "nothing runs")
    }
  }

  // MARK: Settings and estimates

  @Test func changedSettingsAreRememberedAndEstimatedOnce() {
    var world = Fixtures.world
    world.estimates = [:]
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    var expected = GenerationSettings()
    let begun = screen.refresh(world)
    #expect(
      begun == [.remember(.settings(screen.form.settings)), .query(.estimate(reference, expected))])
    #expect(screen.refresh(world).isEmpty, "asked already")
    _ = screen.handle(.down, world)
    expected.steps = 105
    let effects = screen.handle(.character("l"), world)
    #expect(screen.form.settings.steps == 105)
    #expect(
      effects == [
        .remember(.settings(screen.form.settings)), .query(.estimate(reference, expected)),
      ])
    #expect(
      screen.handle(.character("*"), world) == [.remember(.settings(screen.form.settings))],
      "a seed costs nothing")
  }

  @Test func aRunThatWasMeasuredMakesTheEstimateAnew() {
    var world = Fixtures.world
    var screen = screen(world)
    #expect(
      !screen.refresh(world).contains {
        if case .workspace(.query(.estimate)) = $0 { true } else { false }
      })
    world.noteMeasuredRun()
    let again = screen.refresh(world)
    #expect(again.contains { if case .workspace(.query(.estimate)) = $0 { true } else { false } })
    #expect(screen.refresh(world).isEmpty, "asked already")
  }

  @Test func settingsChangesAreUndoneAndRedone() {
    let world = Fixtures.world
    var screen = screen(world)
    _ = screen.handle(.character("V"), world)
    #expect(screen.form.settings.preview == .decoded)
    #expect(screen.undo(world).first == .remember(.settings(screen.form.settings)))
    #expect(screen.form.settings.preview == .linear)
    _ = screen.redo(world)
    #expect(screen.form.settings.preview == .decoded)
    #expect(screen.redo(world).onlyNotice != nil)
  }

  @Test func settingsOfAnotherScreenAreTakenOver() {
    var world = Fixtures.world
    var screen = screen(world)
    _ = screen.handle(.character("r"), world)
    world.settings = Fixtures.settings
    _ = screen.refresh(world)
    #expect(screen.form.settings == Fixtures.settings)
    #expect(made(screen.handle(.character("r"), world)) == Fixtures.settings)
  }

  @Test func aPresetBringsItsSettingsAndLeavesTheSeed() {
    let world = Fixtures.world
    var screen = screen(world)
    let seed = screen.form.settings.seed
    #expect(screen.handle(.character("p"), world).isEmpty)
    #expect(screen.handle(.enter, world).first == .remember(.settings(screen.form.settings)))
    var expected = Fixtures.presets[0].settings
    expected.seed = seed
    #expect(screen.form.settings == expected)
    _ = screen.run("preset", argument: "paper", world)
    #expect(screen.form.settings.steps == 100)
    #expect(screen.run("preset", argument: "no", world).count == 1)
  }

  @Test func onlyOwnPresetsAreDeleted() {
    let world = Fixtures.world
    var screen = screen(world)
    _ = screen.handle(.character("p"), world)
    #expect(screen.handle(.character("d"), world).onlyNotice != nil)
    _ = screen.handle(.character("G"), world)
    #expect(
      screen.handle(.character("d"), world) == [
        .confirm(
          title: "Delete the preset long sunset?", lines: ["DDIM 100/20 w 1.5"],
          confirmed: [.library(.deletePreset(name: "long sunset"))])
      ])
    #expect(screen.goBack() && !screen.goBack())
  }

  @Test func settingsAreKeptUnderAName() {
    var screen = screen(Fixtures.world)
    #expect(
      screen.handle(.character("S"), Fixtures.world) == [
        .ask(prompt: "Name of the preset", text: "", command: "save-preset")
      ])
    #expect(
      screen.run("save-preset", argument: "mine", Fixtures.world) == [
        .library(.savePreset(name: "mine", settings: screen.form.settings))
      ])
  }

  @Test func aPresetIsNotReplacedUnasked() {
    var screen = screen(Fixtures.world)
    // Only letters and digits of a name count.
    let save = StudioEffect.library(
      .savePreset(name: "Long-Sunset", settings: screen.form.settings))
    #expect(
      screen.run("save-preset", argument: "Long-Sunset", Fixtures.world) == [
        .confirm(
          title: "Replace the preset long sunset?", lines: ["DDIM 100/20 w 1.5"],
          confirmed: [save])
      ])
  }

  @Test func aPresetThatIsTheSameIsKeptAgainWithoutAQuestion() {
    var screen = screen(Fixtures.world)
    // As it is read back: without the seed, which is no part of it.
    var settings = screen.form.settings
    settings.seed += 1
    func effects(summary: String, keys: Set<GenerationSetting>? = nil) -> [StudioEffect] {
      var world = Fixtures.world
      world.presets.append(
        Preset(name: "mine", summary: summary, settings: settings, isBuiltIn: false, keys: keys))
      return screen.run("save-preset", argument: "mine", world)
    }
    let save = StudioEffect.library(.savePreset(name: "mine", settings: screen.form.settings))
    #expect(effects(summary: "") == [save])
    // What someone wrote by hand would be lost.
    #expect(effects(summary: "for the wall") != [save])
    #expect(effects(summary: "", keys: [.steps]) != [save])
  }

  // MARK: Pictures

  @Test func everyStateIsDrawn() throws {
    try expectSnapshots(screen(Fixtures.emptyWorld), Fixtures.emptyWorld, named: "make-no-model")
    var broken = Fixtures.world
    broken.modelID = Fixtures.broken.id
    try expectSnapshots(screen(broken), broken, named: "make-broken-model")
    var fresh = Fixtures.world
    var settings = GenerationSettings()
    settings.seed = 0
    fresh.estimates[World.EstimateKey(model: reference, settings: settings)] = RunEstimate(
      seconds: 190, bytes: 1_900_000_000, isMeasured: false)
    try expectSnapshots(screen(fresh), fresh, named: "make-empty")
    let failed = Fixtures.worldAfter(
      .failed(
        "the denoiser predicted values that are not finite at time step 981; its weights are "
          + "damaged or too large for this precision", remedy: "Use --precision f32"),
      finishedClips: 0)
    try expectSnapshots(screen(failed), failed, named: "make-failed")
    let interrupted = Fixtures.worldAfter(.interrupted)
    try expectSnapshots(screen(interrupted), interrupted, named: "make-interrupted")
    let finished = Fixtures.worldAfter(.finished)
    try expectSnapshots(screen(finished), finished, named: "make-finished")
  }

  @Test func aJobIsDrawnInEachOfItsPhases() throws {
    let sampling = Fixtures.busyWorld
    try expectSnapshots(screen(sampling), sampling, named: "make-sampling")
    var loading = Fixtures.busyWorld
    loading.preview = nil
    loading.jobs[0].finishedClips = 0
    loading.progress = Fixtures.progress(7, .loading(0.4))
    try expectSnapshots(screen(loading), loading, named: "make-loading")
    var decoding = Fixtures.busyWorld
    decoding.progress = Fixtures.progress(7, .decoding)
    decoding.progress?.isStopping = true
    try expectSnapshots(screen(decoding), decoding, named: "make-stopping")
  }

  @Test func presetsShowWhatTheyWouldBring() throws {
    var screen = screen(Fixtures.world)
    _ = screen.handle(.character("p"), Fixtures.world)
    try expectSnapshots(screen, Fixtures.world, named: "make-presets")
  }

  @Test func aSmallWindowShowsOnePane() throws {
    let world = Fixtures.busyWorld
    var screen = screen(world)
    try expectSnapshot(window(screen, world, columns: 48, rows: 18), named: "make-small-settings")
    _ = screen.handle(.tab, world)
    try expectSnapshot(window(screen, world, columns: 48, rows: 18), named: "make-small-preview")
  }
}
