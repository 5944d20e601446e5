import RunKit
import StudioApp
import TerminalUI
import Testing
import TrainingKit

/// The Train screen: setting a run up, watching it, stopping it, letting it go on.
@Suite struct TrainScreenTests {
  private func screen(_ app: AppState, selecting row: Int = 0) -> TrainScreen {
    var screen = TrainScreen()
    _ = screen.refresh(app)
    for _ in 0..<row { _ = screen.handle(.down, app) }
    return screen
  }

  /// A screen with the form open, and the training that it then sets up.
  private func setup(
    _ app: AppState, _ change: (inout TrainingRequest) -> Void = { _ in }
  ) -> (screen: TrainScreen, app: AppState, request: TrainingRequest) {
    var app = app
    var request = Fixtures.trainingRequest
    change(&request)
    app.trainingRequest = request
    var screen = screen(app)
    let effects = screen.handle(.character("O"), app)
    guard case .workspace(.query(.checkTraining(let checked)))? = effects.last else {
      Issue.record("nothing is checked: \(effects)")
      return (screen, app, request)
    }
    return (screen, app, checked)
  }

  private func known(
    _ app: AppState, _ request: TrainingRequest, _ preparation: TrainingPreparation
  )
    -> AppState
  {
    var app = app
    app.trainingCheck = AppState.TrainingCheck(request: request, preparation: preparation)
    return app
  }

  // MARK: Setting up

