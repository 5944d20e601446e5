import EvaluationKit
import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// Evaluating: what is set up and what it lacks, the job, the scores one by one and side by side.
@Suite struct EvaluateScreenTests {
  /// The screen with the evaluation of the last time, which was of what needs the most.
  private func screen(_ app: AppState, _ typed: [Key] = []) -> EvaluateScreen {
    var screen = EvaluateScreen()
    var app = app
    if app.evaluation == nil, let model = app.model {
      app.evaluation = EvaluateTask(.frechetVideoDistance, of: model.reference)
      app.evaluation?.settings = app.settings
    }
    _ = screen.refresh(app)
    press(typed, on: &screen, app)
    return screen
  }

  private func id(_ number: Int64) -> EvaluationID { EvaluationID(rawValue: number) }

  // MARK: Setting up

  @Test func theFirstEvaluationIsOfTheModelInUseAndIsChecked() {
    var app = Fixtures.app
    app.settings.steps = 50
    var screen = EvaluateScreen()
    let effects = screen.refresh(app)
    var expected = EvaluateTask(.drift, of: Fixtures.skies.reference)
    expected.settings.steps = 50
    #expect(screen.form.task == expected && expected.clips == 16)
    #expect(effects.contains(.query(.checkEvaluation(expected))))
    #expect(screen.refresh(app).isEmpty, "nothing is asked twice")
  }

  @Test func theEvaluationOfTheLastTimeComesBack() {
    #expect(screen(Fixtures.evaluatedState).form.task == Fixtures.evaluateTask)
  }

  @Test func aMetricBringsItsUsualNumbersAndItsOwnFields() {
    let app = Fixtures.evaluatedState
    var screen = screen(app)
    func choose(_ metric: Metric) -> EvaluateTask {
      while screen.form.task.metric != metric { press(keys("l"), on: &screen, app) }
      return screen.form.task
    }
    #expect(choose(.inceptionScore).clips == 10_000)
    #expect(choose(.drift).clips == 16 && screen.form.task.frames == 128)
    #expect(choose(.efficiency).generates)
    let reconstruction = choose(.reconstruction)
    #expect(!reconstruction.generates && reconstruction.frames == 16)
    press(keys("u"), on: &screen, app)
    #expect(!screen.undo(app).isEmpty && screen.form.task.metric != .reconstruction)
  }

