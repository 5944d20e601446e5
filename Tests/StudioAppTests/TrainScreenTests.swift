import RunKit
import StudioApp
import TerminalUI
import Testing
import TrainingKit

/// The Train screen: setting a run up, watching it, stopping it, letting it go on.
@Suite struct TrainScreenTests {
  private func screen(_ world: World, selecting row: Int = 0) -> TrainScreen {
    var screen = TrainScreen()
    _ = screen.refresh(world)
    for _ in 0..<row { _ = screen.handle(.down, world) }
    return screen
  }

  /// A screen with the form open, and the training that it then sets up.
  private func setup(
    _ world: World, _ change: (inout TrainingRequest) -> Void = { _ in }
  ) -> (screen: TrainScreen, world: World, request: TrainingRequest) {
    var world = world
    var request = Fixtures.trainingRequest
    change(&request)
    world.trainingRequest = request
    var screen = screen(world)
    let effects = screen.handle(.character("n"), world)
    guard case .workspace(.query(.checkTraining(let checked)))? = effects.last else {
      Issue.record("nothing is checked: \(effects)")
      return (screen, world, request)
    }
    return (screen, world, checked)
  }

  private func known(_ world: World, _ request: TrainingRequest, _ preparation: TrainingPreparation)
    -> World
  {
    var world = world
    world.trainingCheck = World.TrainingCheck(request: request, preparation: preparation)
    return world
  }

  // MARK: Setting up

