import StudioKit
import StudioLink
import TerminalUI

extension CompareScreen {
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    switch page {
    case .list: drawList(in: &buffer, area: area, app)
    case .variants(let editor): editor.draw(in: &buffer, area: area)
    case .sweep(let form):
      form.draw(
        in: &buffer, area: area.centered(width: min(area.width, 76), height: 13),
        estimate: app.estimateText(of: form.estimateKeys()), app.keys)
    case .comparison, .marked: drawComparison(in: &buffer, area: area, app, context)
    }
  }

  // MARK: The list

  /// The rows of the list.
  func listRows(_ app: AppState) -> [Table.Row] {
    var rows: [Table.Row] = []
    let marked = markedVideos(app)
    if marked.count >= 2 {
      rows.append(
        Table.Row(
          [marked.map(\.title).joined(separator: " | "), "marked", "\(marked.count) videos"],
          role: .accent))
    }
    return rows + app.comparisons.map { row($0, app) }
  }

  private func row(_ comparison: Comparison, _ app: AppState) -> Table.Row {
    let cells = comparison.cells.map { CompareCell($0, app) }
    let made = cells.count { $0.state == .made }
    let kind: String
    if let columns = comparison.columnAxis {
      kind = "\(columns.values.count) x \(comparison.rowAxis?.values.count ?? 1) sweep"
    } else {
      kind = "\(cells.count) variants"
    }
    var state = made == cells.count ? "made" : "\(made) of \(cells.count)"
    var role = Role.text
    if cells.contains(where: { if case .running = $0.state { true } else { false } }) {
      state += ", running"
    } else if cells.contains(where: { if case .failed = $0.state { true } else { false } }) {
      (state, role) = (state + ", failed", .error)
    } else if cells.contains(where: { $0.state == .waiting }) {
      state += ", waits"
    }
    return Table.Row([comparison.title, kind, state], role: role)
  }

  private func drawList(in buffer: inout CellBuffer, area: Rectangle, _ app: AppState) {
    let inner = Border(title: "Comparisons", isFocused: true).draw(in: &buffer, area: area)
      .inset(left: 1, right: 1)
    let rows = listRows(app)
    guard !rows.isEmpty else {
      return EmptyState(
        "Nothing has been compared yet",
        lines: ["Two to four models or settings with the same seed, or a grid over two settings."],
        keys: Self.listSection.rows([.new, .sweep]).map(app.keys.shown) + [
          ScreenID.gallery.entry(
            "\(app.keys[.mark]) there marks videos, \(app.keys[.compare]) plays them together")
        ]
      ).draw(in: &buffer, area: inner)
    }
    Table(
      columns: [
        .init("comparison"), .init("kind", width: .fixed(12)), .init("state", width: .fixed(18)),
      ], rows: rows
    ).draw(in: &buffer, area: inner, state: listState)
  }

  // MARK: A comparison

  private func drawComparison(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    let cells = cells(app)
    guard !cells.isEmpty else { return }
    let parts = parts(of: area, cells, app)
    if !parts[2].isEmpty { scores(cells, app).draw(in: &buffer, area: parts[2]) }
    if player.isZoomed {
      draw(cells, [focus], places: [parts[0]], in: &buffer, app, context)
    } else if let comparison = comparison(app), comparison.columnAxis != nil {
      drawSweep(comparison, cells, in: &buffer, area: parts[0], app, context)
    } else {
      let columns = columns(of: cells, in: parts[0], app)
      let places = CompareShape.places(count: cells.count, columns: columns, in: parts[0])
      draw(cells, Array(cells.indices), places: places, in: &buffer, app, context)
    }
    drawStatus(cells, in: &buffer, area: parts[1], app)
  }

  /// An area's parts for the pictures, for the line below them and for the scores.
  func parts(
    of area: Rectangle, _ cells: [CompareCell], _ app: AppState
  ) -> [Rectangle] {
    // Where the window is low, pictures come first.
    let scoreRows =
      showsScores && area.height >= 12 ? min(scores(cells, app).height, area.height / 3) : 0
    return Layout.split(area, .vertical, [.fill(), .fixed(1), .fixed(scoreRows)])
  }

  /// How many cells stand beside each other in the pictures' part.
  func columns(of cells: [CompareCell], in area: Rectangle, _ app: AppState) -> Int {
    comparison(app)?.columnAxis?.values.count
      ?? CompareShape.columns(count: cells.count, area: area, cellRatio: app.cellRatio)
  }

  /// The stored scores of what is shown; of a sweep, which has too many cells, of the focused one.
  func scores(_ cells: [CompareCell], _ app: AppState) -> CompareScores {
    let isSweep = comparison(app)?.columnAxis != nil
    let shown = isSweep || player.isZoomed ? [focus] : Array(cells.indices)
    return CompareScores(
      shown.map { index in
        let letter = isSweep ? cells[index].label : Comparison.letter(index)
        return (letter: letter, cell: cells[index])
      }, app)
  }

  /// Draws cells in frames.
  private func draw(
    _ cells: [CompareCell], _ indices: [Int], places: [Rectangle], in buffer: inout CellBuffer,
    _ app: AppState, _ context: ViewContext
  ) {
    for (index, place) in zip(indices, places) {
      let cell = cells[index]
      let isBase = showsDifference && index == base
      let border = Border(
        title: "\(Comparison.letter(index))  \(cell.label)",
        subtitle: isBase ? "base" : cell.stateText,
        footer: footer(index, cells, app), isFocused: index == focus)
      let inner = border.draw(in: &buffer, area: place)
      buffer.addTarget(place, .named("cell \(index)"))
      drawPicture(index, cells, in: &buffer, area: inner, app, context)
    }
  }

  private func footer(_ index: Int, _ cells: [CompareCell], _ app: AppState) -> String {
    guard showsDifference, index != base else { return "" }
    let own = pictures(cells[index], cellCount: cells.count, app)
    let other = pictures(cells[base], cellCount: cells.count, app)
    guard let frame = commonFrame(own, other) else { return "" }
    let now = PictureDifference.text(PictureDifference.decibels(own[frame], other[frame]))
    let whole = PictureDifference.text(ratios.indices.contains(index) ? ratios[index] : nil)
    return "\(now)  all \(whole)"
  }

  /// The frame that is shown, if two players both have it.
  private func commonFrame(_ first: [PixelImage], _ second: [PixelImage]) -> Int? {
    player.frame < min(first.count, second.count) ? player.frame : nil
  }

  /// The picture of a cell, or what is the matter with it.
  func drawPicture(
    _ index: Int, _ cells: [CompareCell], in buffer: inout CellBuffer, area: Rectangle,
    _ app: AppState, _ context: ViewContext
  ) {
    let cell = cells[index]
    let own = pictures(cell, cellCount: cells.count, app)
    if let image = image(own, index, cells, app) {
      ClipPlayer.draw(image, isMoving: player.isPlaying, in: &buffer, area: area, app, context)
    } else if case .running = cell.state, let preview = preview(of: cell, app) {
      ClipPlayer.draw(preview, isMoving: true, in: &buffer, area: area, app, context)
    } else {
      Self.missing(cell, isSmall: area.width < 24, app.keys).draw(in: &buffer, area: area)
    }
  }

  private func image(
    _ own: [PixelImage], _ index: Int, _ cells: [CompareCell], _ app: AppState
  ) -> PixelImage? {
    // A shorter one waits on its last frame.
    guard let last = own.last else { return nil }
    let shown = player.frame < own.count ? own[player.frame] : last
    guard showsDifference, index != base else { return shown }
    let other = pictures(cells[base], cellCount: cells.count, app)
    guard let frame = commonFrame(own, other) else { return shown }
    return PictureDifference.picture(own[frame], other[frame], amplified: amplification)
  }

  private func preview(of cell: CompareCell, _ app: AppState) -> PixelImage? {
    guard let preview = app.preview, preview.job == cell.job,
      !preview.strip.images.isEmpty
    else { return nil }
    return preview.strip.images[player.frame % preview.strip.images.count]
  }

  private static func missing(
    _ cell: CompareCell, isSmall: Bool, _ keys: KeyChoices
  ) -> EmptyState {
    if isSmall {
      let text = cell.state == .made ? "..." : cell.stateText
      return EmptyState(text, role: cell.role)
    }
    let make = keys.line(.run, "makes it")
    switch cell.state {
    case .made: return EmptyState("Reading frames ...", role: .secondary)
    case .running(let note): return EmptyState("Being made, \(note)", role: .accent)
    case .waiting: return EmptyState("Waits for its turn", role: .secondary)
    case .held: return EmptyState("Held back", keys: [make], role: .warning)
    case .failed(let sentence):
      return EmptyState("Failed", lines: [sentence + "."], keys: [make], role: .error)
    case .missing: return EmptyState("Not made", keys: [make], role: .secondary)
    }
  }

  // MARK: A sweep

  private func drawSweep(
    _ comparison: Comparison, _ cells: [CompareCell], in buffer: inout CellBuffer, area: Rectangle,
    _ app: AppState, _ context: ViewContext
  ) {
    guard let columnAxis = comparison.columnAxis else { return }
    let grid = SweepGrid(
      columns: columnAxis, rows: comparison.rowAxis, focus: focus, area: area, app.cellRatio)
    for (column, place) in grid.columnTitles {
      let text = CharacterWidth.truncate(
        columnAxis.label(at: column), to: place.width)
      let free = max((place.width - CharacterWidth.columns(of: text)) / 2, 0)
      buffer.write(
        text, column: place.column + free, row: place.row, style: Style(.title), clip: place)
    }
    for (row, place) in grid.rowTitles {
      guard let axis = comparison.rowAxis else { continue }
      let middle = place.row + max(place.height / 2 - 1, 0)
      buffer.write(
        CharacterWidth.truncate(axis.title, to: place.width), column: place.column,
        row: middle, style: Style(.secondary), clip: place)
      buffer.write(
        axis.values[row], column: place.column, row: middle + 1, style: Style(.title), clip: place)
    }
    for (index, place) in grid.cells where cells.indices.contains(index) {
      let border = Border(
        title: showsDifference && index == base ? "base" : "",
        footer: sweepFooter(index, cells, app), isFocused: index == focus)
      let inner = border.draw(in: &buffer, area: place)
      buffer.addTarget(place, .named("cell \(index)"))
      drawPicture(index, cells, in: &buffer, area: inner, app, context)
    }
  }

  private func sweepFooter(_ index: Int, _ cells: [CompareCell], _ app: AppState) -> String {
    guard showsDifference, index != base else {
      return cells[index].clips.isEmpty ? "" : cells[index].stateText
    }
    guard !cells[index].clips.isEmpty, ratios.indices.contains(index) else { return "" }
    return PictureDifference.text(ratios[index])
  }

  // MARK: The line below

  private func drawStatus(
    _ cells: [CompareCell], in buffer: inout CellBuffer, area: Rectangle, _ app: AppState
  ) {
    var parts = [player.statusText]
    if showsDifference { parts.append("difference x\(amplification)") }
    if player.isZoomed {
      parts.append("\(Comparison.letter(focus)) of \(cells.count)")
    } else if comparison(app)?.columnAxis != nil {
      parts.append(cells[focus].label)
    }
    let made = cells.count { $0.state == .made }
    if made < cells.count {
      let missing = cells.count(where: \.canResume)
      let all =
        missing > 0
        ? ", \(missing) missing: \(app.keys[.addAll]) makes \(missing == 1 ? "it" : "them")" : ""
      parts.append("\(made) of \(cells.count) made\(all)")
    }
    let text = CharacterWidth.truncate(parts.joined(separator: "  "), to: area.width - 2)
    buffer.write(
      text, column: area.column + 1, row: area.row, style: Style(.secondary), clip: area)
  }

  // MARK: Help

  package func hints(_ app: AppState) -> [HelpEntry] {
    switch page {
    case .list:
      return rowCount(app) == 0 ? Self.listSection.rows([.new, .sweep]) : Self.listSection.entries
    case .variants(let editor):
      return editor.editsSettings
        ? VariantEditor.formSection.entries + SettingsForm.hints : VariantEditor.section.entries
    case .sweep: return SweepForm.section.entries + SettingsForm.hints
    case .comparison, .marked: return Self.section.entries
    }
  }

  package func information(_ app: AppState) -> [(name: String, value: String)] {
    let cells = cells(app)
    guard cells.indices.contains(focus) else { return [] }
    let cell = cells[focus]
    var facts = [(name: "cell", value: cell.label)]
    if let variant = cell.variant {
      let settings = variant.settings
      facts.append((name: "model", value: variant.model.name))
      facts.append(
        (name: "sampler", value: SettingsText.sampler(settings, steps: settings.steps)))
      facts.append((name: "seed", value: "\(settings.seed)"))
    }
    facts.append((name: "state", value: cell.state == .made ? "made" : cell.stateText))
    return facts
  }
}

extension CompareCell {
  /// How its state is drawn.
  var role: Role {
    switch state {
    case .made, .waiting, .missing: .secondary
    case .running: .accent
    case .held: .warning
    case .failed: .error
    }
  }
}
