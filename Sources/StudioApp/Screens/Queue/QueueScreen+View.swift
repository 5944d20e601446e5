import EvaluationKit
import HandwrittenText
import RunKit
import StudioKit
import StudioLink
import TerminalUI

extension QueueScreen {
  /// What a column of the table tells of a job.
  enum Column: Sendable, Hashable {
    case number, title, model, settings, seed, state, clips, time

    fileprivate var tableColumn: Table.Column {
      switch self {
      case .number: .init("#", width: .fixed(4), alignsRight: true)
      case .title: .init("job", width: .fill(3))
      case .model: .init("model", width: .fill(2).limited(8, 16))
      case .settings: .init("settings", width: .fill(3).limited(14, 30))
      case .seed: .init("seed", width: .fixed(11), alignsRight: true)
      case .state: .init("state", width: .fixed(11))
      case .clips: .init("clips", width: .fixed(6), alignsRight: true)
      case .time: .init("time", width: .fixed(7), alignsRight: true)
      }
    }

    /// Columns that it takes where that does not follow from what it holds.
    fileprivate var fixedWidth: Int {
      switch self {
      case .number: 4
      case .seed, .state: 11
      case .clips: 6
      case .time: 7
      case .title, .model, .settings: 0
      }
    }
  }

  /// A row for each job.
  func rows(_ app: AppState, _ columns: [Column]) -> [Table.Row] {
    app.jobs.map { job in
      Table.Row(columns.map { Self.text($0, of: job, app) }, role: job.state.role)
    }
      + app.clusterJobs.map { job in
        Table.Row(columns.map { Self.text($0, of: job) }, role: job.role)
      }
  }

