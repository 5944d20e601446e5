import EvaluationKit
import RunKit
import StudioKit
import StudioLink
import TerminalUI

extension EvaluateScreen {
  /// What can be done here.
  package static let section = HelpSection(
    title: "Evaluate",
    entries: [
      ActionName.run.row("run", "do this evaluation, or go on with one that stopped"),
      ActionName.stop.row("stop", "stop it; what was computed is kept"),
      ActionName.pause.row("pause", "pause, go on or try again"),
      ActionName.mark.row("mark", "mark this score"),
      ActionName.compare.row("compare", "this score beside the marked one"),
      ActionName.reuse.row("reuse", "set up the selected evaluation again"),
      ActionName.remove.row("forget", "forget the selected score"),
      ActionName.copy.row("", "copy the score to the clipboard"),
      ActionName.lookAgain.row("", "read the scores again, which commands may add"),
      ActionName.pane.row("pane", "what is set up, or the scores"),
    ])

  private static let reportHelp = HelpSection(
    title: "A score",
    entries: [
      HelpEntry(
        keys: [.enter], name: "open", help: "everything that it depends on, and its curves"),
      HelpEntry(keys: Movement.down.keys + Movement.up.keys, name: "", help: "scroll"),
      HelpEntry(
        keys: [.character("h"), .character("l")], name: "", help: "the score before and after"),
    ])

  package func sections(_ app: AppState) -> [HelpSection] {
    var own = Self.section
    // Beside two scores there is no telling which one a key would mean.
    if case .comparison = page {
      let unclear: Set<ActionName> = [.mark, .compare, .reuse, .remove, .copy]
      own.entries.removeAll { ActionName(rawValue: $0.command).map(unclear.contains) ?? false }
    }
    let others =
      page == .main && pane == .setup
      ? [SettingsForm.helpSection]
      : [Self.reportHelp, HelpSection(title: "Lists", entries: Movement.helpEntries)]
    return [own] + others
  }

