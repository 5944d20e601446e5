import RunKit
import StudioLink
import TerminalUI
import TrainingKit

extension TrainScreen {
  /// What can be done with the runs.
  package static let section = HelpSection(
    title: "Train",
    entries: [
      ActionName.new.row("new", "set up a new training"),
      ActionName.run.row("go on", "let the selected run go on from its last checkpoint"),
      ActionName.stop.row("stop+save", "stop after the step and save everything"),
      ActionName.curve.row("curve", "the next number over the steps"),
      ActionName.previousCurve.row("", "the number before"),
      ActionName.scale.row("scale", "a logarithmic scale, or a linear one"),
      ActionName.add.row("add", "add the trained network to the models"),
      ActionName.reuse.row("reuse", "set up a training as the selected run was"),
      ActionName.copy.row("", "copy the run's folder to the clipboard"),
      ActionName.lookAgain.row("", "look for runs again, which commands may add"),
      ActionName.pane.row("pane", "the list or the run, in a small window"),
    ])

  /// What can be done while a training is set up.
  package static let formSection = HelpSection(
    title: "A new training",
    entries: [
      ActionName.run.row("start", "start what is set up"),
      ActionName.submit.row("submit", "give it to the cluster, where there is Slurm"),
      ActionName.pane.row("pane", "the form or what is known, in a small window"),
    ])

  /// What can be done here: without a cluster, nothing is said of one.
  static func formSection(_ app: AppState) -> HelpSection {
    let section = formSection.offeringPanes(app)
    return app.hasCluster ? section : section.without(.submit)
  }

  private static let typingHelp = HelpSection(
    title: "While a path is typed",
    entries: [HelpEntry(keys: [.tab], name: "", help: "complete it")])

  package func sections(_ app: AppState) -> [HelpSection] {
    guard form == nil else {
      return [Self.formSection(app), SettingsForm.helpSection, Self.typingHelp]
    }
    return [
      Self.section.offeringPanes(app), ClipPlayer.section,
      HelpSection(title: "Lists", entries: Movement.helpEntries),
    ]
  }

