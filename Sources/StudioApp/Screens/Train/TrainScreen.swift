import StudioKit
import TerminalUI
import TrainingKit

/// The training runs: setting one up, watching it, stopping it and letting it go on.
package struct TrainScreen: StudioScreen {
  /// The selected row and the search.
  var table = TableState()
  /// The selected run, which stays selected wherever it moves.
  package internal(set) var selectedID: String?
  /// The name of a run that was just started, to be selected once it is there.
  var awaitedName: String?
  /// The training that is being set up; `nil` while runs are watched.
  package internal(set) var form: TrainForm?
  /// The number whose curve is shown, by name; `nil` for the loss.
  var curveName: String?
  /// Whether the curve's height is a logarithm.
  var isLogarithmic = true
  /// Plays the samples.
  var player = ClipPlayer()
  /// The video of samples that the player shows, and the one that was asked for.
  var shownSample: String?
  var requestedSample: String?
  /// The path whose completion was asked for and did not come yet.
  var askedCompletion: String?
  /// Whether a small window shows the run, or what is known of a new one, in place of the list or form.
  var showsSecond = false

  package init() {}

  /// The run that is shown.
  func selected(_ app: AppState) -> TrainRow? {
    let rows = app.trainingRows
    return rows.first { $0.id == selectedID } ?? rows.first
  }

  package var isTyping: Bool { table.search.isTyping || form?.isTyping == true }

  package func takesDigits(_ app: AppState) -> Bool { form?.takesDigits ?? false }

  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] {
    guard form == nil else {
      form?.paste(text)
      return []
    }
    table.paste(text, texts: app.trainingRows.map(\.name), page: Self.page)
    return followSelection(app)
  }

  package mutating func goBack() -> Bool {
    if player.leaveZoom() { return true }
    if form?.goBack() == true { return true }
    if showsSecond {
      showsSecond = false
      return true
    }
    defer { form = nil }
    return form != nil
  }

  // MARK: Follow the state

  package mutating func refresh(_ app: AppState) -> [StudioEffect] {
    let rows = app.trainingRows
    if !app.showsOnePane { showsSecond = false }
    if let new = rows.first(where: { $0.name == awaitedName }) {
      selectedID = new.id
      awaitedName = nil
    }
    if let index = rows.firstIndex(where: { $0.id == selectedID }) { table.selected = index }
    table.scroll(count: rows.count, page: Self.page)
    selectedID = rows.isEmpty ? nil : rows[table.selected].id
    if let completion = app.pathCompletion, completion.typed == askedCompletion {
      form?.complete(completion)
      askedCompletion = nil
    }
    let chosen = form?.chosen
    followForm(app)
    // Runs and models that were found may have given it another name or an autoencoder.
    let changed = form?.chosen == chosen ? [] : check()
    return changed + followSample(app)
  }

  /// Keeps what is set up, and has it looked at.
  func check() -> [StudioEffect] {
    guard let request = form?.chosen else { return [] }
    return [.remember(.training(request)), .query(.checkTraining(request))]
  }

  /// Rows that a page of the table moves by.
  static let page = 10

  mutating func followForm(_ app: AppState) {
    guard let chosen = form?.chosen else { return }
    let check = app.trainingCheck.flatMap { $0.request == chosen ? $0 : nil }
    let names = Set(app.trainingRows.map(\.name))
    form?.follow(
      choices: app.autoencoderChoices, loaded: check?.preparation.configuration,
      isTaken: names.contains)
  }

  /// Shows the newest samples of the selected run, and asks for them where they are not in memory.
  private mutating func followSample(_ app: AppState) -> [StudioEffect] {
    let path = selected(app)?.run?.samplePath
    guard let path else {
      if shownSample != nil { player.show([], startsOver: true) }
      shownSample = nil
      return []
    }
    if let sample = app.trainingSample, sample.path == path {
      if shownSample != path {
        player.show(
          [sample.strip], framesPerSecond: sample.framesPerSecond, startsOver: shownSample == nil)
        shownSample = path
      }
      return []
    }
    guard requestedSample != path else { return [] }
    requestedSample = path
    return [.query(.loadTrainingSample(path: path))]
  }

  package func frameInterval(_ app: AppState) -> Duration? {
    form == nil ? player.interval : nil
  }

  package mutating func advance(_ app: AppState) { player.advance() }

  /// The name of the number whose curve is shown of a run; `nil` while nothing was logged.
  package func shownName(of run: TrainingRunEntry) -> String? { curve(of: run)?.name }

  /// The curve that is shown of a run.
  func curve(of run: TrainingRunEntry) -> TrainCurve? {
    let names = TrainCurve.names(of: run)
    let name = curveName.flatMap { names.contains($0) ? $0 : nil } ?? names.first
    return name.flatMap { TrainCurve($0, of: run) }
  }
}

extension AppState {
  /// Autoencoders that a denoiser can be trained for: those of runs, then those of models.
  var autoencoderChoices: [TrainForm.Choice] {
    let ofRuns = trainingRuns.compactMap { run in
      run.stage == .autoencoder
        ? run.weightsPath.map { TrainForm.Choice("run \(run.name)", $0) } : nil
    }
    let ofModels = models.compactMap { model in
      model.autoencoder == nil
        ? nil : model.reference.autoencoder.map { TrainForm.Choice(model.reference.name, $0) }
    }
    return ofRuns + ofModels
  }

  /// What was found out about a training that is set up.
  func preparation(of request: TrainingRequest) -> TrainingPreparation? {
    trainingCheck.flatMap { $0.request == request ? $0.preparation : nil }
  }

  /// The job that keeps the processors busy, if one does.
  var heavyJob: Job? {
    runningJob.flatMap { job in
      if case .export = job.task { nil } else { job }
    }
  }
}
