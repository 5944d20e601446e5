import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// The tree of clips: what keys ask for, what is played, what is shown.
@Suite struct ExtendScreenTests {
  let reference = Fixtures.skies.reference
  let id = Fixtures.id

  func screen(_ app: AppState) -> ExtendScreen {
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    return screen
  }

  /// What a run was asked for with: the clip it continues, the fork, its settings.
  func asked(_ effects: [StudioEffect]) -> (ClipID?, Int, GenerationSettings)? {
    for case .workspace(.order(.extend(_, let clip, let fork, _, let settings))) in effects {
      return (clip, fork, settings)
    }
    return nil
  }

  // MARK: Making

  @Test func extendingContinuesTheTipOfTheBranchWithItsSeed() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 6)
    var screen = screen(app)
    let effects = press(keys("e"), on: &screen, app)
    var settings = Fixtures.settings
    settings.seed = 17
    settings.clipCount = 1
    settings.isSeedLocked = true
    #expect(
      effects == [
        .order(.extend(Fixtures.video, after: id(7), fork: 0, model: reference, settings: settings))
      ])
  }

  @Test func extendingUntilStoppedHasNoClipCount() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(app)
    let (clip, _, settings) = try #require(asked(press(keys("E"), on: &screen, app)))
    #expect(clip == id(7) && settings.clipCount == nil)
  }

  @Test func clipsAskedForWhileTheTipGrowsFollowIt() throws {
    let before = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(before)
    press(keys("e"), on: &screen, before)
    // The queue does not even show the first run yet.
    #expect(press(keys("e"), on: &screen, before).onlyNotice?.sentence == "one more clip follows")
    let running = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0)
    _ = screen.refresh(running)
    press(keys("e"), on: &screen, running)
    #expect(screen.laterRun == .clips(2))
    var tree = Fixtures.grownTree
    let tip = Fixtures.tip(8, after: 7, index: 4, seed: 17)
    tree.add(tip, following: true)
    let finished = Fixtures.app(showing: tree)
    let effects = screen.refresh(finished)
    let (clip, fork, settings) = try #require(asked(effects))
    #expect(clip == id(8) && fork == 0 && settings.clipCount == 2 && settings.seed == 17)
    #expect(screen.laterRun == nil)
  }

  @Test func whatIsToFollowFollowsWhileAnotherScreenIsShown() throws {
    var model = StudioModel()
    _ = model.update(.ready(Preferences(), modelFolders: []))
    model.app = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0)
    model.app.isReady = true
    for key in [Key.character("3"), .character("e"), Key(.function(6))] {
      _ = model.update(.key(key))
    }
    #expect(model.screen == .queue)
    var tree = Fixtures.grownTree
    tree.add(Fixtures.tip(8, after: 7, index: 4, seed: 17), following: true)
    _ = model.update(.workspace(.tree(tree)))
    var job = try #require(model.app.jobs.first)
    (job.state, job.finishedClips) = (.finished, 4)
    let requests = model.update(.workspace(.jobs([job]))).compactMap { errand in
      if case .workspace(let request) = errand { StudioEffect.workspace(request) } else { nil }
    }
    let (clip, _, settings) = try #require(asked(requests))
    #expect(clip == id(8) && settings.clipCount == 1)
    #expect(model.update(.workspace(.jobs([job]))).isEmpty, "only once")
  }

  @Test func aRunThatWasStoppedElsewhereTakesTheClipsThatWouldFollowAlong() {
    let running = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0)
    var screen = screen(running)
    press(keys("e"), on: &screen, running)
    #expect(screen.laterRun == .clips(1))
    let stopped = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0, state: .finished)
    #expect(asked(screen.refresh(stopped)) == nil)
    #expect(screen.laterRun == nil)
  }

  @Test func stoppingTakesTheClipsThatWouldFollowAlong() {
    let running = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0)
    var screen = screen(running)
    press(keys("E"), on: &screen, running)
    #expect(screen.laterRun == .untilStopped)
    press(keys("x"), on: &screen, running)
    #expect(screen.laterRun == nil)
    let nothing = screen.refresh(Fixtures.app(showing: Fixtures.grownTree))
    #expect(nothing.isEmpty)
  }

  @Test func whatWasDroppedIsNotMadeAgain() throws {
    var tree = Fixtures.grownTree
    tree.drop(id(7))
    let app = Fixtures.app(showing: tree)
    var screen = screen(app)
    let (clip, fork, settings) = try #require(asked(press(keys("e"), on: &screen, app)))
    #expect(clip == id(6) && fork == 1 && settings.seed != 17)
  }

  @Test func rerollingStaysAtThePlaceWithAnotherSeed() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 4)
    var screen = screen(app)
    let (clip, fork, settings) = try #require(asked(press(keys("R"), on: &screen, app)))
    #expect(clip == id(2) && fork == 0 && settings.clipCount == 1)
    #expect(![48_213, 5, 6].contains(settings.seed))
    let again = try #require(asked(press(keys("R"), on: &screen, app)))
    #expect(again.2.seed != settings.seed)
  }

  @Test func aNearRollKeepsTheClipsSeedAndSettingsAndTurnsItsNoise() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 4)
    var screen = screen(app)
    let own = try #require(Fixtures.grownTree.clips[id(4)])
    let (clip, fork, settings) = try #require(asked(press(keys("v"), on: &screen, app)))
    #expect(clip == id(2) && fork == 0 && settings.clipCount == 1)
    #expect(settings.seed == own.seed && settings.isSeedLocked)
    #expect(settings.variation?.share == 0.2)
    let again = try #require(asked(press(keys("v"), on: &screen, app)))
    #expect(again.2.variation?.seed != settings.variation?.seed)
  }

  @Test func aBranchIsANewContinuationOfTheClipHere() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 2)
    var screen = screen(app)
    let (clip, fork, settings) = try #require(asked(press(keys("b"), on: &screen, app)))
    #expect(clip == id(2) && fork == 2 && settings.seed != 48_213)
  }

  @Test func anEmptyCanvasBeginsWithMakesSettings() throws {
    var app = Fixtures.app(showing: ClipTree(video: Fixtures.video))
    app.settings.steps = 33
    var screen = screen(app)
    let (clip, fork, settings) = try #require(asked(press(keys("e"), on: &screen, app)))
    #expect(clip == nil && fork == 0 && settings.steps == 33 && settings.clipCount == 1)
  }

  @Test func withoutAVideoAFirstClipMakesOne() {
    let app = Fixtures.app
    var screen = screen(app)
    var settings = GenerationSettings()
    settings.clipCount = 1
    #expect(press(keys("e"), on: &screen, app) == [.order(.make(reference, settings))])
    #expect(press(keys("O"), on: &screen, app) == [.video(.newCanvas(reference))])
    #expect(press(keys("e"), on: &screen, Fixtures.emptyState).onlyNotice?.level == .warning)
    #expect(press(keys("R"), on: &screen, app).onlyNotice != nil)
  }

  @Test func aMissingModelIsNamedAndAnotherCanTakeItsPlace() throws {
    var app = Fixtures.app(showing: Fixtures.grownTree)
    app.models = [Fixtures.published]
    app.modelID = Fixtures.published.id
    var screen = screen(app)
    let notice = try #require(press(keys("e"), on: &screen, app).onlyNotice)
    #expect(notice.level == .error && notice.sentence.contains("skies-64"))
    press(keys("M"), on: &screen, app)
    let effects = press(keys("e"), on: &screen, app)
    guard case .workspace(.order(.extend(_, _, _, let model, _)))? = effects.first else {
      Issue.record("nothing is made")
      return
    }
    #expect(model == Fixtures.published.reference)
  }

  @Test func settingsOfTheNextClipsAreEditedInAForm() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(app)
    press(keys("cjj"), on: &screen, app)
    #expect(screen.form != nil && screen.nextSettings == nil)
    press(keys("l"), on: &screen, app)
    #expect(screen.nextSettings?.laterSteps == 25)
    _ = screen.undo(app)
    #expect(screen.nextSettings?.laterSteps == 20)
    _ = screen.redo(app)
    press(keys("c"), on: &screen, app)
    #expect(screen.form == nil)
    #expect(try #require(asked(press(keys("e"), on: &screen, app))).2.laterSteps == 25)
  }

  // MARK: Moving and editing

  @Test func hAndLGoAlongABranchAndJAndKAcross() {
    var app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(app)
    #expect(press(keys("h"), on: &screen, app) == [.tree(.select(Fixtures.video, id(6)))])
    // The workspace has not answered, and a second key counts from the new place all the same.
    #expect(press(keys("h"), on: &screen, app) == [.tree(.select(Fixtures.video, id(2)))])
    _ = screen.refresh(app)
    #expect(screen.tree?.position == id(2))
    app.trees[Fixtures.video]?.select(id(2))
    _ = screen.refresh(app)
    #expect(press(keys("l"), on: &screen, app) == [.tree(.select(Fixtures.video, id(5)))])
    #expect(press(keys("j"), on: &screen, app) == [.tree(.select(Fixtures.video, id(6)))])
    #expect(press(keys("k"), on: &screen, app) == [.tree(.select(Fixtures.video, id(5)))])
    #expect(press(keys("k"), on: &screen, app).isEmpty)
  }

  @Test func rollsGoAround() {
    let app = Fixtures.app(showing: Fixtures.grownTree, at: 5)
    var screen = screen(app)
    #expect(press(keys("n"), on: &screen, app) == [.tree(.select(Fixtures.video, id(3)))])
    #expect(press(keys("N"), on: &screen, app) == [.tree(.select(Fixtures.video, id(5)))])
    #expect(press(keys("hn"), on: &screen, app).onlyNotice?.remedy == "R makes another")
  }

  @Test func droppingUndoingAndRedoingAskTheWorkspace() {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(app)
    #expect(press(keys("d"), on: &screen, app).first == .tree(.drop(Fixtures.video, id(7))))
    let nothing = screen.undo(app)
    #expect(nothing.onlyNotice?.sentence == "there is nothing to undo")
    var tree = Fixtures.grownTree
    tree.drop(id(7))
    let dropped = Fixtures.app(showing: tree)
    _ = screen.refresh(dropped)
    let undone = screen.undo(dropped)
    #expect(undone == [.tree(.undo(Fixtures.video))])
    tree.undo()
    let restored = Fixtures.app(showing: tree)
    _ = screen.refresh(restored)
    let redone = screen.redo(restored)
    #expect(redone == [.tree(.redo(Fixtures.video))])
  }

  // MARK: Jobs

  @Test func theClipThatIsAskedForIsWatchedOnceItIsMade() {
    let before = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(before)
    press(keys("e"), on: &screen, before)
    #expect(!screen.isWatching)
    let app = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0)
    _ = screen.refresh(app)
    #expect(screen.isWatching && screen.outline?.growthLabel == "B5")
    #expect(screen.player.strips == [Filmstrip(Fixtures.images(3))])
    // Back to the clip before and to the one in progress again.
    press(keys("h"), on: &screen, app)
    #expect(!screen.isWatching && screen.tree?.position == id(7))
    press(keys("l"), on: &screen, app)
    #expect(screen.isWatching)
    _ = screen.refresh(before)
    #expect(!screen.isWatching)
  }

  @Test func aRunIsStoppedPausedAndResumed() {
    var app = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0)
    var screen = screen(app)
    let job = JobID(rawValue: 7)
    #expect(press(keys("x"), on: &screen, app) == [.job(.finish(job, atOnce: false))])
    app.progress?.isStopping = true
    #expect(press(keys("x"), on: &screen, app) == [.job(.finish(job, atOnce: true))])
    #expect(press(keys("P"), on: &screen, app) == [.job(.pause(job))])
    app.jobs[0].state = .paused
    #expect(press(keys("P"), on: &screen, app) == [.job(.resume(job))])
    guard case .confirm(_, _, let confirmed)? = press(keys("x"), on: &screen, app).first else {
      Issue.record("what is held back is given up unasked")
      return
    }
    #expect(confirmed == [.job(.cancel(job))])
    app.jobs[0].state = .failed("the disk is full", remedy: "Make room")
    #expect(press(keys("P"), on: &screen, app) == [.job(.resume(job))])
    #expect(press(keys("x"), on: &screen, app).onlyNotice != nil)
  }

  // MARK: Playing

  @Test func tabPlaysTheClipTheSeamAndTheBranch() {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(app)
    #expect(screen.player.frameCount == 16)
    press([.tab], on: &screen, app)
    #expect(screen.scope == .seam && screen.player.frameCount == 32)
    #expect(screen.player.frame == 12)
    press([.tab], on: &screen, app)
    #expect(screen.scope == .branch && screen.player.frameCount == 64)
    press([.tab], on: &screen, app)
    #expect(screen.scope == .clip)
    press([.tab], on: &screen, app)
    let left = [screen.goBack(), screen.goBack()]
    #expect(left == [true, false] && screen.scope == .clip)
  }

  @Test func anExtensionThatWasRefusedMayBeAskedForAgain() {
    var app = Fixtures.app(showing: Fixtures.grownTree)
    var screen = screen(app)
    func isOrder(_ effects: [StudioEffect]) -> Bool {
      if case .workspace(.order(.extend))? = effects.first { return true }
      return false
    }
    #expect(isOrder(press(keys("e"), on: &screen, app)))
    #expect(!isOrder(press(keys("e"), on: &screen, app)))
    app.refusedOrders += 1
    _ = screen.refresh(app)
    #expect(isOrder(press(keys("e"), on: &screen, app)))
  }

  @Test("files of videos with equal titles get names of their own")
  func equalTitles() {
    #expect(
      ExportRequest.stems([
        "skies, seed 1", "skies, seed 1", "skies--seed-1-2", "", "skies, seed 1",
      ])
        == ["skies--seed-1", "skies--seed-1-3", "skies--seed-1-2", "video", "skies--seed-1-4"])
  }

  @Test func framesAreAskedForOnce() {
    var app = Fixtures.app(showing: Fixtures.grownTree)
    app.frames = FrameShelf()
    var screen = ExtendScreen()
    let asked = [screen.refresh(app), screen.refresh(app)]
    // The clip and the one before it, whose seam is measured; then the pictures of the strip.
    #expect(
      asked == [
        [
          .query(.loadFrames([id(7), id(6)])), .query(.loadFrames([id(5), id(2)])),
          .query(.loadFrames([id(1)])),
        ], [],
      ])
    #expect(press([.tab], on: &screen, app).isEmpty)
    app.frames.put(Fixtures.frames(7))
    let partly = screen.refresh(app)
    #expect(partly.isEmpty && screen.player.frameCount == 0)
    app.frames.put(Fixtures.frames(6))
    _ = screen.refresh(app)
    #expect(screen.player.frameCount == 32)
  }

  // MARK: What is shown

  @Test func snapshots() throws {
    try expectSnapshots(screen(Fixtures.app), Fixtures.app, named: "extend-no-video")
    let canvas = Fixtures.app(showing: ClipTree(video: Fixtures.video))
    try expectSnapshots(screen(canvas), canvas, named: "extend-canvas")
    let app = Fixtures.app(showing: Fixtures.grownTree)
    try expectSnapshots(screen(app), app, named: "extend-tree")
    let running = Fixtures.growing(Fixtures.grownTree, after: 7, fork: 0)
    var watching = screen(running)
    press(keys("l"), on: &watching, running)
    try expectSnapshots(watching, running, named: "extend-running")
    let failed = Fixtures.growing(
      Fixtures.grownTree, after: 7, fork: 0,
      state: .failed("There is no room on the disk for a clip", remedy: "Make room on /data"))
    try expectSnapshots(screen(failed), failed, named: "extend-failed")
    var missing = app
    missing.models = [Fixtures.published]
    try expectSnapshots(screen(missing), missing, named: "extend-model-missing")
  }

  @Test func snapshotsOfTheFormAndThePicker() throws {
    let app = Fixtures.app(showing: Fixtures.grownTree)
    var editing = screen(app)
    press(keys("cjj"), on: &editing, app)
    try expectSnapshots(editing, app, named: "extend-settings")
    var picking = screen(app)
    var filming = app
    _ = picking.run("footage", argument: "/home/ada/clouds.mp4", filming)
    filming.footage = Fixtures.footage(100)
    _ = picking.refresh(filming)
    press(keys("jjl"), on: &picking, filming)
    try expectSnapshots(picking, filming, named: "extend-picker")
    filming.footage = Fixtures.footage(9)
    _ = picking.refresh(filming)
    try expectSnapshots(picking, filming, named: "extend-picker-short")
  }
}
