import RunKit
import StudioLink
import TerminalUI

extension StudioModel {
  /// Handles a key: what stands in front first, then a text being typed, then what means the same everywhere,
  /// then the screen's.
  mutating func handle(_ key: Key) -> [Errand] {
    status = nil
    if let job = app.runningJob { attended.insert(job.id) }
    if let overlay { return handle(key, in: overlay) }
    if key == .control("c") {
      count = nil
      return update(.interrupt)
    }
    if screens[screen].isTyping { return follow(screens[screen].handle(key, app)) }
    if showsLog, handleInLog(key) { return [] }
    if takeCount(key) { return [] }
    defer { count = nil }
    if count != nil, key == .escape { return [] }
    let isForScreen = key.digit != nil && takesDigits
    if !isForScreen, let screen = ScreenID(key) { return show(screen) }
    switch app.keys.meaning(of: key, in: [ActionRegistry.studio]) {
    case .action(let action): return perform(action, count: count)
    case .given where app.keys.meaning(of: key, in: screens[screen].sections(app)) == .none:
      return []
    case .given, .none: return follow(screens[screen].handle(key, count: count, app))
    }
  }

  /// Handles a key in the log, which stands in front of the screen. False if it means nothing
  /// there.
  private mutating func handleInLog(_ key: Key) -> Bool {
    let meaning = app.keys.meaning(of: key, in: [ActionRegistry.studio])
    if !log.isTyping, key == .escape || [.action(.quit), .action(.log)].contains(meaning) {
      showsLog = false
      return true
    }
    guard log.handle(key, page: Self.logPage) else { return false }
    if log.isUnmatched { status = .noMatch(log.state.search.query) }
    return true
  }

  /// Whether digits are typed here, so that other keys show the screens.
  var takesDigits: Bool { screens[screen].takesDigits(app) || screens[screen].takesCount(app) }

  /// Takes a digit that counts what comes next. A zero alone counts nothing.
  private mutating func takeCount(_ key: Key) -> Bool {
    guard let digit = key.digit, screens[screen].takesCount(app), digit > 0 || count != nil else {
      return false
    }
    count = min((count ?? 0) * 10 + digit, Self.countLimit)
    return true
  }

  private static let countLimit = 9_999

  /// Rows of the log pane with its frame.
  static let logRows = 9

  /// Lines of the log that are seen at once.
  private static let logPage = logRows - 2

  mutating func paste(_ text: String) -> [Errand] {
    switch overlay {
    case .palette(var palette):
      palette.paste(text)
      overlay = .palette(palette)
    case .menu(var menu):
      menu.paste(text)
      overlay = .menu(menu)
    case .prompt(var prompt):
      prompt.paste(text)
      overlay = .prompt(prompt)
      return lookUpFolder()
    case .themes(var picker):
      picker.paste(text)
      theme = picker.selected ?? theme
      overlay = .themes(picker)
    case .question: break
    case nil:
      guard showsLog, log.isTyping else { return follow(screens[screen].paste(text, app)) }
      log.paste(text, page: Self.logPage)
    }
    return []
  }

  /// Does what means the same everywhere, or else something of the screen.
  mutating func perform(_ action: ActionName, count: Int? = nil) -> [Errand] {
    switch action {
    case .help: showMenu()
    case .palette: overlay = .palette(makePalette())
    case .log: showsLog.toggle()
    case .information: showsInformation.toggle()
    case .undo, .redo:
      return (0..<min(count ?? 1, Self.countLimit)).flatMap { _ in
        follow(action == .undo ? screens[screen].undo(app) : screens[screen].redo(app))
      }
    case .redraw: return [.terminal(.redraw)]
    case .suspend: return [.terminal(.suspend)]
    case .theme: overlay = .themes(ThemePicker(themes: themes, current: theme))
    case .back: return leave() ? refreshed() : []
    case .quit: return leave() ? refreshed() : askToQuit()
    default: return follow(screens[screen].perform(action, repeating: count, app))
    }
    return []
  }

  /// Shows what can be done here.
  mutating func showMenu() {
    let sections = screens[screen].sections(app) + [ActionRegistry.studio, ActionRegistry.screens]
    overlay = .menu(ActionMenu(sections.map(app.keys.shown)))
  }

  /// Does what a line of the menu says.
  private mutating func run(_ entry: HelpEntry) -> [Errand] {
    overlay = nil
    if let action = ActionName(rawValue: entry.command) { return perform(action) }
    // A digit may count here; the other keys of a screen always lead there.
    guard let key = entry.keys.first(where: { $0.digit == nil }) else { return [] }
    return handle(key)
  }

  /// Leaves the innermost thing that can be left.
  private mutating func leave() -> Bool {
    if showsInformation {
      showsInformation = false
      return true
    }
    return screens[screen].goBack()
  }

  private mutating func askToQuit() -> [Errand] {
    guard !isAttached, let job = app.runningJob else { return follow([.quit]) }
    overlay = .question(
      .confirm(
        title: "Quit while job \(job.id.rawValue) runs?",
        lines: ["It is saved after its step, and can go on when the studio is opened again."]),
      confirmed: [.quit])
    return []
  }

  // MARK: In front of the screen

  private mutating func handle(_ key: Key, in overlay: Overlay) -> [Errand] {
    if key == .control("c") {
      self.overlay = nil
      return []
    }
    switch overlay {
    case .palette(var palette):
      let outcome = palette.handle(key)
      self.overlay = .palette(palette)
      switch outcome {
      case .open: return []
      case .cancelled:
        self.overlay = nil
        return []
      case .unknown(let name):
        self.overlay = nil
        return note(Notice(.warning, "there is no command \(name)", remedy: "Tab completes one"))
      case .complete(let path): return follow([.query(.completePath(path))])
      case .run(let name, let argument):
        self.overlay = nil
        paletteHistory.append(argument.isEmpty ? name : "\(name) \(argument)")
        return run(name, argument)
      }
    case .menu(var menu):
      let outcome = menu.handle(key, page: menu.page(height: size.rows))
      self.overlay = .menu(menu)
      switch outcome {
      case .open: return []
      case .closed:
        self.overlay = nil
        return []
      case .run(let entry): return run(entry)
      }
    case .question(var dialog, let confirmed):
      switch dialog.handle(key) {
      case .open: self.overlay = .question(dialog, confirmed: confirmed)
      case .chosen(0):
        self.overlay = nil
        return follow(confirmed)
      case .chosen, .cancelled: self.overlay = nil
      }
      return []
    case .prompt(var prompt):
      if key == .tab, prompt.isPath {
        prompt.askForCompletion()
        self.overlay = .prompt(prompt)
        return follow([.query(.completePath(prompt.path))])
      }
      switch prompt.handle(key) {
      case .submitted(let text):
        self.overlay = nil
        return follow(screens[screen].run(prompt.command, argument: text, app))
      case .cancelled: self.overlay = nil
      case .edited, .ignored: self.overlay = .prompt(prompt)
      }
      return lookUpFolder()
    case .themes(var picker):
      let outcome = picker.handle(key)
      theme = outcome == .left ? picker.previous : picker.selected ?? theme
      self.overlay = outcome == .open ? .themes(picker) : nil
      return outcome == .kept ? [.remember(.theme(theme.name))] : []
    }
  }
}
