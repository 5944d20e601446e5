import HandwrittenText
import RunKit
import StudioKit
import StudioLink
import TerminalUI

/// The jobs: what runs, what waits and in which order, what failed and why; and those that were given to a
/// cluster.
package struct QueueScreen: StudioScreen {
  /// The selected row and the search.
  var table = TableState()
  /// The selected job, which stays selected wherever it moves.
  package internal(set) var selectedID: JobID?
  /// The selected job of a cluster; `nil` while one of the studio's own is.
  package internal(set) var selectedClusterID: ClusterJob.ID?
  /// The settings being edited, and whose they are.
  var editor: Editor?
  /// Whether the details have taken the place of the table in a small window.
  var showsDetails = false

  /// A waiting job's settings while they are edited.
  struct Editor: Sendable, Hashable {
    let job: JobID
    var form: SettingsForm
  }

  private var requests = FrameRequests()

  /// Where seeds of jobs come from that are to be like others.
  private var seeds: SeedSource

  /// - Parameter seeds: Where new seeds come from.
  package init(seeds: SeedSource = SeedSource()) { self.seeds = seeds }

  /// The selected job.
  func selected(_ app: AppState) -> Job? {
    selectedID.flatMap(app.job) ?? app.jobs.first
  }

  package func takesDigits(_ app: AppState) -> Bool { editor?.form.takesDigits ?? false }

  /// Whoever comes here wants to see what is done now.
  package mutating func appear(_ app: AppState) {
    if let running = app.runningJob, editor == nil {
      (selectedID, selectedClusterID) = (running.id, nil)
    }
  }

  package var isTyping: Bool { table.search.isTyping || editor?.form.isTyping == true }

  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] {
    guard editor == nil else {
      editor?.form.paste(text)
      return []
    }
    table.paste(text, texts: texts(app), page: Self.page)
    select(row: table.selected, app)
    return []
  }

  package mutating func goBack() -> Bool {
    if editor?.form.goBack() == true { return true }
    if editor != nil {
      editor = nil
      return true
    }
    defer { showsDetails = false }
    return showsDetails
  }

  /// Follows the selected job wherever it moved, and leaves the settings of one that has begun.
  package mutating func refresh(_ app: AppState) -> [StudioEffect] {
    if !app.showsOnePane { showsDetails = false }
    if let index = app.clusterJobs.firstIndex(where: { $0.id == selectedClusterID }) {
      table.selected = app.jobs.count + index
    } else if let index = app.jobs.firstIndex(where: { $0.id == selectedID }) {
      table.selected = index
    }
    table.scroll(count: rowCount(app), page: Self.page)
    select(row: table.selected, app)
    let effects = requests.load([poster(app)].compactMap { $0 }, app)
    guard let editor, app.job(editor.job)?.state != .waiting else { return effects }
    self.editor = nil
    return effects + [
      .notify(
        Notice(
          .warning, "job \(editor.job.rawValue) no longer waits; its settings stay as they are"))
    ]
  }

  /// The clip that stands for the selected job's video.
  private func poster(_ app: AppState) -> ClipID? {
    selected(app)?.video.flatMap { app.video($0) }?.poster
  }

  /// What the selected job makes or works on: the estimate of the clip in progress, or a clip of its video.
  func picture(_ app: AppState) -> PixelImage? {
    if let preview = app.preview, preview.job == selectedID, !preview.strip.images.isEmpty,
      selected(app)?.state == .running
    {
      return preview.strip.images[preview.strip.images.count / 2]
    }
    return poster(app).flatMap { app.frames[$0]?.images.first ?? app.frames.thumbnail($0) }
  }

  /// Rows that a page of the table moves by.
  private static let page = 10

  // MARK: Keys

  /// What can be done here.
  package static let section = HelpSection(
    title: "Queue",
    entries: [
      ActionName.settings.row("settings", "change a waiting job's settings", also: [.enter]),
      ActionName.run.row("run next", "make it the next that runs"),
      ActionName.earlier.row("up", "earlier in the queue"),
      ActionName.later.row("down", "later in the queue"),
      ActionName.add.row("again", "add the same to the queue again, a video with another seed"),
      ActionName.pause.row("pause", "hold back, let go on, or try again"),
      ActionName.stop.row(
        "end", "end this job: a running one after the clip, again after the step"),
      ActionName.stopAll.row("end others", "end all other jobs"),
      ActionName.extend.row("extend", "show its video on Extend, or its screen"),
      ActionName.clear.row("clear", "forget jobs that are over"),
      ActionName.copy.row("", "copy what it is to the clipboard"),
      ActionName.pane.row("", "jobs or details"),
    ])

  /// What can be done while settings are edited.
  package static let formSection = HelpSection(
    title: "A job's settings",
    entries: [ActionName.settings.row("close", "back to the queue", also: [.tab])])

  package func sections(_ app: AppState) -> [HelpSection] {
    guard editor == nil else { return [Self.formSection, SettingsForm.helpSection] }
    return [
      Self.section.offeringPanes(app),
      HelpSection(title: "Lists", entries: Movement.helpEntries),
    ]
  }

  package mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if editor != nil { return edit(key, app) }
    let outcome = table.handle(key, texts: texts(app), page: Self.page)
    select(row: table.selected, app)
    return table.effects(of: outcome)
  }

  /// The jobs in words, for the search.
  private func texts(_ app: AppState) -> [String] {
    rows(app, [.number, .title, .model, .settings, .state]).map(\.text)
  }

  package mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    guard editor == nil else {
      guard action == .settings else { return nil }
      editor = nil
      return []
    }
    guard Self.section.actions.contains(action) else { return nil }
    switch action {
    case .clear:
      let count = app.jobs.count { $0.state.isOver } + app.clusterJobs.count { $0.state.isOver }
      return count > 0
        ? [.job(.clearFinished)]
        : [.notify(Notice(.information, "no job is over yet"))]
    case .pane:
      guard app.showsOnePane else { return nil }
      showsDetails.toggle()
      return []
    default: break
    }
    if let job = selectedClusterJob(app) { return perform(action, on: job, app) }
    guard let job = selected(app) else {
      return [.notify(Notice(.information, "the queue is empty"))]
    }
    switch action {
    case .settings: return beginEditing(job, app)
    case .earlier, .later: return move(job, by: action == .earlier ? -1 : 1, app)
    case .run: return runNext(job, app)
    case .add: return addAgain(job, count: count, app)
    case .pause: return job.pauseOrResume()
    case .stop: return job.stop(app)
    case .stopAll: return cancelOthers(than: job, app)
    case .copy: return [.copy(job.copyText(app), what: "job \(job.id.rawValue)")]
    default:
      guard let video = job.video else {
        return [.show(job.training == nil ? .evaluate : .train)]
      }
      return [.video(.open(video)), .show(.extend)]
    }
  }

  /// Moves a waiting job before all others that wait.
  private func runNext(_ job: Job, _ app: AppState) -> [StudioEffect] {
    guard job.state == .waiting else {
      return [
        .notify(
          Notice(
            .information, "job \(job.id.rawValue) does not wait for a turn",
            remedy: job.state.isOver
              ? "\(app.keys[.add]) adds the same again"
              : "\(app.keys[.pause]) lets one that is held go on"))
      ]
    }
    // Those that are held back have places among those that wait.
    let places = app.openJobs.filter { $0.state != .running }.map(\.id)
    guard let index = places.firstIndex(of: job.id), index > 0 else {
      return [.notify(Notice(.information, "job \(job.id.rawValue) is the next already"))]
    }
    return [
      .job(.move(job.id, by: -index)),
      .notify(
        Notice(
          .success, "job \(job.id.rawValue) runs next", remedy: "\(app.keys[.later]) moves it back")
      ),
    ]
  }

  /// Queues the same work once more, or as often as a number says.
  private mutating func addAgain(_ job: Job, count: Int?, _ app: AppState) -> [StudioEffect] {
    let count = min(count ?? 1, Self.addLimit)
    let orders: [StudioEffect]
    switch job.task {
    case .generate(let task) where task.following == nil:
      orders = (0..<count).map { _ in
        var settings = task.settings
        settings.seed = seeds.next()
        settings.isSeedLocked = true
        switch task.origin {
        case .clip(let clip):
          if let lead = task.lead {
            return .order(
              .lead(
                LeadOrder(
                  video: task.video, clip: clip, fork: task.fork, lead: lead, model: task.model,
                  settings: settings)))
          }
          return .order(
            .extend(
              task.video, after: clip, fork: task.fork, model: task.model, settings: settings))
        case .footage(let path, let firstFrame):
          return .order(
            .makeFromFootage(
              path: path, firstFrame: firstFrame, model: task.model, settings: settings))
        case .nothing: return .order(.make(task.model, settings))
        }
      }
    case .export(let task): orders = [.order(.export(task))]
    case .evaluate(let task): orders = [.order(.evaluate(task))]
    case .generate, .train:
      return [
        .notify(
          Notice(
            .information, "job \(job.id.rawValue) cannot be added again here",
            remedy: job.training == nil
              ? "\(app.keys[.run]) on Make makes a recipe again"
              : "\(app.keys[.reuse]) on Train sets it up"
          ))
      ]
    }
    let what = counted(orders.count, "job")
    return orders
      + [
        .notify(
          Notice(
            .success, "\(what) like \(job.id.rawValue) added", remedy: "\(app.keys[.stop]) ends one"
          ))
      ]
  }

  /// Jobs that are added at once at most.
  private static let addLimit = 100

  private mutating func beginEditing(_ job: Job, _ app: AppState) -> [StudioEffect] {
    guard job.state == .waiting, let task = job.generation else {
      return [
        .notify(
          Notice(
            .warning, "only settings of a job that waits to make clips can be changed",
            remedy: job.state == .running ? "\(app.keys[.stop]) ends it" : ""))
      ]
    }
    guard task.following == nil else {
      return [
        .notify(
          Notice(
            .information, "the runs of a recipe keep their settings",
            remedy: "\(app.keys[.choose]) on a run in Make takes its settings"))
      ]
    }
    editor = Editor(job: job.id, form: SettingsForm(settings: task.settings))
    return []
  }

  /// Every change is told at once: the job might begin at any moment.
  private mutating func edit(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard case .changed = self.editor?.form.handle(key) else { return [] }
    return editedJob
  }

  private var editedJob: [StudioEffect] {
    editor.map { [.job(.edit($0.job, $0.form.settings))] } ?? []
  }

  private func move(_ job: Job, by offset: Int, _ app: AppState) -> [StudioEffect] {
    guard job.state == .waiting else {
      return [.notify(Notice(.information, "only a waiting job has a place to move from"))]
    }
    let waiting = app.jobs.filter { $0.state == .waiting }.map(\.id)
    guard let index = waiting.firstIndex(of: job.id), waiting.indices.contains(index + offset)
    else { return [] }
    return [.job(.move(job.id, by: offset))]
  }

  private func cancelOthers(than job: Job, _ app: AppState) -> [StudioEffect] {
    let others = app.openJobs.filter { $0.id != job.id }
    guard !others.isEmpty else {
      return [.notify(Notice(.information, "there are no other jobs to end"))]
    }
    return [
      .confirm(
        title: "End all jobs but \(job.id.rawValue)?",
        lines: [
          "\(counted(others.count, "job")) end\(others.count == 1 ? "s" : ""); complete clips are kept."
        ],
        confirmed: [.job(.cancelAll(except: job.id))])
    ]
  }

  // MARK: Undo

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    editor?.form.undo() == true ? editedJob : [.notify(.nothingToUndo)]
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    editor?.form.redo() == true ? editedJob : [.notify(.nothingToRedo)]
  }
}