  @Test func pathsAreTypedAndChangesAreRememberedAndChecked() {
    let app = Fixtures.app
    var screen = screen(app, keys("jj"))
    press([.enter], on: &screen, app)
    #expect(screen.isTyping)
    // Keys that mean something elsewhere are text here.
    press(keys("/data/rx"), on: &screen, app)
    let effects = press([.enter], on: &screen, app)
    var expected = screen.form.task
    #expect(expected.data == "/data/rx")
    #expect(
      effects.prefix(2) == [.remember(.evaluation(expected)), .query(.checkEvaluation(expected))])
    _ = screen.run("i3d", argument: "~/i3d.pt", app)
    expected.i3d = "~/i3d.pt"
    #expect(screen.form.task == expected)
  }

  @Test func presetsGiveTheirSamplerAndKeepTheSeed() {
    let app = Fixtures.evaluatedState
    var screen = screen(app)
    _ = screen.run("preset", argument: "draft", app)
    #expect(screen.form.task.settings.steps == 15)
    #expect(screen.form.task.settings.seed == Fixtures.evaluateTask.settings.seed)
    let unknown = screen.run("preset", argument: "none", app)
    #expect(unknown.onlyNotice?.level == .warning)
  }

  @Test func aFolderOfVideosIsJudgedWhereTheMetricCan() {
    let app = Fixtures.evaluatedState
    var screen = screen(app)
    _ = screen.run("videos", argument: "/videos", app)
    #expect(screen.form.task.model == nil && screen.form.task.videos == "/videos")
    // A measure of models alone takes a model again.
    _ = screen.run("metric", argument: "efficiency", app)
    #expect(screen.form.task.model == Fixtures.skies.reference)
    let refused = screen.run("videos", argument: "/videos", app)
    #expect(refused.onlyNotice?.level == .warning)
    let unknown = screen.run("metric", argument: "fid", app)
    #expect(unknown.onlyNotice?.remedy.contains("fvd") == true)
  }

  // MARK: The job

  @Test func whatIsMissingIsSaidInPlaceOfARun() {
    var app = Fixtures.app
    var screen = screen(app)
    app.evaluationCheck = .init(task: screen.form.task, unmet: Fixtures.unmetRequirements)
    let effects = press(keys("r"), on: &screen, app)
    let notice = Array(effects.prefix(1)).onlyNotice
    #expect(notice?.sentence == "no real videos were named" && notice?.remedy.isEmpty == false)
    // What the selected line lacks comes first.
    press(keys("jjjjjj"), on: &screen, app)
    let second = Array(press(keys("r"), on: &screen, app).prefix(1)).onlyNotice
    #expect(second?.remedy.contains("i3d_pretrained_400.pt") == true)
  }

  @Test func whatWasMissingIsLookedForAgain() {
    var app = Fixtures.app
    var screen = screen(app)
    let check = StudioEffect.query(.checkEvaluation(screen.form.task))
    app.evaluationCheck = .init(task: screen.form.task, unmet: Fixtures.unmetRequirements)
    #expect(press(keys("r"), on: &screen, app).last == check)
    #expect(press(keys("F"), on: &screen, app) == [.query(.findEvaluations), check])
    app.evaluationCheck = .init(task: screen.form.task, unmet: [])
    #expect(press(keys("r"), on: &screen, app).contains(.order(.evaluate(screen.form.task))))
  }

  @Test func aRunIsQueuedAndSaysWhatItWaitsFor() {
    var app = Fixtures.evaluatedState
    var screen = screen(app)
    let run: [StudioEffect] = [
      .remember(.evaluation(Fixtures.evaluateTask)), .order(.evaluate(Fixtures.evaluateTask)),
    ]
    #expect(press(keys("r"), on: &screen, app) == run)
    app.jobs = [Fixtures.job(7, .running)]
    let waiting = press(keys("r"), on: &screen, app)
    #expect(Array(waiting.prefix(2)) == run && waiting.count == 3)
  }

  @Test func aRunningEvaluationIsStoppedAndGoesOn() {
    var app = Fixtures.evaluatedState
    app.jobs = [Fixtures.evaluationJob(9, .running)]
    var screen = screen(app)
    let job = JobID(rawValue: 9)
    #expect(press(keys("x"), on: &screen, app) == [.job(.finish(job, atOnce: true))])
    #expect(press(keys("P"), on: &screen, app) == [.job(.pause(job))])
    app.jobs = [Fixtures.evaluationJob(9, .paused)]
    #expect(press(keys("r"), on: &screen, app).first == .job(.resume(job)))
    guard case .confirm(_, let lines, let confirmed)? = press(keys("x"), on: &screen, app).first
    else {
      Issue.record("ending it was not asked")
      return
    }
    #expect(confirmed == [.job(.cancel(job))] && lines[0].contains("kept"))
  }

  @Test func anErrorGivesWayToWhatIsSetUpAfterIt() {
    var app = Fixtures.evaluatedState
    app.jobs = [Fixtures.evaluationJob(9, .failed("frames differ", remedy: "Resize them"))]
    var screen = screen(app)
    #expect(text(window(screen, app)).contains("frames differ"))
    press(keys("jjjjl"), on: &screen, app)
    #expect(!text(window(screen, app)).contains("frames differ"))
  }

  // MARK: Scores

  @Test func aScoreIsOpenedAndOthersFollow() {
    let app = Fixtures.evaluatedState
    var screen = screen(app, [.tab, .down, .enter])
    #expect(screen.page == .report(id(3)))
    press(keys("l"), on: &screen, app)
    #expect(screen.page == .report(id(2)))
    press(keys("hhh"), on: &screen, app)
    #expect(screen.page == .report(id(4)))
    let left = [screen.goBack(), screen.goBack()]
    #expect(left == [true, false] && screen.page == .main)
  }

  @Test func twoScoresOfOneMetricStandSideBySide() {
    var app = Fixtures.evaluatedState
    var screen = screen(app, [.tab])
    #expect(press(keys("C"), on: &screen, app).onlyNotice?.sentence.contains("mark") == true)
    press(keys("m"), on: &screen, app)
    #expect(screen.markedID == id(4))
    #expect(press(keys("jC"), on: &screen, app).onlyNotice?.level == .warning)
    press(keys("mjC"), on: &screen, app)
    #expect(screen.page == .comparison(id(3), id(2)))
    app.evaluations.removeAll { $0.id == id(3) }
    _ = screen.refresh(app)
    #expect(screen.page == .main && screen.markedID == nil)
  }

  @Test func aScoreIsForgottenAfterAQuestionAndItsSettingsComeBack() {
    let app = Fixtures.evaluatedState
    var screen = screen(app, [.tab, .down])
    guard case .confirm(_, _, let confirmed)? = press(keys("d"), on: &screen, app).first else {
      Issue.record("it was not asked")
      return
    }
    #expect(confirmed == [.library(.forgetEvaluation(id(3)))])
    press(keys("U"), on: &screen, app)
    let task = screen.form.task
    #expect(task.metric == .frechetVideoDistance && task.clips == 64 && screen.pane == .setup)
    #expect(task.settings.steps == 20 && task.settings.seed == 7)
    #expect(task.data == "/data/skies" && task.model == Fixtures.skies.reference)
    #expect(press(keys("F"), on: &screen, app).first == .query(.findEvaluations))
  }

  // MARK: What is shown

  @Test func snapshotsOfTheMainPage() throws {
    var empty = Fixtures.app
    var first = screen(empty)
    empty.evaluationCheck = .init(task: first.form.task, unmet: Fixtures.unmetRequirements)
    press(keys("jj"), on: &first, empty)
    try expectSnapshots(first, empty, named: "evaluate-empty")
    try expectSnapshots(
      screen(Fixtures.evaluatedState), Fixtures.evaluatedState, named: "evaluate-ready")
    try expectSnapshots(
      screen(Fixtures.evaluatedState, [.tab] + keys("mj")), Fixtures.evaluatedState,
      named: "evaluate-scores")
    var none = Fixtures.emptyState
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
    var app = Fixtures.evaluatedState
    app.jobs = [Fixtures.evaluationJob(9, .running)]
    app.progress = Fixtures.evaluationProgress(9)
    try expectSnapshots(screen(app), app, named: "evaluate-running")
    app.jobs = [Fixtures.job(7, .running), Fixtures.evaluationJob(9, .waiting)]
    app.progress = Fixtures.progress(7)
    try expectSnapshots(screen(app), app, named: "evaluate-waiting")
    app.progress = nil
    app.jobs = [
      Fixtures.evaluationJob(
        9,
        .failed(
          "/data/skies: frames differ in size: a.mp4 is 64 x 64, b.mp4 is 96 x 64",
          remedy: "Crop and resize all of them to one size"))
    ]
    try expectSnapshots(screen(app), app, named: "evaluate-failed")
  }

  @Test func snapshotsOfScores() throws {
    let app = Fixtures.evaluatedState
    try expectSnapshots(screen(app, [.tab, .enter]), app, named: "evaluate-report")
    try expectSnapshots(
      screen(app, [.tab] + keys("jmjC")), app, named: "evaluate-comparison")
  }

  @Test func snapshotsOfSmallWindows() throws {
    let app = Fixtures.evaluatedState
    try expectSnapshot(
      window(screen(app), app, columns: 50, rows: 18), named: "evaluate-small")
    try expectSnapshot(
      window(screen(app, [.tab]), app, columns: 50, rows: 14), named: "evaluate-small-scores")
  }
}