  @Test func aNewTrainingIsCheckedAndStarted() {
    var (screen, app, request) = setup(Fixtures.app)
    #expect(request == Fixtures.trainingRequest)
    #expect(
      screen.handle(.character("r"), app).onlyNotice?.sentence
        == "the videos are still being looked at")
    app = known(app, request, Fixtures.preparation)
    _ = screen.refresh(app)
    #expect(screen.handle(.character("r"), app) == [.order(.train(request))])
    #expect(screen.form == nil)
  }

  @Test func whatCannotBeginSaysWhyAndStaysSetUp() {
    var (screen, app, request) = setup(Fixtures.app) { $0.dataPath = "" }
    var preparation = Fixtures.preparation
    preparation.problem = Notice(.error, "no real videos were named", remedy: "Name a folder")
    app = known(app, request, preparation)
    #expect(
      screen.handle(.character("r"), app) == [
        .notify(preparation.problem ?? Notice(.error, "")), .query(.checkTraining(request)),
      ], "it is looked at again, since what it lacks may have come")
    #expect(screen.form != nil)
    #expect(screen.goBack() && screen.form == nil && !screen.goBack())
  }

  @Test func aBusyStudioSaysThatTheTrainingWaits() {
    var (screen, app, request) = setup(Fixtures.busyState)
    app = known(app, request, Fixtures.preparation)
    let effects = screen.handle(.character("r"), app)
    #expect(effects.first == .order(.train(request)))
    #expect(
      effects.last
        == .notify(
          Notice(
            .information, "autoencoder-1 starts when job 7 is over", remedy: "F6 shows the queue")))
  }

  @Test func valuesAreTypedAndKeptAsDifferencesFromThePreset() {
    var (screen, app, _) = setup(Fixtures.app)
    // From the stage down to the steps.
    for _ in 0..<7 { _ = screen.handle(.down, app) }
    for key in [Key.enter, .control("u"), .character("9"), .character("0")] {
      #expect(screen.handle(key, app).isEmpty)
    }
    let effects = screen.handle(.enter, app)
    var expected = Fixtures.trainingRequest
    expected.overrides = ["steps=90"]
    #expect(effects == [.remember(.training(expected)), .query(.checkTraining(expected))])
    // Emptied, it is the preset's again.
    for key in [Key.enter, .control("u")] { _ = screen.handle(key, app) }
    #expect(
      screen.handle(.enter, app) == [
        .remember(.training(Fixtures.trainingRequest)),
        .query(.checkTraining(Fixtures.trainingRequest)),
      ])
  }

  @Test func theDeviceIsChosenAmongThoseThatAreHere() {
    var (screen, app, _) = setup(Fixtures.app)
    // From the stage down to the device.
    for _ in 0..<12 { _ = screen.handle(.down, app) }
    var expected = Fixtures.trainingRequest
    expected.deviceName = "auto"
    #expect(
      screen.handle(.character("h"), app) == [
        .remember(.training(expected)), .query(.checkTraining(expected)),
      ])
    #expect(expected.arguments(runFolder: "/r", cacheFolder: "/c").contains("auto"))
    // The processor is what trains where nothing is said.
    #expect(
      screen.handle(.character("l"), app) == [
        .remember(.training(Fixtures.trainingRequest)),
        .query(.checkTraining(Fixtures.trainingRequest)),
      ])
    #expect(Fixtures.trainingRequest.deviceName == "cpu" && Fixtures.trainingRequest.device == nil)
  }

  @Test func pathsAreCompleted() {
    var (screen, app, _) = setup(Fixtures.app)
    for _ in 0..<3 { _ = screen.handle(.down, app) }
    for key in [Key.enter, .control("u"), .character("/"), .character("d")] {
      _ = screen.handle(key, app)
    }
    #expect(screen.handle(.tab, app) == [.query(.completePath("/d"))])
    #expect(screen.isTyping)
    // It is completed once: what is taken back stays taken back.
    var completed = app
    completed.pathCompletion = PathCompletion(of: "/d")
    _ = screen.refresh(completed)
    let path = screen.form?.typedPath
    #expect(path?.hasPrefix("/d") == true)
    for _ in 0..<((path?.count ?? 2) - 2) { _ = screen.handle(.backspace, completed) }
    _ = screen.refresh(completed)
    #expect(screen.form?.typedPath == "/d")
    _ = screen.handle(.escape, app)
    #expect(!screen.isTyping && screen.form != nil)
  }

  @Test func whatChangesBecauseRunsWereFoundIsCheckedAgain() {
    var (screen, _, request) = setup(Fixtures.app)
    #expect(request.name == "autoencoder-1")
    var app = Fixtures.trainingState
    app.jobs = []
    app.training = nil
    app.trainingRequest = request
    let effects = screen.refresh(app)
    request.name = "autoencoder-2"
    #expect(effects.prefix(2) == [.remember(.training(request)), .query(.checkTraining(request))])
    #expect(!screen.refresh(app).contains(.query(.checkTraining(request))), "only once")
  }

  @Test func theSecondStageTakesTheAutoencoderOfARunOrAModel() {
    var app = Fixtures.trainingState
    app.jobs = []
    app.training = nil
    var (screen, _, first) = setup(app)
    #expect(first.name == "autoencoder-2")
    let effects = screen.handle(.character("l"), app)
    guard case .workspace(.query(.checkTraining(let request)))? = effects.last else {
      Issue.record("\(effects)")
      return
    }
    #expect(request.stage == .diffusion && request.name == "diffusion-1")
    #expect(
      request.autoencoderPath == "\(Fixtures.trainings)/autoencoder-1/autoencoder.safetensors")
  }

  @Test func aTrainedAutoencoderGetsItsDenoiserNext() {
    var app = Fixtures.trainingState
    app.trainingRequest = Fixtures.trainingRequest
    var screen = screen(app, selecting: 1)
    guard
      case .workspace(.query(.checkTraining(let request)))? = screen.handle(.character("O"), app)
        .last
    else {
      Issue.record("nothing is checked")
      return
    }
    #expect(request.stage == .diffusion && request.name == "diffusion-1")
    #expect(request.autoencoderPath == "\(Fixtures.trainings)/older/autoencoder.safetensors")
    #expect(request.configuration == "\(Fixtures.trainings)/older/config.toml")
    #expect(request.dataPath == "/data/skies")
  }

  // MARK: Runs

  @Test func aRunStopsAndGoesOn() {
    var app = Fixtures.trainingState
    var watching = screen(app)
    #expect(
      watching.handle(.character("x"), app)
        == [.job(.finish(JobID(rawValue: 7), atOnce: true))])
    #expect(watching.handle(.character("r"), app).onlyNotice?.level == .information)
    app.jobs = [Fixtures.trainingJob(7, .paused)]
    app.training = nil
    var stopped = screen(app)
    #expect(stopped.handle(.character("r"), app) == [.job(.resume(JobID(rawValue: 7)))])
    app.jobs = []
    #expect(
      stopped.handle(.character("r"), app)
        == [.order(.resumeTraining("\(Fixtures.trainings)/autoencoder-1"))])
    #expect(
      stopped.handle(.character("x"), app).onlyNotice?.sentence == "nothing is being trained")
  }

  @Test func aRunThatIsCompleteDoesNotGoOn() {
    var app = Fixtures.trainingState
    var screen = screen(app, selecting: 1)
    #expect(screen.selectedID == "\(Fixtures.trainings)/older")
    #expect(
      screen.handle(.character("r"), app).onlyNotice?.sentence == "older has done all its steps")
    #expect(
      screen.handle(.character("a"), app).first
        == .library(.openModel(path: "\(Fixtures.trainings)/older")))
    app.trainingRuns[1].isElsewhere = true
    app.trainingRuns[1].finishedSteps = 10
    #expect(screen.handle(.character("r"), app).onlyNotice?.level == .warning)
  }

  @Test func samplesAreReadOnceAndPlay() {
    var app = Fixtures.trainingState
    app.trainingSample = nil
    var screen = TrainScreen()
    let path = Fixtures.trainingRun().samplePath ?? ""
    #expect(screen.refresh(app) == [.query(.loadTrainingSample(path: path))])
    #expect(screen.refresh(app).isEmpty)
    #expect(screen.frameInterval(app) == nil)
    app.trainingSample = Fixtures.sample(path)
    #expect(screen.refresh(app).isEmpty)
    #expect(screen.frameInterval(app) == .seconds(0.125))
  }

  @Test func curvesTakeTurns() {
    let app = Fixtures.trainingState
    var screen = screen(app)
    var seen: [String] = []
    for _ in 0..<7 {
      seen.append(screen.shownName(of: Fixtures.trainingRun()) ?? "")
      _ = screen.handle(.character("}"), app)
    }
    #expect(
      seen == [
        "loss", "l1", "psnr", "learning_rate", "gradient_norm", "seconds_per_step", "loss",
      ])
  }

  // MARK: What is seen

  @Test func emptyAndSetUp() throws {
    try expectSnapshots(screen(Fixtures.emptyState), Fixtures.emptyState, named: "train-empty")
    var (screen, app, request) = setup(Fixtures.app)
    app = known(app, request, Fixtures.preparation)
    try expectSnapshots(screen, app, named: "train-setup")
    var known = Fixtures.preparation
    known.measured = .init(run: "older", secondsPerStep: 0.51, residentBytes: 1_240_000_000)
    app = self.known(Fixtures.busyState, request, known)
    try expectSnapshots(screen, app, named: "train-setup-measured")
    var bad = TrainingPreparation()
    bad.problem = Notice(
      .error, "/data/sky: there is no such folder", remedy: "")
    app = self.known(Fixtures.app, request, bad)
    _ = screen.handle(.down, app)
    try expectSnapshots(screen, app, named: "train-setup-problem")
  }

  @Test func running() throws {
    let app = Fixtures.trainingState
    try expectSnapshots(screen(app), app, named: "train-running")
    var linear = screen(app)
    _ = linear.handle(.character("^"), app)
    #expect(text(window(linear, app)).contains("linear"))
  }

  @Test func preparingAndWaiting() throws {
    var app = Fixtures.app
    app.jobs = [Fixtures.trainingJob(7, .running)]
    app.training = Fixtures.trainingWatch(
      [.preparation(ItemProgress("videos looked at", done: 120, total: 700))], steps: 0)
    try expectSnapshots(screen(app), app, named: "train-preparing")
    app = Fixtures.busyState
    app.jobs.append(Fixtures.trainingJob(9, .waiting))
    try expectSnapshots(screen(app), app, named: "train-waiting")
  }

  @Test func stoppedFailedAndDamaged() throws {
    var app = Fixtures.trainingState
    app.training = nil
    app.jobs = [Fixtures.trainingJob(7, .paused)]
    try expectSnapshots(screen(app), app, named: "train-stopped")
    app.jobs = [
      Fixtures.trainingJob(
        7,
        .failed(
          "the loss has diverged: 41.2 at step 1180, after 0.2731",
          remedy: "The last good checkpoint is step-00001000.safetensors. Lower learning_rate"))
    ]
    try expectSnapshots(screen(app), app, named: "train-failed")
    app.jobs = []
    app.trainingRuns[0].problem = "run.json: is not the description of a run"
    try expectSnapshots(screen(app), app, named: "train-damaged")
    try expectSnapshots(screen(app, selecting: 1), app, named: "train-complete")
  }

  @Test func smallWindowsShowOnePaneAtATime() {
    var app = Fixtures.trainingState
    app.windowSize = TerminalSize(columns: 50, rows: 16)
    var screen = screen(app)
    let list = text(window(screen, app, columns: 50, rows: 16))
    #expect(list.contains("older") && !list.contains("clips/s"))
    _ = screen.handle(.enter, app)
    let run = text(window(screen, app, columns: 50, rows: 16))
    #expect(run.contains("loss") && !run.contains("older"))
    #expect(screen.goBack() && !screen.goBack())
    for columns in stride(from: 1, through: 120, by: 7) {
      for rows in stride(from: 3, through: 50, by: 3) {
        _ = window(screen, app, columns: columns, rows: rows)
      }
    }
  }
}
