import HandwrittenText
import RunKit
import StudioKit
import StudioLink
import TerminalUI

extension CompareScreen {
  /// What can be done with the list of comparisons.
  package static let listSection = HelpSection(
    title: "Comparisons",
    entries: [
      ActionName.choose.row("open", "open it"),
      ActionName.new.row("new", "compare models or settings"),
      ActionName.sweep.row("sweep", "a grid over two settings"),
      ActionName.compare.row("marked", "variants from the marked videos' settings"),
      ActionName.remove.row("delete", "forget it; its videos go to the trash"),
    ])

  /// What can be done with an open comparison.
  package static let section = HelpSection(
    title: "Comparison",
    entries: [
      ActionName.flip.row("flip", "one at a time in place; again for the next"),
      ActionName.difference.row("difference", "what differs from the base, with PSNR"),
      ActionName.base.row("base", "compare the others with this one"),
      ActionName.more.row("", "show differences more strongly"),
      ActionName.less.row("", "show differences less strongly"),
      ActionName.add.row("add", "add this one to the videos, to stay"),
      ActionName.extend.row("extend", "open it in Extend", also: [.enter]),
      ActionName.reuse.row("reuse", "its settings into Make"),
      ActionName.export.row("export", "write this one to files"),
      ActionName.run.row("make", "make this one, where it is missing"),
      ActionName.addAll.row("make all", "make all that are missing"),
      ActionName.stop.row("stop", "stop the one that is being made"),
      ActionName.stopAll.row("stop all", "stop it, and make none of the others"),
      ActionName.scores.row("scores", "show or hide the stored scores of these models"),
      ActionName.copy.row("", "copy its settings to the clipboard"),
    ])

  package func sections(_ app: AppState) -> [HelpSection] {
    switch page {
    case .list:
      [Self.listSection, HelpSection(title: "Moving", entries: Movement.helpEntries)]
    case .variants(let editor):
      editor.editsSettings
        ? [VariantEditor.formSection, SettingsForm.helpSection]
        : [VariantEditor.section, VariantEditor.movements]
    case .sweep: [SweepForm.section, SettingsForm.helpSection]
    case .comparison, .marked: [Self.section, ClipPlayer.section, Self.movements]
    }
  }

  /// How to go about the pictures.
  private static let movements = HelpSection(
    title: "Pictures",
    entries: [
      HelpEntry(
        keys: Movement.left.keys + Movement.right.keys, name: "", help: "the one before, after"),
      HelpEntry(
        keys: Movement.down.keys + Movement.up.keys, name: "", help: "the one below, above"),
      HelpEntry(
        keys: Movement.first.keys + Movement.last.keys, name: "", help: "the first, the last"),
    ])

