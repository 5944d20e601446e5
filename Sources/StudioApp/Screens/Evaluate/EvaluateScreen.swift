import EvaluationKit
import RunKit
import StudioKit
import TerminalUI

/// Measures models: sets an evaluation up, follows it, and shows the scores that are stored, one by one
/// or two side by side.
package struct EvaluateScreen: StudioScreen {
  /// What is shown.
  package enum Page: Sendable, Hashable {
    /// The evaluation to do next, and the scores.
    case main
    /// A score with everything that it depends on.
    case report(EvaluationID)
    /// Two scores side by side.
    case comparison(EvaluationID, EvaluationID)
  }

  /// The parts of the main page, of which one has the keys.
  package enum Pane: Sendable, Hashable { case setup, scores }

  /// What is shown.
  package internal(set) var page = Page.main
  /// The part that has the keys.
  package internal(set) var pane = Pane.setup
  /// The evaluation that is set up.
  package internal(set) var form: EvaluateForm
  /// The selected row of the scores and the search.
  var table = TableState()
  /// The selected score, which stays selected when others come.
  package internal(set) var selectedID: EvaluationID?
  /// The score that another is to be compared with.
  package internal(set) var markedID: EvaluationID?
  /// Rows that a report is scrolled by, and the row of a comparison.
  var scroll = 0
  var rowOfComparison = TableState()
  /// The failed job whose error gave way to what was set up after it.
  var passedJob: JobID?
  private var hasBegun = false
  private var checked: EvaluateTask?
  private var estimates = EstimateRequests()

  package init() {
    form = EvaluateForm(EvaluateTask(.drift, of: nil))
  }

  /// The selected score.
  func selected(_ app: AppState) -> StoredEvaluation? {
    app.evaluations.first { $0.id == selectedID } ?? app.evaluations.first
  }

  package var isTyping: Bool {
    switch page {
    case .main: form.isTyping || table.search.isTyping
    case .report: false
    case .comparison: rowOfComparison.search.isTyping
    }
  }

  package func takesDigits(_ app: AppState) -> Bool {
    page == .main && pane == .setup && form.takesDigits
  }

  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] {
    if form.isTyping {
      form.paste(text)
    } else if case .comparison = page {
      rowOfComparison.paste(text, texts: comparisonTexts(app), page: comparisonPage(app))
    } else {
      table.paste(text, texts: scoreTexts(app), page: Self.tablePage)
      followSelection(app)
    }
    return []
  }

  package mutating func goBack() -> Bool {
    if form.goBack() { return true }
    guard page != .main else { return false }
    page = .main
    return true
  }

  // MARK: Follow the state

  package mutating func refresh(_ app: AppState) -> [StudioEffect] {
    guard app.isReady else { return [] }
    begin(app)
    form.follow(app)
    if let index = app.evaluations.firstIndex(where: { $0.id == selectedID }) {
      table.selected = index
    }
    table.scroll(count: app.evaluations.count, page: Self.tablePage)
    selectedID = app.evaluations.isEmpty ? nil : app.evaluations[table.selected].id
    if !app.evaluations.contains(where: { $0.id == markedID }) { markedID = nil }
    switch page {
    case .main: break
    case .report(let id): if !app.evaluations.contains(where: { $0.id == id }) { page = .main }
    case .comparison: if comparison(app) == nil { page = .main }
    }
    return check() + estimate(app)
  }

  /// Rows that a page of the table moves by.
  static let tablePage = 10

  /// Takes up the evaluation that was set up last, else the usual one of the model in use.
  private mutating func begin(_ app: AppState) {
    guard !hasBegun, app.evaluation != nil || app.model != nil else { return }
    hasBegun = true
    // What needs nothing but the model can be measured at once.
    var task = EvaluateTask(.drift, of: app.model?.reference)
    task.settings = app.settings
    form = EvaluateForm(app.evaluation ?? task)
  }

  /// Asks again what is missing: files may have come since.
  mutating func checkAgain() -> [StudioEffect] {
    checked = nil
    return check()
  }

  /// Asks what is missing, once for each change.
  private mutating func check() -> [StudioEffect] {
    guard form.task != checked else { return [] }
    checked = form.task
    return [.query(.checkEvaluation(form.task))]
  }

  /// What is missing, once that is known; what the selected line is about comes first.
  func unmetRequirements(_ app: AppState) -> [EvaluationRequirement]? {
    guard let check = app.evaluationCheck, check.task == form.task else { return nil }
    let selected = form.subject
    return check.unmet.filter { $0.subject == selected }
      + check.unmet.filter { $0.subject != selected }
  }

  // MARK: What it would take

  /// Asks what one video takes.
  private mutating func estimate(_ app: AppState) -> [StudioEffect] {
    guard let key = estimateKey(app) else { return [] }
    return estimates.ask(key, app)
  }

  /// One of the videos, without what changes nothing about its cost.
  func estimateKey(_ app: AppState) -> AppState.EstimateKey? {
    let task = form.task
    guard task.generates, task.metric.judged == .videos, let model = task.model,
      let entry = app.models.first(where: { $0.reference == model }), entry.canGenerate
    else { return nil }
    let length = max(entry.autoencoder?.clipLength ?? 16, 1)
    var settings = task.settings
    settings.seed = 0
    settings.isSeedLocked = false
    settings.preview = .off
    settings.clipCount = (task.frames + length - 1) / length
    return AppState.EstimateKey(model: model, settings: settings)
  }

  /// Takes note of a change of what is set up.
  mutating func setupChanged(_ app: AppState) -> [StudioEffect] {
    passedJob = app.jobs.first { $0.evaluation != nil }?.id
    return [.remember(.evaluation(form.task))] + check() + estimate(app)
  }

  // MARK: The job

  /// The evaluation to show: the one that runs, else one that waits or is held, else one that failed
  /// since the last change of what is set up.
  func shownJob(_ app: AppState) -> Job? {
    let jobs = app.jobs.filter { $0.evaluation != nil }
    if let open = jobs.first(where: { !$0.state.isOver }) { return open }
    guard let last = jobs.first, last.id != passedJob, case .failed = last.state else { return nil }
    return last
  }

  // MARK: Undo

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    form.undo() ? setupChanged(app) : [.notify(.nothingToUndo)]
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    form.redo() ? setupChanged(app) : [.notify(.nothingToRedo)]
  }

  // MARK: Two scores

  /// The comparison that is shown; `nil` if one of the scores is gone.
  func comparison(_ app: AppState) -> ScoreComparison? {
    guard case .comparison(let first, let second) = page else { return nil }
    return ScoreComparison(first, second, app)
  }
}