  private static func text(_ column: Column, of job: Job, _ app: AppState) -> String {
    let task = job.generation
    return switch column {
    case .number: "\(job.id.rawValue)"
    case .title: job.title(app)
    case .model: task?.model.name ?? job.evaluation?.sourceName ?? job.training?.name ?? ""
    case .settings:
      task.map { $0.runCount > 1 ? "recipe of \($0.runCount) runs" : $0.settings.shortText }
        ?? job.evaluation.map { "\(counted($0.clips, "clip")) of \($0.frames) frames" }
        ?? job.training?.request.map { "\($0.stage.rawValue), \($0.configuration.fileName)" } ?? ""
    case .seed: task.map { "\($0.settings.seed)" } ?? ""
    case .state: job.stateText(app)
    case .clips: job.clipText
    case .time: job.timeText(app)
    }
  }

  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    guard !area.showsOnePane else {
      if showsDetails || editor != nil {
        drawDetails(in: &buffer, area: area, app, context)
      } else {
        drawTable(in: &buffer, area: area, app, [.number, .title, .state, .clips])
      }
      return
    }
    if area.width >= 140 {
      let parts = Layout.split(area, .horizontal, [.fill(), .fixed(52)])
      drawTable(
        in: &buffer, area: parts[0], app,
        [.number, .title, .model, .settings, .seed, .state, .clips, .time])
      drawDetails(in: &buffer, area: parts[1], app, context)
    } else if editor != nil {
      let parts = Layout.split(area, .horizontal, [.fill(), .fixed(40)])
      drawTable(in: &buffer, area: parts[0], app, [.number, .title, .state])
      drawDetails(in: &buffer, area: parts[1], app, context)
    } else {
      let parts = Layout.split(area, .vertical, [.fill(), .fixed(rowCount(app) == 0 ? 0 : 9)])
      drawTable(
        in: &buffer, area: parts[0], app,
        [.number, .title, .settings, .state, .clips, .time])
      drawDetails(in: &buffer, area: parts[1], app, context)
    }
  }

  /// The columns of a table: all that are wanted, without those that the details tell too where titles or
  /// settings would be cut for them.
  ///
  /// - Returns: The columns, and how wide those are whose texts are known to fit.
  private func fitting(
    _ wanted: [Column], in width: Int, _ app: AppState
  ) -> (columns: [Column], widths: [Column: Int]) {
    func longest(_ column: Column) -> Int {
      rows(app, [column]).map { CharacterWidth.columns(of: $0.text) }.max() ?? 0
    }
    let flexible: [Column: Int] = [
      .title: longest(.title), .model: max(longest(.model), 5),
      .settings: max(longest(.settings), 8),
    ]
    func needed(_ columns: [Column]) -> Int {
      columns.reduce(-1) { $0 + (flexible[$1] ?? $1.fixedWidth) + 1 }
    }
    let choices = [[], [.model], [.model, .seed]].map { (left: [Column]) in
      wanted.filter { !left.contains($0) }
    }
    guard let fitting = choices.first(where: { needed($0) <= width }) else {
      // Titles are cut, but not for columns that the settings leave blank.
      let titlesAlone = choices[2].filter { $0 != .settings }
      let free = width - 1 - (needed(titlesAlone) - longest(.title))
      return (choices[2], [.settings: min(longest(.settings), max(free / 2, 14))])
    }
    // The titles take what the others leave.
    return (fitting, flexible.filter { $0.key != .title })
  }

  private func drawTable(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ wanted: [Column]
  ) {
    let inner = Border(title: "Queue", subtitle: summary(app), isFocused: editor == nil)
      .draw(in: &buffer, area: area)
    guard rowCount(app) > 0 else {
      EmptyState(
        "The queue is empty", lines: ["What is to be made waits here, and survives a restart."],
        keys: [
          ScreenID.make.entry("shows Make, \(app.keys[.add]) there adds a video"),
          ScreenID.extend.entry("shows Extend, \(app.keys[.extend]) there adds a clip"),
        ]
      ).draw(in: &buffer, area: inner)
      return
    }
    let (columns, widths) = fitting(wanted, in: inner.width, app)
    let tableColumns = columns.map { column in
      var shown = column.tableColumn
      if let width = widths[column] { shown.width = .fixed(max(width, shown.title.count)) }
      return shown
    }
    Table(columns: tableColumns, rows: rows(app, columns))
      .draw(in: &buffer, area: inner, state: table, isFocused: editor == nil)
  }

  /// `1 running, 3 waiting, 1 failed`.
  private func summary(_ app: AppState) -> String {
    let kinds: [(String, (JobState) -> Bool)] = [
      ("running", { $0 == .running }), ("waiting", { $0 == .waiting }),
      ("paused", { $0 == .paused }), ("interrupted", { $0 == .interrupted }),
      ("failed", { if case .failed = $0 { true } else { false } }),
    ]
    var parts = kinds.compactMap { name, isKind in
      let count = app.jobs.count { isKind($0.state) }
      return count > 0 ? "\(count) \(name)" : nil
    }
    let onCluster = app.clusterJobs.count { !$0.state.isOver }
    if onCluster > 0 { parts.append("\(onCluster) on the cluster") }
    return parts.joined(separator: ", ")
  }

  // MARK: Details

  private func drawDetails(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    guard area.height > 2 else { return }
    if let editor {
      let inner = Border(
        title: "Job \(editor.job.rawValue)", subtitle: "settings", footer: "Esc leaves",
        isFocused: true
      ).draw(in: &buffer, area: area)
      editor.form.draw(in: &buffer, area: inner)
      return
    }
    if let job = selectedClusterJob(app) {
      return drawDetails(of: job, in: &buffer, area: area)
    }
    guard let job = selected(app) else {
      _ = Border(title: "Details").draw(in: &buffer, area: area)
      return
    }
    let panel = JobPanel(job, app)
    let inner = Border(title: panel.title, subtitle: job.title(app))
      .draw(in: &buffer, area: area)
    let picture = picture(app)
    // Beside the table there is room for what happens above the facts; below it they share rows.
    if area.width >= 80 {
      let width = picture == nil ? 0 : Int((Double(inner.height) / app.cellRatio).rounded())
      let parts = Layout.split(
        inner, .horizontal, gap: 2,
        (width > 0 ? [.fixed(width)] : []) + [.fill(), .fixed(34)])
      if let picture {
        ClipPlayer.draw(picture, isMoving: false, in: &buffer, area: parts[0], app, context)
      }
      panel.draw(in: &buffer, area: parts[parts.count - 2])
      FactList(facts(job, app)).draw(in: &buffer, area: parts[parts.count - 1])
    } else {
      let rows = picture == nil || inner.height < 24 ? 0 : inner.height / 3
      let parts = Layout.split(
        inner.inset(top: rows > 0 ? rows + 1 : 0), .vertical, gap: 1,
        [.fixed(min(inner.height / 3, 7)), .fill()])
      if rows > 0, let picture {
        let place = Rectangle(
          column: inner.column, row: inner.row, width: inner.width, height: rows)
        ClipPlayer.draw(picture, isMoving: false, in: &buffer, area: place, app, context)
      }
      panel.draw(in: &buffer, area: parts[0])
      FactList(facts(job, app)).draw(in: &buffer, area: parts[1])
    }
  }

  private func facts(_ job: Job, _ app: AppState) -> [FactList.Fact] {
    if let task = job.evaluation { return evaluationFacts(task) }
    if let task = job.training { return trainingFacts(task) }
    guard let task = job.generation else {
      guard case .export(let export) = job.task else { return [] }
      return export.paths.map { FactList.Fact("file", $0) }
        + [FactList.Fact("enlarged", "x\(export.scale)")]
    }
    let settings = task.settings
    var facts = [
      FactList.Fact("model", task.model.name),
      FactList.Fact(
        "settings", task.runCount > 1 ? "recipe of \(task.runCount) runs" : settings.shortText),
      FactList.Fact("seed", "\(settings.seed)"),
      FactList.Fact(
        "clips", task.clipCount.map { "\(job.finishedClips) of \($0)" } ?? "until stopped"),
      FactList.Fact("precision", settings.precision.rawValue),
      FactList.Fact("device", settings.deviceWords),
      FactList.Fact("preview", settings.preview.rawValue),
    ]
    if let lead = task.lead { facts.insert(FactList.Fact("leads", lead.text), at: 3) }
    if let seconds = job.secondsTaken {
      facts.insert(FactList.Fact("took", PaceText.time(seconds)), at: 4)
    }
    return facts
  }

  private func evaluationFacts(_ task: EvaluateTask) -> [FactList.Fact] {
    var facts = [FactList.Fact("measures", task.metric.title)]
    facts.append(.init(task.model == nil ? "videos" : "model", task.sourceName))
    if task.metric.takes(.data) { facts.append(.init("data", task.data)) }
    if task.metric.takes(.clips) {
      facts.append(.init("clips", "\(task.clips) of \(task.frames) frames"))
    }
    if task.generates {
      var settings = task.settings
      settings.clipCount = task.frames > 16 ? nil : 1
      facts.append(.init("settings", settings.shortText))
    }
    return facts
  }

  private func trainingFacts(_ task: TrainTask) -> [FactList.Fact] {
    guard let request = task.request else { return [.init("folder", task.runFolder)] }
    return [
      .init("stage", request.stage.rawValue), .init("settings", request.configuration),
      .init("data", request.dataPath), .init("folder", task.runFolder),
    ]
  }

  // MARK: Hints and details

  package func hints(_ app: AppState) -> [HelpEntry] {
    if editor != nil { return SettingsForm.hints + Self.formSection.entries }
    if let job = selectedClusterJob(app) {
      let order: [ActionName] =
        job.state.isOver ? [.clear, .copy, .extend] : [.stop, .copy, .extend, .clear]
      return order.compactMap { Self.section.row($0, hint: $0 == .stop ? "cancel" : nil) }
    }
    let job = selected(app)
    let order: [ActionName] =
      switch job?.state {
      case nil: []
      case .waiting:
        [.settings, .run, .earlier, .later, .pause, .stop, .stopAll, .add, .clear, .extend]
      case .failed, .interrupted: [.pause, .extend, .add, .stopAll, .clear]
      case .running, .paused: [.pause, .stop, .stopAll, .extend, .add, .clear]
      case .finished, .cancelled: [.extend, .add, .clear, .stopAll]
      }
    return order.compactMap {
      Self.section.row($0, hint: $0 == .pause ? job?.pauseName : nil)
    }
  }

  package func information(_ app: AppState) -> [(name: String, value: String)] {
    if let job = selectedClusterJob(app) {
      return [("job", job.title)] + facts(job).map { ($0.name, $0.value) }
    }
    guard let job = selected(app) else { return [] }
    return [("job", "\(job.id.rawValue)"), ("what", job.title(app))]
      + [("state", job.stateText(app))] + facts(job, app).map { ($0.name, $0.value) }
  }
}