  package mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect] {
    switch page {
    case .list: return takeInList(key, app)
    case .variants(var editor):
      editor.take(key, app)
      page = .variants(editor)
      return []
    case .sweep(var form):
      form.handle(key)
      return setUp(form, app)
    case .comparison, .marked:
      move(key, app)
      return refresh(app)
    }
  }

  package mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    switch page {
    case .list: return performInList(action, app)
    case .variants(var editor):
      if action == .run { return run(editor, app) }
      guard let effects = editor.perform(action, app.keys) else { return nil }
      page = .variants(editor)
      return effects
    case .sweep(let form): return action == .run ? run(form, app) : nil
    case .comparison, .marked:
      if player.perform(action) { return [] }
      guard Self.section.actions.contains(action) else { return nil }
      let effects = performInCells(action, app)
      return effects + refresh(app)
    }
  }

  // MARK: The list

  /// Rows of the list: the marked videos first, where there are some to compare.
  func rowCount(_ app: AppState) -> Int { (hasMarkedRow(app) ? 1 : 0) + app.comparisons.count }

  func hasMarkedRow(_ app: AppState) -> Bool { markedVideos(app).count >= 2 }

  /// The comparison of a row; `nil` for the marked videos.
  private func comparison(inRow row: Int, _ app: AppState) -> Comparison? {
    let index = row - (hasMarkedRow(app) ? 1 : 0)
    return app.comparisons.indices.contains(index) ? app.comparisons[index] : nil
  }

  private mutating func takeInList(_ key: Key, _ app: AppState) -> [StudioEffect] {
    let texts = listRows(app).map(\.text)
    let outcome = listState.handle(key, texts: texts, page: listPage(app))
    return listState.effects(of: outcome)
  }

  /// Rows of the list that are seen at once.
  func listPage(_ app: AppState) -> Int {
    max(app.windowSize.rows - StudioModel.frameRows - 3, 1)
  }

  private mutating func performInList(
    _ action: ActionName, _ app: AppState
  ) -> [StudioEffect]? {
    switch action {
    case .choose:
      if let comparison = comparison(inRow: listState.selected, app) {
        open(.comparison(comparison.id))
      } else if hasMarkedRow(app) {
        open(.marked)
      }
      return refresh(app)
    case .new:
      guard let model = app.model, model.canGenerate else { return [.notify(.noModel)] }
      page = .variants(
        VariantEditor([.init(model: model.reference, settings: app.settings)]))
      return []
    case .compare: return editMarked(app)
    case .sweep:
      let models = app.models.filter(\.canGenerate)
      guard !models.isEmpty else { return [.notify(.noModel)] }
      page = .sweep(
        SweepForm(
          base: app.settings, models: models.map(\.reference),
          chosen: models.firstIndex { $0.id == app.modelID } ?? 0,
          distilledSteps: Self.distilledSteps(models), after: lastSweep))
      return estimateSweep(app)
    case .remove:
      guard let comparison = comparison(inRow: listState.selected, app) else {
        return [.notify(Notice(.information, "there is no comparison here to forget"))]
      }
      let count = comparison.cells.count
      let videos = "\(counted(count, "video")) go\(count == 1 ? "es" : "")"
      return [
        .confirm(
          title: "Forget \(comparison.title)?",
          lines: ["Its \(videos) to the trash, but for those that were kept."],
          confirmed: [.library(.deleteComparison(comparison.id))])
      ]
    default: return nil
    }
  }

  // MARK: The mouse

  package mutating func click(_ name: String, _ app: AppState) -> [StudioEffect] {
    let parts = name.split(separator: " ")
    guard parts.first == "cell", let index = parts.last.flatMap({ Int($0) }) else { return [] }
    // A click on the one that is focused opens it, as Enter does.
    guard index != focus else { return perform(.extend, count: nil, app) ?? [] }
    focus = index
    return refresh(app)
  }

  // MARK: Cells

  private mutating func move(_ key: Key, _ app: AppState) {
    let cells = cells(app)
    guard let movement = Movement(key), !cells.isEmpty else { return }
    let count = cells.count
    let columns = columns(of: cells, in: parts(of: TileGrid.area(app), cells, app)[0], app)
    switch movement {
    case .left: focus -= 1
    case .right: focus += 1
    case .up where focus >= columns: focus -= columns
    case .down where focus + columns < count: focus += columns
    case .first: focus = 0
    case .last: focus = count - 1
    case .up, .down, .pageUp, .pageDown: break
    }
  }

  private mutating func performInCells(_ action: ActionName, _ app: AppState) -> [StudioEffect] {
    let cells = cells(app)
    guard cells.indices.contains(focus) else { return [] }
    let cell = cells[focus]
    switch action {
    case .flip:
      if player.isZoomed { focus = (focus + 1) % cells.count }
      player.isZoomed = true
    case .difference: showsDifference.toggle()
    case .more, .less: amplify(action == .more ? 1 : -1)
    case .base: base = focus
    case .scores:
      guard scores(cells, app).height > 0 else {
        return [
          .notify(
            Notice(
              .information, "no score of these is stored",
              remedy: "\(ScreenID.evaluate.keyName) shows Evaluate"))
        ]
      }
      showsScores.toggle()
    case .add:
      guard case .comparison = page else {
        return [.notify(Notice(.information, "\(cell.label) is among the videos already"))]
      }
      return [
        .video(.keep(cell.video)),
        .notify(
          Notice(
            .success, "\(cell.label) is a video of its own",
            remedy: "\(ScreenID.gallery.keyName) shows it")),
      ]
    case .extend: return [.video(.open(cell.video)), .show(.extend)]
    case .reuse: return reuse(cell, app)
    case .export: return askForExport(cell, app)
    case .copy:
      guard let variant = cell.variant else { return [.copy(cell.label, what: cell.label)] }
      return [
        .copy(
          "\(variant.model.name)  seed \(variant.settings.seed)  \(variant.settings.shortText)",
          what: "the settings of \(cell.label)")
      ]
    case .run:
      guard let effect = cell.resumeEffect else {
        return [.notify(Notice(.information, "\(cell.label) is not missing"))]
      }
      return [effect]
    case .addAll:
      let effects = cells.compactMap(\.resumeEffect)
      return effects.isEmpty ? [.notify(Notice(.information, "nothing is missing"))] : effects
    case .stop, .stopAll: return stop(cells, all: action == .stopAll, app)
    default: break
    }
    return []
  }

  private mutating func amplify(_ step: Int) {
    let factors = Self.amplifications
    let index = (factors.firstIndex(of: amplification) ?? 0) + step
    amplification = factors[min(max(index, 0), factors.count - 1)]
    showsDifference = true
  }

  private func stop(_ cells: [CompareCell], all: Bool, _ app: AppState) -> [StudioEffect] {
    var effects: [StudioEffect] = []
    for cell in cells {
      guard let job = cell.job else { continue }
      switch cell.state {
      case .running:
        effects.append(.job(.finish(job, atOnce: app.isStopping(job))))
      case .waiting where all: effects.append(.job(.cancel(job)))
      default: break
      }
    }
    return effects.isEmpty
      ? [.notify(Notice(.information, "none of these is being made"))] : effects
  }

  private func reuse(_ cell: CompareCell, _ app: AppState) -> [StudioEffect] {
    if let variant = cell.variant {
      let run = Recipe.Run(
        firstClip: 0, clipCount: variant.settings.clipCount ?? 1, seed: variant.settings.seed,
        settings: variant.settings, model: variant.model)
      return [
        .show(.make), .useRecipe(Recipe(runs: [run]), of: cell.label, keepsSeeds: true),
      ]
    }
    guard let recipe = app.trees[cell.video]?.recipe else {
      return [.notify(Notice(.information, "the settings of \(cell.label) are not read yet"))]
    }
    return [.show(.make), .useRecipe(recipe, of: cell.label, keepsSeeds: true)]
  }

  private func askForExport(_ cell: CompareCell, _ app: AppState) -> [StudioEffect] {
    guard !cell.clips.isEmpty else { return [.notify(.noPicture)] }
    return [
      .ask(
        prompt: "Export \(cell.label) \(ExportRequest.formats)",
        text: ExportRequest.fileName(cell.label, "mp4") + " x4", command: "export", isPath: true)
    ]
  }

  // MARK: Commands

  package func commands(_ app: AppState) -> [CommandPalette.Entry] {
    [
      .init(name: "marked", help: "the marked videos side by side"),
      .init(name: "export", help: "write this one to files, x4 to enlarge", argument: .path),
      .init(name: "overwrite", help: "the same over files that exist", argument: .path),
    ]
  }

  package mutating func run(_ command: String, argument: String, _ app: AppState) -> [StudioEffect]
  {
    switch command {
    case "marked":
      guard hasMarkedRow(app) else {
        return [
          .notify(
            Notice(
              .warning, "fewer than two videos are marked",
              remedy: "\(app.keys[.mark]) in the gallery marks"))
        ]
      }
      open(.marked)
      return refresh(app)
    case "export", "overwrite":
      let cells = cells(app)
      guard cells.indices.contains(focus), let last = cells[focus].clips.last else {
        return [.notify(.noPicture)]
      }
      return ExportRequest.effects(
        argument, video: cells[focus].video, through: last, overwrites: command == "overwrite")
    default: return []
    }
  }
}