  package mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if form.isTyping { return edit(key, app) }
    switch page {
    case .report: return handleInReport(key, app)
    case .comparison: return handleInComparison(key, app)
    case .main: return pane == .setup ? edit(key, app) : handleInScores(key, app)
    }
  }

  private mutating func edit(_ key: Key, _ app: AppState) -> [StudioEffect] {
    form.handle(key) ? setupChanged(app) : []
  }

  private mutating func handleInScores(_ key: Key, _ app: AppState) -> [StudioEffect] {
    let outcome = table.handle(key, texts: scoreTexts(app), page: Self.tablePage)
    followSelection(app)
    if case .activated = outcome, let selectedID { open(.report(selectedID)) }
    return table.effects(of: outcome)
  }

  /// The scores in words, for the search.
  func scoreTexts(_ app: AppState) -> [String] { rows(app, ScoreColumn.wide).map(\.text) }

  /// Takes what is selected in the table.
  mutating func followSelection(_ app: AppState) {
    guard app.evaluations.indices.contains(table.selected) else { return }
    selectedID = app.evaluations[table.selected].id
  }

  mutating func open(_ page: Page) {
    self.page = page
    scroll = 0
    rowOfComparison = TableState()
  }

  private mutating func handleInReport(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard let movement = Movement(key) else { return [] }
    switch movement {
    case .left, .right: step(by: movement == .left ? -1 : 1, app)
    default:
      guard let stored = selected(app) else { return [] }
      let size = app.windowSize
      let view = ReportView(stored)
      let lines = view.lineCount(width: view.textWidth(in: size.columns))
      // Rows of the window that a report has: all but the studio's and those of its frame.
      let page = max(size.rows - StudioModel.frameRows - 2, 1)
      let last = max(lines - page, 0)
      scroll = min(movement.applied(to: scroll, count: last + 1, page: page), last)
    }
    return []
  }

  /// Goes to another score's report.
  private mutating func step(by offset: Int, _ app: AppState) {
    let index = table.selected + offset
    guard app.evaluations.indices.contains(index) else { return }
    table.selected = index
    selectedID = app.evaluations[index].id
    open(.report(app.evaluations[index].id))
  }

  private mutating func handleInComparison(_ key: Key, _ app: AppState) -> [StudioEffect] {
    let outcome = rowOfComparison.handle(
      key, texts: comparisonTexts(app), page: comparisonPage(app))
    return rowOfComparison.effects(of: outcome)
  }

  /// The rows of the comparison that is shown in words, for the search.
  func comparisonTexts(_ app: AppState) -> [String] {
    (comparison(app)?.rows ?? []).map(\.text)
  }

  /// Rows of a comparison that are seen at once.
  func comparisonPage(_ app: AppState) -> Int {
    max(app.windowSize.rows - StudioModel.frameRows - 5, 1)
  }

  // MARK: Actions

  package mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    guard sections(app).first?.actions.contains(action) == true else { return nil }
    switch action {
    case .run: return run(app)
    case .stop: return shownJob(app)?.stop(app) ?? [Self.nothingRuns(app)]
    case .pause: return shownJob(app)?.pauseOrResume() ?? [Self.nothingRuns(app)]
    case .pane:
      guard page == .main else { return [] }
      pane = pane == .setup ? .scores : .setup
    case .mark: return mark(app)
    case .compare: return compare(app)
    case .reuse: return reuse(app)
    case .copy:
      guard let stored = selected(app) else { return [Self.noScore(app)] }
      let scores = stored.report.scores.map { "\($0.name) \($0.text)" }.joined(separator: ", ")
      return [
        .copy(
          "\(stored.report.metric.title) of \(stored.report.protocol.source): \(scores)",
          what: "the score")
      ]
    case .remove:
      guard let stored = selected(app) else { return [Self.noScore(app)] }
      return [
        .confirm(
          title: "Forget this score?",
          lines: [
            "\(stored.report.metric.title) of \(stored.report.protocol.source)",
            "Its report stays in \(stored.folder.fileName)/.",
          ], confirmed: [.library(.forgetEvaluation(stored.id))])
      ]
    case .lookAgain: return [.query(.findEvaluations)] + checkAgain()
    default: return nil
    }
    return []
  }

  private static func nothingRuns(_ app: AppState) -> StudioEffect {
    .notify(
      Notice(
        .information, "no evaluation runs",
        remedy: "\(app.keys[.run]) begins the one that is set up"))
  }
  private static func noScore(_ app: AppState) -> StudioEffect {
    .notify(
      Notice(
        .information, "no score is stored yet",
        remedy: "\(app.keys[.run]) does the evaluation that is set up"))
  }

  /// Queues what is set up, or lets an evaluation go on that was stopped, which would be lost sight of
  /// beside a new one.
  private mutating func run(_ app: AppState) -> [StudioEffect] {
    if let job = shownJob(app), job.state == .paused || job.state == .interrupted {
      return [
        .job(.resume(job.id)),
        .notify(
          Notice(
            .information, "\(job.title(app)) goes on",
            remedy: "\(app.keys[.stop]) twice ends it for another")),
      ]
    }
    if let requirement = unmetRequirements(app)?.first {
      return [.notify(Notice(.warning, requirement.sentence, remedy: requirement.remedy))]
        + checkAgain()
    }
    page = .main
    let ahead = app.jobs.filter {
      ($0.state == .running || $0.state == .waiting) && !$0.isExport
    }
    let waits: [StudioEffect] =
      ahead.first.map {
        [
          .notify(
            Notice(
              .information, "it waits for job \($0.id.rawValue), \($0.title(app))",
              remedy: "\(ScreenID.queue.keyName) shows the queue"))
        ]
      } ?? []
    return [.remember(.evaluation(form.task)), .order(.evaluate(form.task))] + waits
  }

  private mutating func mark(_ app: AppState) -> [StudioEffect] {
    guard let stored = selected(app) else { return [Self.noScore(app)] }
    markedID = markedID == stored.id ? nil : stored.id
    guard markedID != nil else { return [] }
    return [
      .notify(
        Notice(
          .information, "marked",
          remedy: "\(app.keys[.compare]) on another score shows it beside this one"))
    ]
  }

  private mutating func compare(_ app: AppState) -> [StudioEffect] {
    guard let stored = selected(app) else { return [Self.noScore(app)] }
    guard let markedID, markedID != stored.id else {
      return [
        .notify(
          Notice(
            .information,
            "mark one score with \(app.keys[.mark]), then go to another and press \(app.keys[.compare])"
          ))
      ]
    }
    guard ScoreComparison(markedID, stored.id, app) != nil else {
      return [
        .notify(
          Notice(
            .warning, "the two scores measure different things",
            remedy: "Mark one of the same metric with \(app.keys[.mark])"))
      ]
    }
    open(.comparison(markedID, stored.id))
    return []
  }

  private mutating func reuse(_ app: AppState) -> [StudioEffect] {
    guard let stored = selected(app) else { return [Self.noScore(app)] }
    var task = form.task
    task.take(stored.report, models: app.models)
    form.replace(with: task)
    page = .main
    pane = .setup
    return setupChanged(app)
      + [
        .notify(
          Notice(
            .success, "its settings are set up", remedy: "Folders and weights stay as they were"))
      ]
  }
}

extension EvaluateTask {
  /// Takes over how a score was taken, as far as its report tells: it names files, not where they are.
  mutating func take(_ report: EvaluationReport, models: [ModelEntry]) {
    let taken = report.protocol
    metric = report.metric
    model = models.first { $0.reference.name == taken.source }?.reference ?? model
    clips = taken.generatedClips ?? taken.realClips ?? metric.usualClips
    frames = taken.frames ?? metric.usualFrames
    part = taken.split.flatMap(Part.init(rawValue:)) ?? part
    splits = taken.splits ?? splits
    guard let request = taken.request else { return }
    let precision = taken.precision.flatMap(Precision.init(rawValue:)) ?? settings.precision
    settings = GenerationSettings(request)
    settings.precision = precision
    batch = request.sampleCount
  }
}

extension Job {
  /// Whether it writes files, which waits for no run.
  var isExport: Bool {
    if case .export = task { true } else { false }
  }
}
