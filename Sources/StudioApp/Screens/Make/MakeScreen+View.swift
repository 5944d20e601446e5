import RunKit
import StudioKit
import StudioLink
import TerminalUI

extension MakeScreen {
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    if let batch {
      return drawBatch(batch, in: &buffer, area: area, app, context)
    }
    guard !area.showsOnePane else {
      drawOnePane(in: &buffer, area: area, app, context)
      return
    }
    guard !player.isZoomed else {
      drawPreview(in: &buffer, area: area, app, context)
      return
    }
    let columns = Layout.split(area, .horizontal, [.fraction(0.42).limited(34, 52), .fill()])
    // A tall window also tells what made the video that is shown.
    let runRows = area.height >= 36 && picker == nil ? 12 : 0
    let left = Layout.split(columns[0], .vertical, [.fill(), .fixed(runRows)])
    drawSettings(in: &buffer, area: left[0], app)
    if runRows > 0 { drawRun(in: &buffer, area: left[1], app) }
    if let picker {
      picker.draw(in: &buffer, area: columns[1], app.presets, app.keys)
      return
    }
    let least = area.height >= 30 ? 7 : 5
    let rows = Layout.split(
      columns[1], .vertical, [.fill(), .fixed(jobRows(in: columns[1], atLeast: least, app))])
    drawPreview(in: &buffer, area: rows[0], app, context)
    drawJob(in: &buffer, area: rows[1], app)
  }

  /// In a small window: the pane with the keys alone, the job below the preview where it fits.
  private func drawOnePane(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    if let picker {
      picker.draw(in: &buffer, area: area, app.presets, app.keys)
    } else if pane == .settings, !player.isZoomed {
      drawSettings(in: &buffer, area: area, app)
    } else {
      let showsJob = area.height >= 12 && !player.isZoomed
      let jobRows = showsJob ? jobRows(in: area, atLeast: 5, app) : 0
      let rows = Layout.split(area, .vertical, [.fill(), .fixed(jobRows)])
      drawPreview(in: &buffer, area: rows[0], app, context)
      if jobRows > 0 { drawJob(in: &buffer, area: rows[1], app) }
    }
  }

  // MARK: Settings

  /// The settings; while a preset is selected, those that it would bring.
  private func drawSettings(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let hasKeys = pane == .settings && picker == nil
    if picker == nil, let recipe {
      return RecipeView(recipe, row: recipeRow, estimate: estimateText(app))
        .draw(in: &buffer, area: area, isFocused: hasKeys)
    }
    let inner = Border(title: "Settings", isFocused: hasKeys).draw(in: &buffer, area: area)
    let previewed = picker?.selected(app.presets).map { _ in
      SettingsForm(settings: shownSettings(app))
    }
    let formRows = min(inner.height - 2, SettingsForm.fieldCount + 4)
    let rows = Layout.split(inner, .vertical, [.fixed(1), .fixed(formRows), .fixed(1)])
    let labelWidth = form.labelWidth(in: inner.width)
    func write(_ name: String, _ value: String, _ role: Role, in row: Rectangle) {
      buffer.write(name, column: row.column, row: row.row, style: Style(.secondary), clip: row)
      buffer.write(
        CharacterWidth.truncate(value, to: row.width - labelWidth - 1),
        column: row.column + labelWidth + 1, row: row.row, style: Style(role), clip: row)
    }
    let model = app.model
    write(
      "model", model?.reference.name ?? "none chosen",
      model == nil ? .warning : model?.canGenerate == true ? .accent : .error, in: rows[0])
    (previewed ?? form).draw(in: &buffer, area: rows[1], isFocused: hasKeys)
    write("estimate", estimateText(app), .accent, in: rows[2])
  }

  /// What the run would take: `3:10  1.9 GB`, with `~` before it until runs were measured here.
  func estimateText(_ app: AppState) -> String {
    let isEndless = recipe == nil && shownSettings(app).clipCount == nil
    return app.estimateText(of: estimateKeys(app), each: isEndless ? " a clip" : "")
  }

  /// What made the video that is shown: the settings of its run, and the seed of the clip that
  /// plays.
  private func drawRun(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let video = app.shownMade
    let job = video == nil ? app.shownGeneration : video.flatMap { app.lastGeneration(of: $0) }
    let inner = Border(title: "Run", subtitle: job.map { "of job \($0.id.rawValue)" } ?? "")
      .draw(in: &buffer, area: area)
    let clip = playedClip(app)
    guard let settings = clip?.settings ?? job?.generation?.settings else {
      buffer.write(
        "None yet", column: inner.column, row: inner.row, style: Style(.placeholder), clip: inner)
      return
    }
    let model = clip?.model ?? job?.generation?.model
    let seed = clip?.seed ?? settings.seed
    FactList([
      .init("model", model?.name ?? "-"), .init("seed", "\(seed)", role: .accent),
      .init("sampler", settings.method.title),
      .init("steps", "\(settings.steps), then \(settings.laterSteps)"),
      .init("spacing", (settings.spacing ?? settings.method.defaultSpacing).rawValue),
      .init("eta", Self.eta(settings)),
      .init("guidance", FormValue.text(of: settings.guidanceScale, decimals: 1)),
      .init("clips", job?.clipText ?? "-"), .init("precision", settings.precision.rawValue),
      .init("took", job?.secondsTaken.map(PaceText.time) ?? "-"),
    ]).draw(in: &buffer, area: inner)
  }

  private static func eta(_ settings: GenerationSettings) -> String {
    guard settings.method.usesEta else { return "-" }
    return FormValue.text(of: settings.eta, decimals: 2)
      + (settings.recomputesNoise ? ", noise recomputed" : "")
  }

  // MARK: Preview

  private func drawPreview(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    player.draw(
      in: &buffer, area: area, title: "Preview", subtitle: previewText(app),
      missing: missing(app), isFocused: pane == .preview && picker == nil, app, context)
  }

  /// What is shown: `x0, linear   step 37/100`, or which video.
  private func previewText(_ app: AppState) -> String {
    if isShowingEstimate(app), let preview = app.preview {
      return "x0, \(preview.mode.rawValue)   step \(preview.step)/\(preview.stepCount)"
    }
    guard player.frameCount > 0, let video = app.shownMade else { return "" }
    guard let clip = playedClip(app), clip.source.isGenerated else { return app.name(of: video) }
    return "\(clip.model.name)   seed \(clip.seed)"
  }

  /// What stands where there is no picture.
  func missing(_ app: AppState) -> EmptyState {
    if let job = app.runningJob, let state = Self.missing(while: job, app) { return state }
    guard let model = app.model else {
      if app.isLookingForModels {
        return EmptyState("Looking for models", lines: ["A video is made with a model."])
      }
      return EmptyState(
        "No model is chosen", lines: ["A video is made with a model."],
        keys: [Self.modelsKey])
    }
    guard model.canGenerate else {
      return EmptyState(
        "\(model.reference.name) cannot make videos", lines: [model.reasonNotToGenerate],
        keys: [Self.modelsKey], role: .error)
    }
    if app.shownMade.map({ !app.shownClips(of: $0).isEmpty }) == true {
      return EmptyState("Reading frames ...")
    }
    if case .failed = app.shownJob?.state {
      return EmptyState("No clip was completed", lines: ["The job below says why."])
    }
    if let state = app.shownGeneration?.state, state == .paused || state == .interrupted {
      return EmptyState(
        "Held back before its first clip",
        keys: [
          app.keys.line(.pause, "lets it go on"),
          app.keys.line(.stop, "ends it"),
        ])
    }
    return EmptyState(
      "Nothing made yet", lines: ["Here a video emerges from noise."],
      keys: [
        app.keys.line(.run, "makes one with these settings"),
        app.keys.line(.presets, "takes settings of a preset"),
      ])
  }

  private static let modelsKey = ScreenID.models.entry("shows the models; Enter chooses one")

  private static func missing(while job: Job, _ app: AppState) -> EmptyState? {
    guard let task = job.generation else { return nil }
    switch app.progress(of: job)?.phase {
    case .loading, nil:
      return EmptyState(
        "Loading \(task.model.name)", lines: ["Its weights are laid out in memory."])
    case .encoding: return EmptyState("Encoding the frames to continue")
    case .sampling where task.settings.preview == .off:
      return EmptyState(
        "Previews are off",
        keys: [app.keys.line(.preview, "turns them on")]
      )
    case .sampling:
      return EmptyState("Sampling", lines: ["The first estimate comes after a few steps."])
    case .decoding: return EmptyState("Decoding the clip")
    case .writing, .evaluating, .training: return EmptyState("Writing")
    }
  }

  // MARK: Job

  /// Rows of the job's pane: what failed takes more, up to half of the area.
  private func jobRows(in area: Rectangle, atLeast least: Int, _ app: AppState) -> Int {
    let needed = app.shownJob.map { JobPanel($0, app).rows(width: area.width - 2) + 2 } ?? 0
    return min(max(needed, least), area.height / 2)
  }

  private func drawJob(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    guard let job = app.shownJob else {
      let inner = Border(title: "Job").draw(in: &buffer, area: area)
      buffer.write(
        "No job yet: \(app.keys[.run]) runs, \(app.keys[.add]) adds to the queue",
        column: inner.column, row: inner.row,
        style: Style(.placeholder), clip: inner)
      return
    }
    let panel = JobPanel(job, app)
    let waiting = app.jobs.count { $0.state == .waiting && $0.id != job.id }
    let inner = Border(
      title: panel.title, subtitle: job.title(app),
      footer: waiting > 0 ? "\(waiting) more waiting" : ""
    ).draw(in: &buffer, area: area)
    panel.draw(in: &buffer, area: inner)
  }

  // MARK: Hints and details

  package func hints(_ app: AppState) -> [HelpEntry] {
    if picker != nil {
      return [HelpEntry(keys: [.enter], name: "take", help: "")] + PresetPicker.section.entries
    }
    if batch != nil {
      return Self.batchSection.entries + [HelpEntry(keys: [.escape], name: "leave", help: "")]
    }
    let job = app.shownJob
    let order: [ActionName] =
      switch job?.state {
      case .running: [.stop, .pause, .add, .reroll, .export, .still, .preview, .pane]
      case .paused, .interrupted, .failed:
        [.pause, .run, .reroll, .add, .presets, .model, .export, .still, .pane]
      case .waiting, .finished, .cancelled, nil:
        [.run, .reroll, .add, .presets, .model, .export, .still, .savePreset, .pane]
      }
    let recipeHints = recipe == nil || pane != .settings ? [] : RecipeView.hints
    return recipeHints
      + order.compactMap { action in
        let hint: String? =
          switch action {
          case .pause: job?.pauseName
          case .run where recipe != nil: "make again"
          default: nil
          }
        return Self.section.row(action, hint: hint)
      }
  }

  package func information(_ app: AppState) -> [(name: String, value: String)] {
    var rows: [(name: String, value: String)] = [("model", app.model?.reference.name ?? "none")]
    if let recipe {
      rows.append(("next run", "recipe of \(recipe.summary)"))
    } else {
      rows.append(("next run", form.settings.shortText))
      rows.append(("next seed", "\(form.settings.seed)"))
    }
    rows.append(("estimate", estimateText(app)))
    if let estimate = app.estimate(of: estimateKeys(app)) {
      let origin = estimate.isMeasured ? "runs on this machine" : "arithmetic, no run was measured"
      rows.append(("it rests on", origin))
    }
    guard let job = app.shownGeneration, let task = job.generation else { return rows }
    rows.append(("last run", task.settings.shortText))
    rows.append(("its seed", "\(task.settings.seed)"))
    rows.append(("its model", task.model.name))
    rows.append(("its clips", job.clipText))
    if let seconds = job.secondsTaken { rows.append(("it took", PaceText.time(seconds))) }
    return rows
  }
}
