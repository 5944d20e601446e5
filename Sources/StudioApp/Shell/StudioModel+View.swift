import Foundation
import RunKit
import TerminalUI

extension StudioModel {
  /// The smallest window in which anything is shown.
  static let minimumSize = TerminalSize(columns: 24, rows: 8)

  /// Draws everything.
  package func draw(_ context: ViewContext, in buffer: inout CellBuffer) {
    let area = buffer.bounds
    guard area.width >= Self.minimumSize.columns, area.height >= Self.minimumSize.rows else {
      TooSmallView.draw(in: &buffer, minimum: Self.minimumSize)
      return
    }
    buffer.fill(area, style: Style(.text))
    let logHeight = showsLog ? min(Self.logRows, area.height / 2) : 0
    let parts = Layout.split(
      area, .vertical, [.fixed(1), .fixed(1), .fill(), .fixed(logHeight), .fixed(1)])
    drawHeader(context, in: &buffer, area: parts[0])
    Tabs(
      ScreenID.allCases.map(\.title), selected: ScreenID.allCases.firstIndex(of: screen) ?? 0,
      numbers: ScreenID.allCases.map(\.rawValue),
      prefix: screens[screen].takesDigits(app) ? "F" : ""
    ).draw(in: &buffer, area: parts[1])
    if app.isReady {
      screens[screen].draw(in: &buffer, area: parts[2], app, context)
    } else {
      buffer.write(
        "Opening the data folder and looking for models ...", column: parts[2].column + 2,
        row: parts[2].row + 1, style: Style(.secondary), clip: parts[2])
    }
    if showsLog { drawLog(in: &buffer, area: parts[3]) }
    drawHints(in: &buffer, area: parts[4])
    if showsInformation { drawInformation(in: &buffer, area: parts[2]) }
    if let status { drawNotice(status, in: &buffer, above: parts[4]) }
    drawOverlay(in: &buffer, area: area)
  }

  // MARK: The first and the last line

  private func drawHeader(
    _ context: ViewContext, in buffer: inout CellBuffer, area: Rectangle
  ) {
    buffer.fill(area, style: Style(.statusBar))
    var column = buffer.write(
      " PVDM Studio ", column: area.column, row: area.row,
      style: Style(.statusBar, attributes: .bold), clip: area)
    for fact in headerFacts(context) {
      let width = CharacterWidth.columns(of: fact) + 3
      guard column + width <= area.endColumn else { break }
      column = buffer.write(
        "   \(fact)", column: column, row: area.row, style: Style(.statusBar), clip: area)
    }
  }

  private func headerFacts(_ context: ViewContext) -> [String] {
    var facts: [String] = []
    if let model = app.model {
      facts.append(model.reference.name)
      if let side = model.autoencoder?.resolution, let frames = model.autoencoder?.clipLength {
        facts.append("\(side)x\(side)x\(frames)")
      }
    } else if app.isReady {
      facts.append("no model")
    }
    let settings = app.runningSettings
    let precision = settings?.precision.rawValue ?? Precision.float32.rawValue
    facts.append("CPU \(settings?.threadCount ?? threadCount)t \(precision)")
    let open = app.openJobs.count
    facts.append(
      open == 0 ? "idle" : "\(app.runningJob == nil ? 0 : 1)/\(open) job\(open == 1 ? "" : "s")")
    facts.append(context.capabilities.colorMode.shortName)
    facts.append(context.statistics.rateText)
    if context.statistics.imageDetail != .full { facts.append("pictures reduced") }
    return facts
  }

  /// The keys that mean something now: to what stands in front, to what is typed, or to the screen.
  private func drawHints(in buffer: inout CellBuffer, area: Rectangle) {
    let screen = screens[screen]
    if let overlay {
      HintLine.draw(overlay.hints, in: &buffer, area: area)
    } else if screen.isTyping {
      HintLine.draw(screen.typingHints, in: &buffer, area: area)
    } else if showsLog {
      HintLine.draw(Self.logHints, pinned: StudioKeys.pinned, in: &buffer, area: area)
    } else {
      HintLine.draw(
        screen.hints(app) + StudioKeys.hints, pinned: StudioKeys.pinned, in: &buffer, area: area)
    }
  }

