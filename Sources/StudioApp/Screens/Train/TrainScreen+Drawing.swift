import StudioLink
import TerminalUI
import TrainingKit

extension TrainScreen {
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    let isWide = !area.showsOnePane
    if let form {
      drawSetup(form, in: &buffer, area: area, app, isWide: isWide)
      return
    }
    guard let row = selected(app) else {
      drawEmpty(in: &buffer, area: area, app)
      return
    }
    if player.isZoomed {
      drawSamples(row, in: &buffer, area: area, app, context)
    } else if !isWide {
      if showsSecond {
        drawRun(row, in: &buffer, area: area, app, context)
      } else {
        drawList(in: &buffer, area: area, app)
      }
    } else {
      let parts = Layout.split(
        area, .horizontal, [.fraction(0.28).limited(25, 44), .fill()])
      drawList(in: &buffer, area: parts[0], app)
      drawRun(row, in: &buffer, area: parts[1], app, context)
    }
  }

  private func drawEmpty(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let inner = Border(title: "Training runs", isFocused: true).draw(in: &buffer, area: area)
    EmptyState(
      "Nothing was trained yet",
      lines: [
        "An autoencoder learns to write clips as planes, then a denoiser learns to make such planes.",
        "Both learn from a folder of videos; pvdm dataset skies makes one to try it with.",
      ],
      keys: [app.keys.line(.new, "sets up a training")]
    ).draw(in: &buffer, area: inner)
  }

  // MARK: The list

  private func drawList(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let rows = app.trainingRows
    let inner = Border(
      title: "Runs", subtitle: rows.count > 1 ? "\(rows.count)" : "", isFocused: true
    ).draw(in: &buffer, area: area)
    var columns = [
      Table.Column("name"), Table.Column("state", width: .fixed(9), alignsRight: true),
    ]
    if inner.width >= 36 { columns.insert(Table.Column("stage", width: .fixed(11)), at: 1) }
    let cells = rows.map { row in
      Table.Row(
        inner.width >= 36
          ? [row.name, row.stage.rawValue, row.stateText] : [row.name, row.stateText],
        role: row.role)
    }
    Table(columns: columns, rows: cells, hasHeader: inner.width >= 36)
      .draw(in: &buffer, area: inner, state: table)
  }

  // MARK: A run

  /// The curve and the samples above, how far it is below.
  private func drawRun(
    _ row: TrainRow, in buffer: inout CellBuffer, area: Rectangle, _ app: AppState,
    _ context: ViewContext
  ) {
    let isTall = area.height >= 34
    let stateRows = min(isTall ? 13 : 8, area.height / 2)
    let parts = Layout.split(area, .vertical, [.fill(), .fixed(stateRows)])
    drawState(row, in: &buffer, area: parts[1], app)
    let top = parts[0]
    guard row.run != nil, top.height >= 6 else {
      drawCurve(row, in: &buffer, area: top)
      return
    }
    if isTall, top.height >= 24 {
      let halves = Layout.split(top, .vertical, [.fill(), .fixed(top.height / 2)])
      drawCurve(row, in: &buffer, area: halves[1])
      drawSamples(row, in: &buffer, area: halves[0], app, context)
    } else if top.width >= 44 {
      let width = min(sampleWidth(rows: top.height, app), top.width * 9 / 20)
      let sides = Layout.split(top, .horizontal, [.fill(), .fixed(width)])
      drawCurve(row, in: &buffer, area: sides[0])
      drawSamples(row, in: &buffer, area: sides[1], app, context)
    } else {
      drawCurve(row, in: &buffer, area: top)
    }
  }

  /// Columns of the samples in so many rows: pictures are seldom square here.
  private func sampleWidth(rows: Int, _ app: AppState) -> Int {
    guard let image = player.image, image.height > 0 else {
      return ClipPlayer.paneWidth(rows: rows, app)
    }
    let square = ClipPlayer.paneWidth(rows: rows, app) - 2
    return max(square * image.width / image.height, 12) + 2
  }

  private func drawCurve(_ row: TrainRow, in buffer: inout CellBuffer, area: Rectangle) {
    guard let run = row.run, let curve = curve(of: run) else {
      let inner = Border(title: "Loss").draw(in: &buffer, area: area)
      waiting(row).draw(in: &buffer, area: inner)
      return
    }
    let scale = isLogarithmic && curve.canBeLogarithmic ? "log" : "linear"
    let last = curve.values.last.map { TrainingText.number($0) } ?? ""
    let inner = Border(
      title: TrainingText.label(curve.name), subtitle: "\(last)  \(scale)",
      footer: "steps \(curve.steps.lowerBound) to \(curve.steps.upperBound)"
    ).draw(in: &buffer, area: area)
    curve.draw(in: &buffer, area: inner, isLogarithmic: isLogarithmic)
  }

  /// What stands where there is no curve yet.
  private func waiting(_ row: TrainRow) -> EmptyState {
    switch row.state {
    case .damaged(let sentence):
      return EmptyState("It cannot be read", lines: [sentence], role: .error)
    case .failed: return EmptyState("It failed before its first steps", role: .error)
    case .waiting:
      return EmptyState(
        "It waits for its turn", lines: ["\(ScreenID.queue.keyName) shows the queue."])
    case .running, .stopping:
      switch row.watch?.phase {
      case .preparing(let part):
        return EmptyState("Preparing", lines: ["\(part.stage) \(part.done)/\(part.total)"])
      case .training:
        let interval = row.run.map { $0.configuration[$0.stage].logInterval } ?? 0
        return EmptyState("Training", lines: ["The curve begins after step \(interval)."])
      case .starting, nil: return EmptyState("Starting")
      }
    case .stopped, .complete, .elsewhere:
      return EmptyState("Nothing was logged yet")
    }
  }

  private func drawSamples(
    _ row: TrainRow, in buffer: inout CellBuffer, area: Rectangle, _ app: AppState,
    _ context: ViewContext
  ) {
    // The file's name says it: while newer ones are read, the old ones go on playing.
    let digits = shownSample?.fileName.filter(\.isNumber).prefix(8)
    let step = digits.flatMap { Int($0) }.map { "step \($0)" } ?? ""
    let title = row.stage == .autoencoder && area.width >= 30 ? "Reconstructions" : "Samples"
    player.draw(
      in: &buffer, area: area, title: title,
      subtitle: step, missing: missingSamples(row), app, context)
  }

  private func missingSamples(_ row: TrainRow) -> EmptyState {
    guard let run = row.run, run.problem == nil else { return EmptyState("") }
    guard run.samplePath == nil else { return EmptyState("Reading the video") }
    let interval = run.configuration[run.stage].sampleInterval
    return EmptyState(
      "No samples yet", lines: ["They come after step \(min(interval, run.steps))."])
  }

  // MARK: How far it is

  private func drawState(
    _ row: TrainRow, in buffer: inout CellBuffer, area: Rectangle, _ app: AppState
  ) {
    let inner = Border(title: row.name, subtitle: row.stage.rawValue).draw(in: &buffer, area: area)
    guard !inner.isEmpty else { return }
    let status = TrainStatus(row, app)
    guard inner.width >= 76, inner.height >= 9, let run = row.run, run.problem == nil else {
      status.draw(in: &buffer, area: inner)
      return
    }
    let parts = Layout.split(inner, .horizontal, gap: 2, [.fill(), .fixed(38)])
    status.draw(in: &buffer, area: parts[0])
    FactList(run.facts).draw(in: &buffer, area: parts[1])
  }

  // MARK: Setting up

  private func drawSetup(
    _ form: TrainForm, in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, isWide: Bool
  ) {
    let view = TrainPreparationView(form, app)
    guard isWide else {
      if showsSecond {
        view.draw(in: &buffer, area: area)
      } else {
        drawForm(form, in: &buffer, area: area, app)
      }
      return
    }
    let columns = Layout.split(area, .horizontal, [.fraction(0.52).limited(40, 84), .fill()])
    drawForm(form, in: &buffer, area: columns[0], app)
    view.draw(in: &buffer, area: columns[1])
  }

  private func drawForm(
    _ form: TrainForm, in buffer: inout CellBuffer, area: Rectangle, _ app: AppState
  ) {
    let inner = Border(
      title: "New training", footer: "\(app.keys[.run]) starts it, Esc leaves it", isFocused: true
    )
    .draw(in: &buffer, area: area)
    form.draw(in: &buffer, area: inner, isFocused: true)
  }

  // MARK: Hints and details

  package func hints(_ app: AppState) -> [HelpEntry] {
    if form?.typedPath != nil {
      return [
        HelpEntry(keys: [.enter], name: "take", help: ""),
        HelpEntry(keys: [.tab], name: "complete", help: ""),
        HelpEntry(keys: [.escape], name: "leave", help: ""),
      ]
    }
    if form != nil {
      return Self.formSection(app).rows([.run, .submit]) + SettingsForm.hints
        + Self.formSection(app).rows([.pane])
        + [HelpEntry(keys: [.escape], name: "leave", help: "")]
    }
    let order: [ActionName] =
      switch selected(app)?.state {
      case nil: [.new]
      case .running, .waiting: [.stop, .curve, .scale, .new, .add]
      case .stopping: [.curve, .scale, .new]
      case .stopped, .failed: [.run, .new, .curve, .scale, .add, .reuse]
      case .complete, .elsewhere, .damaged: [.new, .add, .curve, .scale, .reuse]
      }
    let entries = Self.section.rows(order)
    return entries + (player.frameCount > 0 ? ClipPlayer.section.entries : [])
  }

  package func information(_ app: AppState) -> [(name: String, value: String)] {
    guard form == nil, let row = selected(app), let run = row.run, run.problem == nil else {
      return []
    }
    return [("run", row.name), ("state", row.stateText), ("folder", row.id)]
      + [("videos", run.dataPath)] + run.facts.dropLast().map { ($0.name, $0.value) }
  }
}
