import EvaluationKit
import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// Evaluating: what is set up and what it lacks, the job, the scores one by one and side by side.
@Suite struct EvaluateScreenTests {
  private func screen(_ world: World, _ typed: [Key] = []) -> EvaluateScreen {
    var screen = EvaluateScreen()
    _ = screen.refresh(world)
    press(typed, on: &screen, world)
    return screen
  }

  private func id(_ number: Int64) -> EvaluationID { EvaluationID(rawValue: number) }

  // MARK: Setting up

  @Test func theFirstEvaluationIsOfTheModelInUseAndIsChecked() {
    var world = Fixtures.world
    world.settings.steps = 50
    var screen = EvaluateScreen()
    let effects = screen.refresh(world)
    var expected = EvaluateTask(.frechetVideoDistance, of: Fixtures.skies.reference)
    expected.settings.steps = 50
    #expect(screen.form.task == expected && expected.clips == 2048)
    #expect(effects.contains(.query(.checkEvaluation(expected))))
    #expect(screen.refresh(world).isEmpty, "nothing is asked twice")
  }

  @Test func theEvaluationOfTheLastTimeComesBack() {
    #expect(screen(Fixtures.evaluatedWorld).form.task == Fixtures.evaluateTask)
  }

  @Test func aMetricBringsItsUsualNumbersAndItsOwnFields() {
    let world = Fixtures.evaluatedWorld
    var screen = screen(world)
    func choose(_ metric: Metric) -> EvaluateTask {
      while screen.form.task.metric != metric { press(keys("l"), on: &screen, world) }
      return screen.form.task
    }
    #expect(choose(.inceptionScore).clips == 10_000)
    #expect(choose(.drift).clips == 16 && screen.form.task.frames == 128)
    #expect(choose(.efficiency).generates)
    let reconstruction = choose(.reconstruction)
    #expect(!reconstruction.generates && reconstruction.frames == 16)
    press(keys("u"), on: &screen, world)
    #expect(!screen.undo(world).isEmpty && screen.form.task.metric != .reconstruction)
  }