extension JobState {
  /// How a job in this state is drawn.
  var role: Role {
    switch self {
    case .waiting: .text
    case .running: .accent
    case .paused, .interrupted: .warning
    case .finished: .success
    case .cancelled: .secondary
    case .failed: .error
    }
  }
}

extension Job {
  /// What it is, for the clipboard: of what makes clips the settings.
  func copyText(_ app: AppState) -> String {
    guard let task = generation else { return title(app) }
    return "\(task.model.name)  seed \(task.settings.seed)  \(task.settings.shortText)"
  }

  /// Where it stands, in a word.
  func stateText(_ app: AppState) -> String {
    switch state {
    case .waiting: return "waiting"
    case .running:
      let progress = app.progress(of: self)
      return progress?.isStopping == true ? "stopping" : ProgressNotes.short(progress)
    case .paused: return "paused"
    case .interrupted: return "interrupted"
    case .finished:
      return clipCount.map { finishedClips < $0 } == true ? "stopped" : "finished"
    case .cancelled: return "cancelled"
    case .failed: return "failed"
    }
  }

  /// Time that is left of it, or that it took.
  func timeText(_ app: AppState) -> String {
    if state == .running {
      return app.progress(of: self)?.secondsLeft.map { "-" + PaceText.time($0) } ?? ""
    }
    return secondsTaken.map(PaceText.time) ?? ""
  }

  /// The video that it works on, if it works on one.
  var video: VideoID? {
    switch task {
    case .generate(let task): task.video
    case .export(let task): task.video
    case .evaluate, .train: nil
    }
  }
}