  private static let logHints = [
    HelpEntry(keys: [.character("j")], name: "down", help: ""),
    HelpEntry(keys: [.character("k")], name: "up", help: ""),
    HelpEntry(keys: [.character("/")], name: "search", help: ""),
    HelpEntry(keys: [.character("@")], name: "hide the log", help: ""),
  ]

  /// What was said last, in the rows above the hints, which it never covers.
  private func drawNotice(
    _ notice: Notice, in buffer: inout CellBuffer, above hints: Rectangle
  ) {
    let lines = TextWrap.lines(notice.text, width: hints.width).prefix(Self.noticeRows)
    let area = Rectangle(
      column: hints.column, row: hints.row - lines.count, width: hints.width, height: lines.count)
    buffer.fill(area, style: Style(.text))
    for (index, line) in lines.enumerated() {
      buffer.write(
        line, column: area.column, row: area.row + index, style: Style(notice.level.role),
        clip: area)
    }
  }

  /// Rows that a notice takes at most.
  private static let noticeRows = 3

  // MARK: In front of the screen

  private func drawLog(in buffer: inout CellBuffer, area: Rectangle) {
    let inner = Border(title: "Log", footer: "@ hides", isFocused: true)
      .draw(in: &buffer, area: area)
    log.draw(in: &buffer, area: inner)
  }

  private func drawInformation(in buffer: inout CellBuffer, area: Rectangle) {
    let rows = screens[screen].information(app)
    let nameWidth = rows.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
    let valueWidth = rows.map { CharacterWidth.columns(of: $0.value) }.max() ?? 0
    let width = min(max(nameWidth + valueWidth + 6, 30), area.width)
    let height = min(max(rows.count, 1) + 2, area.height)
    let box = Rectangle(
      column: area.endColumn - width, row: area.row, width: width, height: height)
    buffer.fill(box, style: Style(.dialog))
    let inner = Border(title: "Details", footer: "i hides", isFocused: true)
      .draw(in: &buffer, area: box)
    if rows.isEmpty {
      buffer.write(
        "nothing is selected", column: inner.column + 1, row: inner.row,
        style: Style(.placeholder), clip: inner)
    }
    for (index, row) in rows.prefix(inner.height).enumerated() {
      buffer.write(
        row.name, column: inner.column + 1, row: inner.row + index, style: Style(.secondary),
        clip: inner)
      let place = inner.inset(left: nameWidth + 3, right: 1)
      buffer.write(
        CharacterWidth.truncate(row.value, to: place.width), column: place.column,
        row: inner.row + index, style: Style(.dialog), clip: place)
    }
    buffer.setGround(.dialog, in: box)
  }

  private func drawOverlay(in buffer: inout CellBuffer, area: Rectangle) {
    switch overlay {
    case .palette(let palette): palette.draw(in: &buffer, area: area)
    case .help(let help): help.draw(in: &buffer, area: area)
    case .question(let dialog, _): dialog.draw(in: &buffer, area: area)
    case .prompt(let prompt): prompt.draw(in: &buffer, area: area)
    case .themes(let picker): picker.draw(in: &buffer, area: area)
    case nil: break
    }
  }
}

extension Notice {
  /// What happened, and what to do about it.
  var text: String { remedy.isEmpty ? sentence : "\(sentence). \(remedy)" }
}

extension ColorMode {
  /// As short as a status line needs it.
  var shortName: String {
    switch self {
    case .mono: "mono"
    case .ansi16: "16c"
    case .indexed256: "256c"
    case .trueColor: "24bit"
    }
  }
}

extension AppState {
  /// The settings of the job that is being done, if it makes clips.
  var runningSettings: GenerationSettings? {
    guard case .generate(let task) = runningJob?.task else { return nil }
    return task.settings
  }
}