  package mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard form == nil else { return edit(key, app) }
    let outcome = table.handle(key, texts: app.trainingRows.map(\.name), page: Self.page)
    if case .activated = outcome { showsSecond = app.showsOnePane }
    return table.effects(of: outcome) + followSelection(app)
  }

  /// Shows the run that is selected in the table.
  mutating func followSelection(_ app: AppState) -> [StudioEffect] {
    let rows = app.trainingRows
    if rows.indices.contains(table.selected) { selectedID = rows[table.selected].id }
    return refresh(app)
  }

  private mutating func edit(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if key == .tab, let path = form?.typedPath {
      askedCompletion = path
      return [.query(.completePath(path))]
    }
    guard form?.handle(key) == true else { return [] }
    return setupChanged(app)
  }

  /// Lets what is set up follow the state, keeps it, and has it looked at.
  private mutating func setupChanged(_ app: AppState) -> [StudioEffect] {
    followForm(app)
    return check()
  }

  package mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    if form != nil {
      switch action {
      case .run: return start(app)
      case .submit where app.hasCluster: return start(app, onCluster: true)
      case .pane where app.showsOnePane: showsSecond.toggle()
      default: return nil
      }
      return []
    }
    if player.perform(action) { return [] }
    switch action {
    case .new: return setUp(newRequest(app), app)
    case .run: return goOn(app)
    case .stop: return stop(app)
    case .curve, .previousCurve:
      guard let run = selected(app)?.run else { return [Self.noRun(app)] }
      let names = TrainCurve.names(of: run)
      guard !names.isEmpty else {
        return [.notify(Notice(.information, "nothing was logged of \(run.name) yet"))]
      }
      let index = curve(of: run).flatMap { names.firstIndex(of: $0.name) } ?? 0
      curveName = names[(index + (action == .curve ? 1 : names.count - 1)) % names.count]
    case .scale: isLogarithmic.toggle()
    case .add: return open(app)
    case .reuse: return reuse(app)
    case .copy:
      guard let row = selected(app) else { return [Self.noRun(app)] }
      return [.copy(row.id, what: "the folder of \(row.name)")]
    case .lookAgain: return [.query(.findTrainingRuns)]
    case .pane where app.showsOnePane: showsSecond.toggle()
    default: return nil
    }
    return []
  }

  // MARK: Undo

  package func undoText(_ app: AppState) -> String? {
    form?.canUndo == true ? "takes the last change back" : nil
  }

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    form?.undo() == true ? setupChanged(app) : [.notify(.nothingToUndo)]
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    form?.redo() == true ? setupChanged(app) : [.notify(.nothingToRedo)]
  }

  // MARK: Setting up

  /// What a new training begins with: what was set up the last time, or the denoiser for the trained
  /// autoencoder that is selected.
  private func newRequest(_ app: AppState) -> TrainingRequest {
    var request = app.trainingRequest ?? TrainingRequest()
    request.name = ""
    guard let row = selected(app), row.state == .complete, row.stage == .autoencoder,
      let run = row.run, let weights = run.weightsPath
    else { return request }
    request.stage = .diffusion
    request.autoencoderPath = weights
    request.dataPath = run.dataPath
    request.configuration = row.job?.training?.request?.configuration ?? run.path + "/config.toml"
    request.overrides = []
    request.initialPath = ""
    return request
  }

  private mutating func setUp(_ request: TrainingRequest, _ app: AppState) -> [StudioEffect] {
    form = TrainForm(request)
    showsSecond = false
    player.isZoomed = false
    return setupChanged(app)
  }

  private mutating func start(
    _ app: AppState, onCluster: Bool = false
  ) -> [StudioEffect] {
    guard let request = form?.chosen else { return [] }
    guard let preparation = app.preparation(of: request) else {
      return [.notify(Notice(.information, "the videos are still being looked at"))]
    }
    // What it lacks may have come since.
    if let problem = preparation.problem {
      return [.notify(problem), .query(.checkTraining(request))]
    }
    form?.begin()
    form = nil
    guard !onCluster else { return [.order(.submitTraining(request))] }
    awaitedName = request.name
    var effects: [StudioEffect] = [.order(.train(request))]
    if let job = app.heavyJob {
      effects.append(
        .notify(
          Notice(
            .information, "\(request.name) starts when job \(job.id.rawValue) is over",
            remedy: "\(ScreenID.queue.keyName) shows the queue")))
    }
    return effects
  }

  private mutating func reuse(_ app: AppState) -> [StudioEffect] {
    guard let row = selected(app) else { return [Self.noRun(app)] }
    var request =
      row.job?.training?.request
      ?? TrainingRequest(
        stage: row.stage, configuration: row.id + "/config.toml",
        dataPath: row.run?.dataPath ?? "")
    request.name = ""
    return setUp(request, app)
  }

  // MARK: Runs

  private static func noRun(_ app: AppState) -> StudioEffect {
    .notify(
      Notice(.information, "there is no run yet", remedy: "\(app.keys[.new]) sets one up"))
  }

  private func goOn(_ app: AppState) -> [StudioEffect] {
    guard let row = selected(app) else { return [Self.noRun(app)] }
    switch row.state {
    case .running, .stopping:
      return [.notify(Notice(.information, "\(row.name) is being trained"))]
    case .waiting:
      return [.notify(Notice(.information, "\(row.name) waits for its turn"))]
    case .complete:
      return [
        .notify(
          Notice(
            .information, "\(row.name) has done all its steps",
            remedy: "\(app.keys[.reuse]) sets up another training like it"))
      ]
    case .elsewhere:
      return [.notify(Notice(.warning, "another process is training \(row.name)"))]
    case .damaged(let sentence): return [.notify(Notice(.error, sentence))]
    case .stopped, .failed:
      if let job = row.job, !job.state.isOver { return [.job(.resume(job.id))] }
      if let job = row.job, row.run == nil { return [.job(.resume(job.id))] }
      return [.order(.resumeTraining(row.id))]
    }
  }

  private func stop(_ app: AppState) -> [StudioEffect] {
    let running = app.trainingRows.first { $0.state == .running }
    let row = selected(app).flatMap { $0.state == .waiting ? $0 : nil } ?? running
    guard let row, let job = row.job else {
      return [
        .notify(
          Notice(
            .information, "nothing is being trained",
            remedy: "\(app.keys[.run]) lets a stopped run go on"))
      ]
    }
    return job.stop(app)
  }

  private func open(_ app: AppState) -> [StudioEffect] {
    guard let row = selected(app) else { return [Self.noRun(app)] }
    guard row.run?.weightsPath != nil else {
      return [
        .notify(
          Notice(
            .information, "\(row.name) has no trained network yet",
            remedy: "It is written with the samples, and when the run stops"))
      ]
    }
    // The answer tells of an autoencoder, with which no videos can be made yet.
    let opened = StudioEffect.library(.openModel(path: row.id))
    guard row.stage == .diffusion else { return [opened] }
    return [
      opened,
      .notify(
        Notice(
          .success, "\(row.name) is among the models, and in use",
          remedy: "\(ScreenID.make.keyName) makes videos with it")),
    ]
  }
}
