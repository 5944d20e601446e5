import Foundation
import HandwrittenText
import RunKit
import StudioLink
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
      area, .vertical, [.fixed(1), .fixed(1), .fill(), .fixed(logHeight), .fixed(1), .fixed(1)])
    drawHeader(context, in: &buffer, area: parts[0])
    Tabs(
      ScreenID.allCases.map(\.title), selected: ScreenID.allCases.firstIndex(of: screen) ?? 0,
      numbers: ScreenID.allCases.map(\.rawValue),
      prefix: takesDigits ? "F" : ""
    ).draw(in: &buffer, area: parts[1])
    if app.isReady {
      screens[screen].draw(in: &buffer, area: parts[2], app, context)
    } else {
      buffer.write(
        "Opening the data folder and looking for models ...", column: parts[2].column + 2,
        row: parts[2].row + 1, style: Style(.secondary), clip: parts[2])
    }
    if showsLog { drawLog(in: &buffer, area: parts[3]) }
    if showsInformation { drawInformation(in: &buffer, area: parts[2]) }
    if overlay != nil { buffer.coverTargets() }
    drawHints(in: &buffer, area: parts[5])
    drawNotice(in: &buffer, area: parts[4])
    drawOverlay(in: &buffer, area: area)
  }

  /// Rows of the window that are not the screen's: the header, the tabs, what was said, the hints.
  package static let frameRows = 4

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
    let device = (settings ?? GenerationSettings()).deviceText(processorCount: threadCount)
    facts.append("\(device) \(precision)")
    let open = app.openJobs.count
    facts.append(
      open == 0 ? "idle" : "\(app.runningJob == nil ? 0 : 1)/\(counted(open, "job"))")
    facts.append(
      ([context.capabilities.colorMode.shortName]
        + (context.capabilities.pictureGrade == .cells
          ? [] : [context.capabilities.pictureGrade.rawValue]))
        .joined(separator: " "))
    facts.append(context.statistics.rateText)
    if context.statistics.imageDetail != .full { facts.append("pictures reduced") }
    return facts
  }

  /// The keys that mean something now: to what stands in front, to what is typed, or to the screen.
  private func drawHints(in buffer: inout CellBuffer, area: Rectangle) {
    let screen = screens[screen]
    func shown(_ entries: [HelpEntry]) -> [HelpEntry] { entries.map(app.keys.shown) }
    if let overlay {
      HintLine.draw(overlay.hints, in: &buffer, area: area)
    } else if screen.isTyping {
      HintLine.draw(screen.typingHints, in: &buffer, area: area)
    } else if showsLog, log.isTyping {
      HintLine.draw(TextInput.hints, in: &buffer, area: area)
    } else if showsLog {
      HintLine.draw(shown(Self.logHints), pinned: shown(Self.pinned), in: &buffer, area: area)
    } else if let count {
      // What a number means depends on the action alone.
      let text = "\(count) times: "
      buffer.write(text, column: area.column, row: area.row, style: Style(.accent), clip: area)
      let counted = screen.sections(app).flatMap(\.entries).filter { entry in
        ActionName(rawValue: entry.command).map(ActionRegistry.counted.contains) ?? false
      }
      HintLine.draw(
        shown(counted) + [HelpEntry(keys: [.escape], name: "none", help: "")],
        pinned: shown(Self.pinned), in: &buffer, area: area.inset(left: text.count))
    } else {
      HintLine.draw(
        shown(screen.hints(app) + ActionRegistry.studio.rows([.log, .information, .quit])),
        pinned: shown(Self.pinned), in: &buffer, area: area)
    }
  }

  /// The hints that are always there, at the right.
  private static let pinned = ActionRegistry.studio.rows([.help, .palette])

  private static let logHints = [
    HelpEntry(keys: [.character("j")], name: "down", help: ""),
    HelpEntry(keys: [.character("k")], name: "up", help: ""),
    HelpEntry(keys: [.character("/")], name: "search", help: ""),
    ActionName.log.row("hide the log", ""),
  ]

  /// What was said last, in its own line above the hints, and at its right what undo would do. A notice that
  /// is longer goes on above, until the next key.
  private func drawNotice(in buffer: inout CellBuffer, area: Rectangle) {
    var free = area
    if let status {
      let lines = TextWrap.lines(
        status.text, width: area.width, atMost: Self.noticeRows)
      let place = Rectangle(
        column: area.column, row: area.endRow - lines.count, width: area.width,
        height: lines.count)
      buffer.fill(place, style: Style(.text))
      for (index, line) in lines.enumerated() {
        buffer.write(
          line, column: place.column, row: place.row + index, style: Style(status.level.role),
          clip: place)
      }
      free = area.inset(left: CharacterWidth.columns(of: lines.last ?? "") + 3)
    }
    guard overlay == nil, !showsLog, !screens[screen].isTyping,
      let undo = screens[screen].undoText(app),
      let key = ActionRegistry.studio.row(.undo).map(app.keys.shown)?.keys.first
    else { return }
    let text = "\(key) \(undo)"
    let width = CharacterWidth.columns(of: text)
    guard width <= free.width else { return }
    let column = free.endColumn - width
    let end = buffer.write(
      "\(key)", column: column, row: free.row, style: Style(.key), clip: free)
    buffer.write(" \(undo)", column: end, row: free.row, style: Style(.secondary), clip: free)
    buffer.addTarget(
      Rectangle(column: column, row: free.row, width: width, height: 1), .press(key))
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
    case .menu(let help): help.draw(in: &buffer, area: area)
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