  @Test func pathsAreTypedAndChangesAreRememberedAndChecked() {
    let world = Fixtures.world
    var screen = screen(world, keys("jj"))
    press([.enter], on: &screen, world)
    #expect(screen.isTyping)
    // Keys that mean something elsewhere are text here.
    press(keys("/data/rx"), on: &screen, world)
    let effects = press([.enter], on: &screen, world)
    var expected = screen.form.task
    #expect(expected.data == "/data/rx")
    #expect(
      effects.prefix(2) == [.remember(.evaluation(expected)), .query(.checkEvaluation(expected))])
    _ = screen.run("i3d", argument: "~/i3d.pt", world)
    expected.i3d = "~/i3d.pt"
    #expect(screen.form.task == expected)
  }

  @Test func presetsGiveTheirSamplerAndKeepTheSeed() {
    let world = Fixtures.evaluatedWorld
    var screen = screen(world)
    _ = screen.run("preset", argument: "draft", world)
    #expect(screen.form.task.settings.steps == 15)
    #expect(screen.form.task.settings.seed == Fixtures.evaluateTask.settings.seed)
    let unknown = screen.run("preset", argument: "none", world)
    #expect(unknown.onlyNotice?.level == .warning)
  }

  @Test func aFolderOfVideosIsJudgedWhereTheMetricCan() {
    let world = Fixtures.evaluatedWorld
    var screen = screen(world)
    _ = screen.run("videos", argument: "/videos", world)
    #expect(screen.form.task.model == nil && screen.form.task.videos == "/videos")
    // A measure of models alone takes a model again.
    _ = screen.run("metric", argument: "efficiency", world)
    #expect(screen.form.task.model == Fixtures.skies.reference)
    let refused = screen.run("videos", argument: "/videos", world)
    #expect(refused.onlyNotice?.level == .warning)
    let unknown = screen.run("metric", argument: "fid", world)
    #expect(unknown.onlyNotice?.remedy.contains("fvd") == true)
  }

  // MARK: The job

  @Test func whatIsMissingIsSaidInPlaceOfARun() {
    var world = Fixtures.world
    var screen = screen(world)
    world.evaluationCheck = .init(task: screen.form.task, unmet: Fixtures.unmetRequirements)
    let effects = press(keys("r"), on: &screen, world)
    let notice = Array(effects.prefix(1)).onlyNotice
    #expect(notice?.sentence == "no real videos were named" && notice?.remedy.isEmpty == false)
    // What the selected line lacks comes first.
    press(keys("jjjjjj"), on: &screen, world)
    let second = Array(press(keys("r"), on: &screen, world).prefix(1)).onlyNotice
    #expect(second?.remedy.contains("i3d_pretrained_400.pt") == true)
  }

  @Test func whatWasMissingIsLookedForAgain() {
    var world = Fixtures.world
    var screen = screen(world)
    let check = StudioEffect.query(.checkEvaluation(screen.form.task))
    world.evaluationCheck = .init(task: screen.form.task, unmet: Fixtures.unmetRequirements)
    #expect(press(keys("r"), on: &screen, world).last == check)
    #expect(press(keys("R"), on: &screen, world) == [.query(.findEvaluations), check])
    world.evaluationCheck = .init(task: screen.form.task, unmet: [])
    #expect(press(keys("r"), on: &screen, world).contains(.order(.evaluate(screen.form.task))))
  }

  @Test func aRunIsQueuedAndSaysWhatItWaitsFor() {
    var world = Fixtures.evaluatedWorld
    var screen = screen(world)
    let run: [StudioEffect] = [
      .remember(.evaluation(Fixtures.evaluateTask)), .order(.evaluate(Fixtures.evaluateTask)),
    ]
    #expect(press(keys("r"), on: &screen, world) == run)
    world.jobs = [Fixtures.job(7, .running)]
    let waiting = press(keys("r"), on: &screen, world)
    #expect(Array(waiting.prefix(2)) == run && waiting.count == 3)
  }

  @Test func aRunningEvaluationIsStoppedAndGoesOn() {
    var world = Fixtures.evaluatedWorld
    world.jobs = [Fixtures.evaluationJob(9, .running)]
    var screen = screen(world)
    let job = JobID(rawValue: 9)
    #expect(press(keys("x"), on: &screen, world) == [.job(.finish(job, atOnce: true))])
    #expect(press(keys("P"), on: &screen, world) == [.job(.pause(job))])
    world.jobs = [Fixtures.evaluationJob(9, .paused)]
    #expect(press(keys("r"), on: &screen, world).first == .job(.resume(job)))
    guard case .confirm(_, let lines, let confirmed)? = press(keys("x"), on: &screen, world).first
    else {
      Issue.record("ending it was not asked")
      return
    }
    #expect(confirmed == [.job(.cancel(job))] && lines[0].contains("kept"))
  }

  @Test func anErrorGivesWayToWhatIsSetUpAfterIt() {
    var world = Fixtures.evaluatedWorld
    world.jobs = [Fixtures.evaluationJob(9, .failed("frames differ", remedy: "Resize them"))]
    var screen = screen(world)
    #expect(text(window(screen, world)).contains("frames differ"))
    press(keys("jjjjl"), on: &screen, world)
    #expect(!text(window(screen, world)).contains("frames differ"))
  }

  // MARK: Scores

  @Test func aScoreIsOpenedAndOthersFollow() {
    let world = Fixtures.evaluatedWorld
    var screen = screen(world, [.tab, .down, .enter])
    #expect(screen.page == .report(id(3)))
    press(keys("l"), on: &screen, world)
    #expect(screen.page == .report(id(2)))
    press(keys("hhh"), on: &screen, world)
    #expect(screen.page == .report(id(4)))
    let left = [screen.goBack(), screen.goBack()]
    #expect(left == [true, false] && screen.page == .main)
  }

  @Test func twoScoresOfOneMetricStandSideBySide() {
    var world = Fixtures.evaluatedWorld
    var screen = screen(world, [.tab])
    #expect(press(keys("c"), on: &screen, world).onlyNotice?.sentence.contains("mark") == true)
    press(keys("m"), on: &screen, world)
    #expect(screen.markedID == id(4))
    #expect(press(keys("jc"), on: &screen, world).onlyNotice?.level == .warning)
    press(keys("mjc"), on: &screen, world)
    #expect(screen.page == .comparison(id(3), id(2)))
    world.evaluations.removeAll { $0.id == id(3) }
    _ = screen.refresh(world)
    #expect(screen.page == .main && screen.markedID == nil)
  }

  @Test func aScoreIsForgottenAfterAQuestionAndItsSettingsComeBack() {
    let world = Fixtures.evaluatedWorld
    var screen = screen(world, [.tab, .down])
    guard case .confirm(_, _, let confirmed)? = press(keys("d"), on: &screen, world).first else {
      Issue.record("it was not asked")
      return
    }
    #expect(confirmed == [.library(.forgetEvaluation(id(3)))])
    press(keys("U"), on: &screen, world)
    let task = screen.form.task
    #expect(task.metric == .frechetVideoDistance && task.clips == 64 && screen.pane == .setup)
    #expect(task.settings.steps == 20 && task.settings.seed == 7)
    #expect(task.data == "/data/skies" && task.model == Fixtures.skies.reference)
    #expect(press(keys("R"), on: &screen, world).first == .query(.findEvaluations))
  }

  @Test func everyKeyMeansOneThing() {
    #expect(EvaluateScreen.keyMap.duplicates.isEmpty)
    let own = Set(EvaluateScreen.keyMap.bindings.flatMap(\.entry.keys))
    #expect(own.isDisjoint(with: StudioKeys.map.bindings.flatMap(\.entry.keys)))
  }

  // MARK: What is shown

  @Test func snapshotsOfTheMainPage() throws {
    var empty = Fixtures.world
    var first = screen(empty)
    empty.evaluationCheck = .init(task: first.form.task, unmet: Fixtures.unmetRequirements)
    press(keys("jj"), on: &first, empty)
    try expectSnapshots(first, empty, named: "evaluate-empty")
    try expectSnapshots(
      screen(Fixtures.evaluatedWorld), Fixtures.evaluatedWorld, named: "evaluate-ready")
    try expectSnapshots(
      screen(Fixtures.evaluatedWorld, [.tab] + keys("mj")), Fixtures.evaluatedWorld,
      named: "evaluate-scores")
    var none = Fixtures.emptyWorld
    let alone = screen(none)
    none.evaluationCheck = .init(
      task: alone.form.task,
      unmet: [
        .init(
          .videos, "no videos to judge were named",
          remedy: "Name a folder of generated videos, or a model"),
        Fixtures.unmetRequirements[0],
      ])
    try expectSnapshots(alone, none, named: "evaluate-no-model")
  }

  @Test func snapshotsOfJobs() throws {
    var world = Fixtures.evaluatedWorld
    world.jobs = [Fixtures.evaluationJob(9, .running)]
    world.progress = Fixtures.evaluationProgress(9)
    try expectSnapshots(screen(world), world, named: "evaluate-running")
    world.jobs = [Fixtures.job(7, .running), Fixtures.evaluationJob(9, .waiting)]
    world.progress = Fixtures.progress(7)
    try expectSnapshots(screen(world), world, named: "evaluate-waiting")
    world.progress = nil
    world.jobs = [
      Fixtures.evaluationJob(
        9,
        .failed(
          "/data/skies: frames differ in size: a.mp4 is 64 x 64, b.mp4 is 96 x 64",
          remedy: "Crop and resize all of them to one size"))
    ]
    try expectSnapshots(screen(world), world, named: "evaluate-failed")
  }

  @Test func snapshotsOfScores() throws {
    let world = Fixtures.evaluatedWorld
    try expectSnapshots(screen(world, [.tab, .enter]), world, named: "evaluate-report")
    try expectSnapshots(
      screen(world, [.tab] + keys("jmjc")), world, named: "evaluate-comparison")
  }

  @Test func snapshotsOfSmallWindows() throws {
    let world = Fixtures.evaluatedWorld
    try expectSnapshot(
      window(screen(world), world, columns: 50, rows: 18), named: "evaluate-small")
    try expectSnapshot(
      window(screen(world, [.tab]), world, columns: 50, rows: 14), named: "evaluate-small-scores")
  }
}
