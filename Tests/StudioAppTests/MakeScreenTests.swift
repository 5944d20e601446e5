import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// Making videos: seeds, settings, what keys ask for, and what is shown meanwhile.
@Suite struct MakeScreenTests {
  func screen(_ app: AppState) -> MakeScreen {
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
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
    var screen = screen(Fixtures.app)
    let shown = screen.form.settings.seed
    #expect(shown < 1 << 32)
    let first = screen.handle(.character("r"), Fixtures.app)
    #expect(
      first == [
        .remember(.settings(screen.form.settings)), .order(.make(reference, screen.form.settings)),
      ])
    #expect(made(first)?.seed == shown)
    let second = try #require(made(screen.handle(.character("r"), Fixtures.app)))
    #expect(second.seed != shown && second.seed == screen.form.settings.seed)
  }

  @Test func aLockedSeedStaysAndRerollDrawsOneAllTheSame() throws {
    var app = Fixtures.app
    app.settings.seed = 17
    app.settings.isSeedLocked = true
    var screen = screen(app)
    for _ in 0..<2 { #expect(made(screen.handle(.character("r"), app))?.seed == 17) }
    let rerolled = try #require(made(screen.handle(.character("R"), app)))
    #expect(rerolled.seed != 17 && rerolled.isSeedLocked)
    #expect(screen.form.settings.seed == rerolled.seed)
  }

  @Test("four seeds play side by side as they are made; one is starred, taken or opened")
  func batch() throws {
    var app = Fixtures.app
    var screen = screen(app)
    let effects = screen.perform(.reroll, count: 4, app) ?? []
    let seeds = effects.compactMap { effect -> UInt64? in
      guard case .workspace(.order(.make(_, let settings))) = effect else { return nil }
      return settings.seed
    }
    #expect(seeds.count == 4 && Set(seeds).count == 4)
    #expect(screen.batch?.seeds == seeds)
    // The first is done, the second in the making, the others wait.
    for (index, seed) in seeds.enumerated() {
      var own = Fixtures.settings
      own.seed = seed
      let number = Int64(index + 1)
      let task = GenerateTask(
        video: VideoID(rawValue: number), origin: .nothing, model: reference, settings: own)
      app.jobs.append(
        Job(
          id: JobID(rawValue: number), task: .generate(task),
          state: index == 0 ? .finished : index == 1 ? .running : .waiting,
          created: Fixtures.start))
    }
    app.videos = [Fixtures.galleryVideo(1, "first")]
    app.videos[0].isStarred = true
    let asked = screen.refresh(app)
    #expect(asked.contains(.video(.loadTree(VideoID(rawValue: 1)))))
    #expect(asked.contains(.query(.loadFrames([Fixtures.id(1)]))))
    app.trees[VideoID(rawValue: 1)] = Fixtures.galleryTree(1)
    app.frames.put(Fixtures.frames(1))
    _ = screen.refresh(app)
    try expectSnapshots(screen, app, named: "make-batch")
    #expect(screen.frameInterval(app) != nil)

    #expect(
      press(keys("*"), on: &screen, app) == [.video(.star(VideoID(rawValue: 1), false))])
    #expect(press(keys("l*"), on: &screen, app).isEmpty == false)
    #expect(
      press(keys("y"), on: &screen, app).contains(
        .copy("\(seeds[1])", what: "the seed \(seeds[1])")))
    let more = screen.perform(.reroll, count: 2, app) ?? []
    #expect(more.count { made([$0]) != nil } == 2 && screen.batch?.seeds.count == 6)
    press(keys("g"), on: &screen, app)
    #expect(
      press([.enter], on: &screen, app).prefix(2) == [
        .video(.open(VideoID(rawValue: 1))), .show(.extend),
      ])
    #expect(screen.batch == nil)
  }

  @Test("one of a batch gives its seed to the settings; Esc leaves, and what is trashed goes")
  func batchIsLeft() {
    var app = Fixtures.app
    var screen = screen(app)
    _ = screen.perform(.reroll, count: 2, app)
    let seed = screen.batch?.seeds.first
    press(keys("U"), on: &screen, app)
    #expect(screen.batch == nil && screen.form.settings.seed == seed)
    #expect(screen.form.settings.isSeedLocked)
    _ = screen.perform(.reroll, count: 2, app)
    #expect(screen.goBack() && screen.batch == nil)
    _ = screen.perform(.reroll, count: 2, app)
    for (index, seed) in (screen.batch?.seeds ?? []).enumerated() {
      var own = Fixtures.settings
      own.seed = seed
      let video = VideoID(rawValue: Int64(index + 1))
      let task = GenerateTask(video: video, origin: .nothing, model: reference, settings: own)
      app.jobs.append(
        Job(
          id: JobID(rawValue: Int64(index + 1)), task: .generate(task), state: .cancelled,
          created: Fixtures.start))
      app.videos.append(Fixtures.galleryVideo(Int64(index + 1), "v", isTrashed: true))
    }
    _ = screen.refresh(app)
    #expect(screen.batch == nil)
    _ = screen.perform(.reroll, count: 40, app)
    #expect(screen.batch == nil, "too many to be seen side by side")
  }

  @Test func aTypedSeedIsTaken() {
    var screen = screen(Fixtures.app)
    _ = screen.handle(.character("r"), Fixtures.app)
    let effects = screen.run("seed", argument: "48213", Fixtures.app)
    #expect(effects.contains(.remember(.settings(screen.form.settings))))
    #expect(made(screen.handle(.character("r"), Fixtures.app))?.seed == 48_213)
    #expect(screen.run("seed", argument: "x", Fixtures.app).onlyNotice?.level == .warning)
  }

  @Test func aNewSeedIsDrawnAndShown() {
    var screen = screen(Fixtures.app)
    let before = screen.form.settings.seed
    let effects = screen.handle(.character("~"), Fixtures.app)
    #expect(screen.form.settings.seed != before)
    #expect(effects.first == .remember(.settings(screen.form.settings)))
  }

  // MARK: Runs

  @Test func aRunBehindAnotherSaysThatItWaits() {
    let app = Fixtures.busyState
    var screen = screen(app)
    let effects = screen.handle(.character("r"), app)
    #expect(made(effects) == screen.form.settings)
    #expect(
      effects.last
        == .notify(
          Notice(
            .information, "seed \(screen.form.settings.seed) waits for job 7 and 1 more")))
    let added = screen.handle(.character("a"), app)
    #expect(added.count == 2 && made(added) != nil, "adding says nothing of its own")
  }

  @Test func withoutAModelNothingIsMade() {
    var screen = screen(Fixtures.emptyState)
    #expect(
      screen.handle(.character("r"), Fixtures.emptyState) == [
        .notify(Notice(.warning, "no model is chosen", remedy: "Choose one on the screen Models"))
      ])
    var app = Fixtures.app
    app.modelID = Fixtures.retrained.id
    #expect(
      screen.handle(.character("a"), app) == [
        .notify(Notice(.error, "retrained has no denoiser", remedy: "Choose another model"))
      ])
  }

  @Test func stoppingFinishesTheClipFirstAndThenTheStep() {
    var app = Fixtures.busyState
    var screen = screen(app)
    let job = JobID(rawValue: 7)
    #expect(screen.handle(.character("x"), app) == [.job(.finish(job, atOnce: false))])
    app.progress?.isStopping = true
    #expect(screen.handle(.character("x"), app) == [.job(.finish(job, atOnce: true))])
    #expect(screen.handle(.character("P"), app) == [.job(.pause(job))])
  }

  @Test(arguments: [JobState.paused, .interrupted, .failed("the disk is full", remedy: "")])
  func whatStoodStillGoesOn(_ state: JobState) {
    let app = Fixtures.stateAfter(state, finishedClips: 1)
    var screen = screen(app)
    #expect(screen.handle(.character("P"), app) == [.job(.resume(JobID(rawValue: 7)))])
  }

  @Test func endingAnInterruptedJobAsksFirst() {
    let app = Fixtures.stateAfter(.interrupted, finishedClips: 1)
    var screen = screen(app)
    #expect(
      screen.handle(.character("x"), app) == [
        .confirm(
          title: "End job 7?",
          lines: ["1 complete clip is kept. The clip in progress is given up."],
          confirmed: [.job(.cancel(JobID(rawValue: 7)))])
      ])
  }

  @Test func withoutAJobThereIsNothingToStop() {
    var screen = screen(Fixtures.app)
    for key in ["x", "P"] as [Character] {
      #expect(
        screen.handle(.character(key), Fixtures.app).onlyNotice?.sentence == "nothing runs")
    }
  }

  // MARK: Settings and estimates

  @Test func changedSettingsAreRememberedAndEstimatedOnce() {
    var app = Fixtures.app
    app.estimates = [:]
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    var expected = GenerationSettings()
    let begun = screen.refresh(app)
    #expect(
      begun == [.remember(.settings(screen.form.settings)), .query(.estimate(reference, expected))])
    #expect(screen.refresh(app).isEmpty, "asked already")
    _ = screen.handle(.down, app)
    expected.steps = 105
    expected.laterSteps = 105
    let effects = screen.handle(.character("l"), app)
    #expect(screen.form.settings.steps == 105)
    #expect(
      effects == [
        .remember(.settings(screen.form.settings)), .query(.estimate(reference, expected)),
      ])
    #expect(
      screen.handle(.character("~"), app) == [.remember(.settings(screen.form.settings))],
      "a seed costs nothing")
  }

  @Test func aRunThatWasMeasuredMakesTheEstimateAnew() {
    var app = Fixtures.app
    var screen = screen(app)
    #expect(
      !screen.refresh(app).contains {
        if case .workspace(.query(.estimate)) = $0 { true } else { false }
      })
    app.noteMeasuredRun()
    let again = screen.refresh(app)
    #expect(again.contains { if case .workspace(.query(.estimate)) = $0 { true } else { false } })
    #expect(screen.refresh(app).isEmpty, "asked already")
  }

  @Test func settingsChangesAreUndoneAndRedone() {
    let app = Fixtures.app
    var screen = screen(app)
    _ = screen.handle(.character("V"), app)
    #expect(screen.form.settings.preview == .decoded)
    #expect(screen.undo(app).first == .remember(.settings(screen.form.settings)))
    #expect(screen.form.settings.preview == .linear)
    _ = screen.redo(app)
    #expect(screen.form.settings.preview == .decoded)
    #expect(screen.redo(app).onlyNotice != nil)
  }

  @Test func settingsOfAnotherScreenAreTakenOver() {
    var app = Fixtures.app
    var screen = screen(app)
    _ = screen.handle(.character("r"), app)
    app.settings = Fixtures.settings
    _ = screen.refresh(app)
    #expect(screen.form.settings == Fixtures.settings)
    #expect(made(screen.handle(.character("r"), app)) == Fixtures.settings)
  }

  @Test func aPresetBringsItsSettingsAndLeavesTheSeed() {
    let app = Fixtures.app
    var screen = screen(app)
    let seed = screen.form.settings.seed
    #expect(screen.handle(.character("p"), app).count == 1, "what the first would take is asked")
    #expect(screen.handle(.enter, app).first == .remember(.settings(screen.form.settings)))
    var expected = Fixtures.presets[0].settings
    expected.seed = seed
    #expect(screen.form.settings == expected)
    _ = screen.run("preset", argument: "paper", app)
    #expect(screen.form.settings.steps == 100)
    #expect(screen.run("preset", argument: "no", app).count == 1)
  }

  @Test func onlyOwnPresetsAreDeleted() {
    let app = Fixtures.app
    var screen = screen(app)
    _ = screen.handle(.character("p"), app)
    #expect(screen.handle(.character("d"), app).onlyNotice != nil)
    _ = screen.handle(.character("G"), app)
    #expect(
      screen.handle(.character("d"), app) == [
        .confirm(
          title: "Delete the preset long sunset?", lines: ["DDIM 100/20 w 1.5"],
          confirmed: [.library(.deletePreset(name: "long sunset"))])
      ])
    #expect(screen.goBack() && !screen.goBack())
  }

  @Test func settingsAreKeptUnderAName() {
    var screen = screen(Fixtures.app)
    #expect(
      screen.handle(.character("S"), Fixtures.app) == [
        .ask(prompt: "Name of the preset", text: "", command: "save-preset")
      ])
    #expect(
      screen.run("save-preset", argument: "mine", Fixtures.app) == [
        .library(.savePreset(name: "mine", settings: screen.form.settings))
      ])
  }

  @Test func aPresetIsNotReplacedUnasked() {
    var screen = screen(Fixtures.app)
    // Only letters and digits of a name count.
    let save = StudioEffect.library(
      .savePreset(name: "Long-Sunset", settings: screen.form.settings))
    #expect(
      screen.run("save-preset", argument: "Long-Sunset", Fixtures.app) == [
        .confirm(
          title: "Replace the preset long sunset?", lines: ["DDIM 100/20 w 1.5"],
          confirmed: [save])
      ])
  }

  @Test func aPresetThatIsTheSameIsKeptAgainWithoutAQuestion() {
    var screen = screen(Fixtures.app)
    // As it is read back: without the seed, which is no part of it.
    var settings = screen.form.settings
    settings.seed += 1
    func effects(summary: String, keys: Set<GenerationSetting>? = nil) -> [StudioEffect] {
      var app = Fixtures.app
      app.presets.append(
        Preset(name: "mine", summary: summary, settings: settings, isBuiltIn: false, keys: keys))
      return screen.run("save-preset", argument: "mine", app)
    }
    let save = StudioEffect.library(.savePreset(name: "mine", settings: screen.form.settings))
    #expect(effects(summary: "") == [save])
    // What someone wrote by hand would be lost.
    #expect(effects(summary: "for the wall") != [save])
    #expect(effects(summary: "", keys: [.steps]) != [save])
  }

  // MARK: Pictures

  @Test func everyStateIsDrawn() throws {
    try expectSnapshots(screen(Fixtures.emptyState), Fixtures.emptyState, named: "make-no-model")
    var broken = Fixtures.app
    broken.modelID = Fixtures.broken.id
    try expectSnapshots(screen(broken), broken, named: "make-broken-model")
    var fresh = Fixtures.app
    var settings = GenerationSettings()
    settings.seed = 0
    fresh.estimates[AppState.EstimateKey(model: reference, settings: settings)] = RunEstimate(
      seconds: 190, bytes: 1_900_000_000, isMeasured: false)
    try expectSnapshots(screen(fresh), fresh, named: "make-empty")
    let failed = Fixtures.stateAfter(
      .failed(
        "the denoiser predicted values that are not finite at time step 981; its weights are "
          + "damaged or too large for this precision", remedy: "Use --precision f32"),
      finishedClips: 0)
    try expectSnapshots(screen(failed), failed, named: "make-failed")
    let interrupted = Fixtures.stateAfter(.interrupted)
    try expectSnapshots(screen(interrupted), interrupted, named: "make-interrupted")
    let finished = Fixtures.stateAfter(.finished)
    try expectSnapshots(screen(finished), finished, named: "make-finished")
  }

  @Test func aJobIsDrawnInEachOfItsPhases() throws {
    let sampling = Fixtures.busyState
    try expectSnapshots(screen(sampling), sampling, named: "make-sampling")
    var loading = Fixtures.busyState
    loading.preview = nil
    loading.jobs[0].finishedClips = 0
    loading.progress = Fixtures.progress(7, .loading(0.4))
    try expectSnapshots(screen(loading), loading, named: "make-loading")
    var decoding = Fixtures.busyState
    decoding.progress = Fixtures.progress(7, .decoding)
    decoding.progress?.isStopping = true
    try expectSnapshots(screen(decoding), decoding, named: "make-stopping")
  }

  @Test func presetsShowWhatTheyWouldBring() throws {
    var screen = screen(Fixtures.app)
    _ = screen.handle(.character("p"), Fixtures.app)
    try expectSnapshots(screen, Fixtures.app, named: "make-presets")
  }

  @Test func aSmallWindowShowsOnePane() throws {
    let app = Fixtures.busyState
    var screen = screen(app)
    try expectSnapshot(window(screen, app, columns: 48, rows: 18), named: "make-small-settings")
    _ = screen.handle(.tab, app)
    try expectSnapshot(window(screen, app, columns: 48, rows: 18), named: "make-small-preview")
  }
}
