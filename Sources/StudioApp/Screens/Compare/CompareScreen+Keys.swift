import RunKit
import StudioKit
import TerminalUI

extension CompareScreen {
  package mutating func handle(_ key: Key, _ app: AppState) -> [StudioEffect] {
    switch page {
    case .list: return handleList(key, app)
    case .variants(var editor):
      let outcome = editor.handle(key, app)
      page = .variants(editor)
      return outcome == .run ? run(editor, app) : []
    case .sweep(var form):
      if !form.isTyping, key == .character("r") { return run(form, app) }
      form.handle(key)
      page = .sweep(form)
      lastSweep = form
      return estimateSweep(app)
    case .comparison, .marked:
      let effects = handleCells(key, app)
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

  private mutating func handleList(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if !listState.search.isTyping, let action = CompareListAction.keyMap.action(for: key) {
      return perform(action, app)
    }
    let texts = listRows(app).map(\.text)
    let rows = max(app.windowSize.rows - 6, 1)
    guard case .activated(let row) = listState.handle(key, texts: texts, page: rows) else {
      return []
    }
    if let comparison = comparison(inRow: row, app) {
      open(.comparison(comparison.id))
    } else if hasMarkedRow(app) {
      open(.marked)
    }
    return refresh(app)
  }

  private mutating func perform(_ action: CompareListAction, _ app: AppState) -> [StudioEffect] {
    switch action {
    case .variants:
      guard let model = app.model, model.canGenerate else { return [.notify(.noModel)] }
      page = .variants(
        VariantEditor([.init(model: model.reference, settings: app.settings)]))
      return []
    case .markedVariants: return editMarked(app)
    case .sweep:
      let models = app.models.filter(\.canGenerate)
      guard !models.isEmpty else { return [.notify(.noModel)] }
      page = .sweep(
        SweepForm(
          base: app.settings, models: models.map(\.reference),
          chosen: models.firstIndex { $0.id == app.modelID } ?? 0, after: lastSweep))
      return estimateSweep(app)
    case .delete:
      guard let comparison = comparison(inRow: listState.selected, app) else { return [] }
      let count = comparison.cells.count
      return [
        .confirm(
          title: "Forget \(comparison.title)?",
          lines: ["Its \(count) videos go to the trash, but for those that were kept."],
          confirmed: [.library(.deleteComparison(comparison.id))])
      ]
    }
  }

  /// Variants with the settings of the marked videos, as far as those have been read.
  private mutating func editMarked(_ app: AppState) -> [StudioEffect] {
    let videos = markedVideos(app)
    guard !videos.isEmpty else {
      return [
        .notify(Notice(.information, "no video is marked", remedy: "m in the gallery marks one"))
      ]
    }
    let variants = videos.compactMap { video -> Comparison.Variant? in
      guard let tree = app.trees[video.id], let clip = tree.current else { return nil }
      var settings = clip.settings
      settings.seed = clip.seed
      settings.clipCount = tree.branch.count
      return .init(model: clip.model, settings: settings)
    }
    guard variants.count == videos.count else {
      return videos.filter { app.trees[$0.id] == nil }.map { .video(.loadTree($0.id)) }
        + [.notify(Notice(.information, "reading the settings; press V again"))]
    }
    page = .variants(VariantEditor(variants))
    return []
  }

  // MARK: Making

  private mutating func run(_ editor: VariantEditor, _ app: AppState) -> [StudioEffect] {
    var variants = editor.variants
    let first = variants[0].settings
    for index in variants.indices {
      variants[index].settings.seed = first.seed
      variants[index].settings.isSeedLocked = first.isSeedLocked
      variants[index].settings.clipCount = variants[index].settings.clipCount ?? 1
    }
    page = .list
    known = Set(app.comparisons.map(\.id))
    return [
      .order(
        .compare(title: Comparison.labels(of: editor.variants).joined(separator: " | "), variants))
    ]
  }

  private mutating func run(_ form: SweepForm, _ app: AppState) -> [StudioEffect] {
    switch form.outcome {
    case .problem(let sentence): return [.notify(Notice(.warning, sentence))]
    case .sweep(let model, let columns, let rows):
      var settings = form.base
      settings.clipCount = settings.clipCount ?? 1
      page = .list
      known = Set(app.comparisons.map(\.id))
      return [.order(.sweep(.init(model: model, settings: settings), columns: columns, rows: rows))]
    }
  }

  /// Asks what the sweep that is set up takes.
  mutating func estimateSweep(_ app: AppState) -> [StudioEffect] {
    guard case .sweep(let form) = page else { return [] }
    return estimates.ask(form.estimateKeys(), app)
  }

  // MARK: Cells

  private mutating func handleCells(_ key: Key, _ app: AppState) -> [StudioEffect] {
    if let action = CompareAction.keyMap.action(for: key) { return perform(action, app) }
    if player.handle(key) { return [] }
    guard let movement = Movement(key) else { return [] }
    let count = cells(app).count
    let columns = comparison(app)?.columnAxis?.values.count ?? count
    switch movement {
    case .left: focus -= 1
    case .right: focus += 1
    case .up where focus >= columns: focus -= columns
    case .down where focus + columns < count: focus += columns
    case .first: focus = 0
    case .last: focus = count - 1
    case .up, .down, .pageUp, .pageDown: break
    }
    return []
  }

  private mutating func perform(_ action: CompareAction, _ app: AppState) -> [StudioEffect] {
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
            Notice(.information, "no score of these is stored", remedy: "8 shows Evaluate"))
        ]
      }
      showsScores.toggle()
    case .keep:
      guard case .comparison = page else { return [] }
      return [
        .video(.keep(cell.video)),
        .notify(Notice(.success, "\(cell.label) is a video of its own", remedy: "5 shows it")),
      ]
    case .open: return [.video(.open(cell.video)), .show(.extend)]
    case .reuse: return reuse(cell, app)
    case .export: return askForExport(cell, app)
    case .resume:
      guard let effect = cell.resumeEffect else {
        return [.notify(Notice(.information, "\(cell.label) is not missing"))]
      }
      return [effect]
    case .resumeAll:
      let effects = cells.compactMap(\.resumeEffect)
      return effects.isEmpty ? [.notify(Notice(.information, "nothing is missing"))] : effects
    case .stop, .stopAll: return stop(cells, all: action == .stopAll, app)
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
        text: ExportRequest.fileName(cell.label, "mp4") + " x4", command: "export")
    ]
  }

  // MARK: Commands

  package var commands: [CommandPalette.Entry] {
    [
      .init(name: "marked", help: "the marked videos side by side"),
      .init(name: "export", help: "write this one to files, x4 to enlarge", takesArgument: true),
      .init(name: "overwrite", help: "the same over files that exist", takesArgument: true),
    ]
  }

  package mutating func run(_ command: String, argument: String, _ app: AppState) -> [StudioEffect]
  {
    switch command {
    case "marked":
      guard hasMarkedRow(app) else {
        return [
          .notify(
            Notice(.warning, "fewer than two videos are marked", remedy: "m in the gallery marks"))
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
