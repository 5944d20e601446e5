import RunKit
import StudioKit
import TerminalUI

/// The jobs: what runs, what waits and in which order, what failed and why.
package struct QueueScreen: StudioScreen {
  /// The selected row and the search.
  var table = TableState()
  /// The selected job, which stays selected wherever it moves.
  package internal(set) var selectedID: JobID?
  /// The settings being edited, and whose they are.
  var editor: Editor?
  /// Whether the details have taken the place of the table in a small window.
  var showsDetails = false

  /// A waiting job's settings while they are edited.
  struct Editor: Sendable, Hashable {
    let job: JobID
    var form: SettingsForm
  }

  package init() {}

  /// The selected job.
  func selected(_ app: AppState) -> Job? {
    selectedID.flatMap(app.job) ?? app.jobs.first
  }

  package func takesDigits(_ app: AppState) -> Bool { editor?.form.takesDigits ?? false }

  /// Whoever comes here wants to see what is done now.
  package mutating func appear(_ app: AppState) {
    if let running = app.runningJob, editor == nil { selectedID = running.id }
  }

  package var isTyping: Bool { table.search.isTyping || editor?.form.isTyping == true }

  package mutating func paste(_ text: String) { editor?.form.paste(text) }

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
    if let index = app.jobs.firstIndex(where: { $0.id == selectedID }) {
      table.selected = index
    }
    table.scroll(count: app.jobs.count, page: Self.page)
    selectedID = app.jobs.isEmpty ? nil : app.jobs[table.selected].id
    guard let editor, app.job(editor.job)?.state != .waiting else { return [] }
    self.editor = nil
    return [
      .notify(
        Notice(
          .warning, "job \(editor.job.rawValue) no longer waits; its settings stay as they are"))
    ]
  }

  /// Rows that a page of the table moves by.
  private static let page = 10

  // MARK: Keys

  /// What a key means on this screen.
  enum Action: Sendable, Hashable {
    case edit, up, down, pause, cancel, cancelOthers, clear, open, otherPane
  }

  static let keyMap = KeyMap<Action>(
    title: "Queue",
    [
      KeyBinding(
        [.character("e"), .enter], name: "edit", help: "change a waiting job's settings", .edit),
      KeyBinding([.character("K")], name: "up", help: "earlier in the queue", .up),
      KeyBinding([.character("J")], name: "down", help: "later in the queue", .down),
      KeyBinding(
        [.character("P")], name: "pause", help: "hold back, let go on, or try again", .pause),
      KeyBinding(
        [.character("x")], name: "cancel",
        help: "end this job: a running one after the clip, again after the step", .cancel),
      KeyBinding([.character("X")], name: "others", help: "end all other jobs", .cancelOthers),
      KeyBinding([.character("c")], name: "clear", help: "forget jobs that are over", .clear),
      KeyBinding(
        [.character("o")], name: "open", help: "show its video on Extend, or its screen", .open),
      KeyBinding([.tab, .backTab], name: "", help: "jobs or details", .otherPane),
    ])

  package var helpSections: [HelpSection] {
    [
      Self.keyMap.helpSection, HelpSection(title: "Lists", entries: Movement.helpEntries),
      SettingsForm.helpSection,
    ]
  }

  package mutating func handle(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if editor != nil { return edit(key, app) }
    if !table.search.isTyping, let action = Self.keyMap.action(for: key) {
      return perform(action, app)
    }
    let texts = rows(app, [.number, .title, .model, .settings, .state]).map(\.text)
    _ = table.handle(key, texts: texts, page: Self.page)
    if app.jobs.indices.contains(table.selected) { selectedID = app.jobs[table.selected].id }
    return []
  }

  private mutating func perform(_ action: Action, _ app: AppState) -> [StudioEffect] {
    if action == .clear {
      let count = app.jobs.count { $0.state.isOver }
      return count > 0
        ? [.job(.clearFinished)]
        : [.notify(Notice(.information, "no job is over yet"))]
    }
    guard let job = selected(app) else {
      return [.notify(Notice(.information, "the queue is empty"))]
    }
    switch action {
    case .edit: return beginEditing(job)
    case .up, .down: return move(job, by: action == .up ? -1 : 1, app)
    case .pause: return job.pauseOrResume()
    case .cancel: return job.stop(app)
    case .cancelOthers: return cancelOthers(than: job, app)
    case .open:
      guard let video = job.video else {
        return [.show(job.training == nil ? .evaluate : .train)]
      }
      return [.video(.open(video)), .show(.extend)]
    case .otherPane: showsDetails.toggle()
    case .clear: break
    }
    return []
  }

  private mutating func beginEditing(_ job: Job) -> [StudioEffect] {
    guard job.state == .waiting, let task = job.generation else {
      return [
        .notify(
          Notice(
            .warning, "only settings of a job that waits to make clips can be changed",
            remedy: job.state == .running ? "x ends it" : ""))
      ]
    }
    guard task.following == nil else {
      return [
        .notify(
          Notice(
            .information, "the runs of a recipe keep their settings",
            remedy: "Enter on a run in Make takes its settings"))
      ]
    }
    editor = Editor(job: job.id, form: SettingsForm(settings: task.settings))
    return []
  }

  /// Every change is told at once: the job might begin at any moment.
  private mutating func edit(_ key: Key, _ app: AppState) -> [StudioEffect] {
    guard let editor else { return [] }
    if !editor.form.isTyping, [.tab, .backTab, .character("e")].contains(key) {
      self.editor = nil
      return []
    }
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
          "\(Wording.count(others.count, "job")) end\(others.count == 1 ? "s" : ""); complete clips are kept."
        ],
        confirmed: [.job(.cancelAll(except: job.id))])
    ]
  }

  // MARK: Undo

  package mutating func undo(_ app: AppState) -> [StudioEffect] {
    editor?.form.undo() == true ? editedJob : []
  }

  package mutating func redo(_ app: AppState) -> [StudioEffect] {
    editor?.form.redo() == true ? editedJob : []
  }
}