  @Test func aNewTrainingIsCheckedAndStarted() {
    var (screen, world, request) = setup(Fixtures.world)
    #expect(request == Fixtures.trainingRequest)
    #expect(
      screen.handle(.character("r"), world).onlyNotice?.sentence
        == "the videos are still being looked at")
    world = known(world, request, Fixtures.preparation)
    _ = screen.refresh(world)
    #expect(screen.handle(.character("r"), world) == [.order(.train(request))])
    #expect(screen.form == nil)
  }

  @Test func whatCannotBeginSaysWhyAndStaysSetUp() {
    var (screen, world, request) = setup(Fixtures.world) { $0.dataPath = "" }
    var preparation = Fixtures.preparation
    preparation.problem = Notice(.error, "no real videos were named", remedy: "Name a folder")
    world = known(world, request, preparation)
    #expect(
      screen.handle(.character("r"), world) == [
        .notify(preparation.problem ?? Notice(.error, "")), .query(.checkTraining(request)),
      ], "it is looked at again, since what it lacks may have come")
    #expect(screen.form != nil)
    #expect(screen.goBack() && screen.form == nil && !screen.goBack())
  }

  @Test func aBusyStudioSaysThatTheTrainingWaits() {
    var (screen, world, request) = setup(Fixtures.busyWorld)
    world = known(world, request, Fixtures.preparation)
    let effects = screen.handle(.character("r"), world)
    #expect(effects.first == .order(.train(request)))
    #expect(
      effects.last
        == .notify(
          Notice(
            .information, "autoencoder-1 starts when job 7 is over", remedy: "6 shows the queue")))
  }

  @Test func valuesAreTypedAndKeptAsDifferencesFromThePreset() {
    var (screen, world, _) = setup(Fixtures.world)
    // From the stage down to the steps.
    for _ in 0..<7 { _ = screen.handle(.down, world) }
    for key in [Key.enter, .control("u"), .character("9"), .character("0")] {
      #expect(screen.handle(key, world).isEmpty)
    }
    let effects = screen.handle(.enter, world)
    var expected = Fixtures.trainingRequest
    expected.overrides = ["steps=90"]
    #expect(effects == [.remember(.training(expected)), .query(.checkTraining(expected))])
    // Emptied, it is the preset's again.
    for key in [Key.enter, .control("u")] { _ = screen.handle(key, world) }
    #expect(
      screen.handle(.enter, world) == [
        .remember(.training(Fixtures.trainingRequest)),
        .query(.checkTraining(Fixtures.trainingRequest)),
      ])
  }

  @Test func pathsAreCompleted() {
    var (screen, world, _) = setup(Fixtures.world)
    for _ in 0..<3 { _ = screen.handle(.down, world) }
    for key in [Key.enter, .control("u"), .character("/"), .character("d")] {
      _ = screen.handle(key, world)
    }
    #expect(screen.handle(.tab, world) == [.query(.completePath("/d"))])
    #expect(screen.isTyping)
    // It is completed once: what is taken back stays taken back.
    var completed = world
    completed.pathCompletion = PathCompletion(of: "/d")
    _ = screen.refresh(completed)
    let path = screen.form?.typedPath
    #expect(path?.hasPrefix("/d") == true)
    for _ in 0..<((path?.count ?? 2) - 2) { _ = screen.handle(.backspace, completed) }
    _ = screen.refresh(completed)
    #expect(screen.form?.typedPath == "/d")
    _ = screen.handle(.escape, world)
    #expect(!screen.isTyping && screen.form != nil)
  }

  @Test func whatChangesBecauseRunsWereFoundIsCheckedAgain() {
    var (screen, _, request) = setup(Fixtures.world)
    #expect(request.name == "autoencoder-1")
    var world = Fixtures.trainingWorld
    world.jobs = []
    world.training = nil
    world.trainingRequest = request
    let effects = screen.refresh(world)
    request.name = "autoencoder-2"
    #expect(effects.prefix(2) == [.remember(.training(request)), .query(.checkTraining(request))])
    #expect(!screen.refresh(world).contains(.query(.checkTraining(request))), "only once")
  }

  @Test func theSecondStageTakesTheAutoencoderOfARunOrAModel() {
    var world = Fixtures.trainingWorld
    world.jobs = []
    world.training = nil
    var (screen, _, first) = setup(world)
    #expect(first.name == "autoencoder-2")
    let effects = screen.handle(.character("l"), world)
    guard case .workspace(.query(.checkTraining(let request)))? = effects.last else {
      Issue.record("\(effects)")
      return
    }
    #expect(request.stage == .diffusion && request.name == "diffusion-1")
    #expect(
      request.autoencoderPath == "\(Fixtures.trainings)/autoencoder-1/autoencoder.safetensors")
  }

  @Test func aTrainedAutoencoderGetsItsDenoiserNext() {
    var world = Fixtures.trainingWorld
    world.trainingRequest = Fixtures.trainingRequest
    var screen = screen(world, selecting: 1)
    guard
      case .workspace(.query(.checkTraining(let request)))? = screen.handle(.character("n"), world)
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
    var world = Fixtures.trainingWorld
    var watching = screen(world)
    #expect(
      watching.handle(.character("x"), world)
        == [.job(.finish(JobID(rawValue: 7), atOnce: true))])
    #expect(watching.handle(.character("r"), world).onlyNotice?.level == .information)
    world.jobs = [Fixtures.trainingJob(7, .paused)]
    world.training = nil
    var stopped = screen(world)
    #expect(stopped.handle(.character("r"), world) == [.job(.resume(JobID(rawValue: 7)))])
    world.jobs = []
    #expect(
      stopped.handle(.character("r"), world)
        == [.order(.resumeTraining("\(Fixtures.trainings)/autoencoder-1"))])
    #expect(
      stopped.handle(.character("x"), world).onlyNotice?.sentence == "nothing is being trained")
  }

  @Test func aRunThatIsCompleteDoesNotGoOn() {
    var world = Fixtures.trainingWorld
    var screen = screen(world, selecting: 1)
    #expect(screen.selectedID == "\(Fixtures.trainings)/older")
    #expect(
      screen.handle(.character("r"), world).onlyNotice?.sentence == "older has done all its steps")
    #expect(
      screen.handle(.character("o"), world).first
        == .library(.openModel(path: "\(Fixtures.trainings)/older")))
    world.trainingRuns[1].isElsewhere = true
    world.trainingRuns[1].finishedSteps = 10
    #expect(screen.handle(.character("r"), world).onlyNotice?.level == .warning)
  }

  @Test func samplesAreReadOnceAndPlay() {
    var world = Fixtures.trainingWorld
    world.trainingSample = nil
    var screen = TrainScreen()
    let path = Fixtures.trainingRun().samplePath ?? ""
    #expect(screen.refresh(world) == [.query(.loadTrainingSample(path: path))])
    #expect(screen.refresh(world).isEmpty)
    #expect(screen.frameInterval(world) == nil)
    world.trainingSample = Fixtures.sample(path)
    #expect(screen.refresh(world).isEmpty)
    #expect(screen.frameInterval(world) == .seconds(0.125))
  }

  @Test func curvesTakeTurns() {
    let world = Fixtures.trainingWorld
    var screen = screen(world)
    var seen: [String] = []
    for _ in 0..<7 {
      seen.append(screen.shownName(of: Fixtures.trainingRun()) ?? "")
      _ = screen.handle(.character("m"), world)
    }
    #expect(
      seen == [
        "loss", "l1", "psnr", "learning_rate", "gradient_norm", "seconds_per_step", "loss",
      ])
  }

  @Test func everyKeyMeansOneThing() {
    #expect(TrainScreen.keyMap.duplicates.isEmpty)
    let keys = TrainScreen.keyMap.bindings.flatMap(\.entry.keys)
    #expect(keys.allSatisfy { StudioKeys.map.action(for: $0) == nil })
  }

  // MARK: What is seen

  @Test func emptyAndSetUp() throws {
    try expectSnapshots(screen(Fixtures.emptyWorld), Fixtures.emptyWorld, named: "train-empty")
    var (screen, world, request) = setup(Fixtures.world)
    world = known(world, request, Fixtures.preparation)
    try expectSnapshots(screen, world, named: "train-setup")
    var known = Fixtures.preparation
    known.measured = .init(run: "older", secondsPerStep: 0.51, residentBytes: 1_240_000_000)
    world = self.known(Fixtures.busyWorld, request, known)
    try expectSnapshots(screen, world, named: "train-setup-measured")
    var bad = TrainingPreparation()
    bad.problem = Notice(
      .error, "/data/sky: there is no such folder", remedy: "")
    world = self.known(Fixtures.world, request, bad)
    _ = screen.handle(.down, world)
    try expectSnapshots(screen, world, named: "train-setup-problem")
  }

  @Test func running() throws {
    let world = Fixtures.trainingWorld
    try expectSnapshots(screen(world), world, named: "train-running")
    var linear = screen(world)
    _ = linear.handle(.character("y"), world)
    #expect(text(window(linear, world)).contains("linear"))
  }

  @Test func preparingAndWaiting() throws {
    var world = Fixtures.world
    world.jobs = [Fixtures.trainingJob(7, .running)]
    world.training = Fixtures.trainingWatch(
      [.preparation(ItemProgress("videos looked at", done: 120, total: 700))], steps: 0)
    try expectSnapshots(screen(world), world, named: "train-preparing")
    world = Fixtures.busyWorld
    world.jobs.append(Fixtures.trainingJob(9, .waiting))
    try expectSnapshots(screen(world), world, named: "train-waiting")
  }

  @Test func stoppedFailedAndDamaged() throws {
    var world = Fixtures.trainingWorld
    world.training = nil
    world.jobs = [Fixtures.trainingJob(7, .paused)]
    try expectSnapshots(screen(world), world, named: "train-stopped")
    world.jobs = [
      Fixtures.trainingJob(
        7,
        .failed(
          "the loss has diverged: 41.2 at step 1180, after 0.2731",
          remedy: "The last good checkpoint is step-00001000.safetensors. Lower learning_rate"))
    ]
    try expectSnapshots(screen(world), world, named: "train-failed")
    world.jobs = []
    world.trainingRuns[0].problem = "run.json: is not the description of a run"
    try expectSnapshots(screen(world), world, named: "train-damaged")
    try expectSnapshots(screen(world, selecting: 1), world, named: "train-complete")
  }

  @Test func smallWindowsShowOnePaneAtATime() {
    let world = Fixtures.trainingWorld
    var screen = screen(world)
    let list = text(window(screen, world, columns: 50, rows: 16))
    #expect(list.contains("older") && !list.contains("clips/s"))
    _ = screen.handle(.enter, world)
    let run = text(window(screen, world, columns: 50, rows: 16))
    #expect(run.contains("loss") && !run.contains("older"))
    #expect(screen.goBack() && !screen.goBack())
    for columns in stride(from: 1, through: 120, by: 7) {
      for rows in stride(from: 3, through: 50, by: 3) {
        _ = window(screen, world, columns: columns, rows: rows)
      }
    }
  }
}
