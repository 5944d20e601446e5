import RunKit
import TerminalUI

extension StudioModel {
  /// Handles a key: what stands in front first, then a text being typed, then the keys of the whole
  /// studio, then the screen's.
  mutating func handle(_ key: Key) -> [Errand] {
    status = nil
    if let overlay { return handle(key, in: overlay) }
    if key == .control("c") { return update(.interrupt) }
    if screens[screen].isTyping { return follow(screens[screen].handle(key, app)) }
    if showsLog, [.escape, .character("q"), .character("@")].contains(key) {
      showsLog = false
      return []
    }
    if showsLog, log.handle(key, page: Self.logRows - 2) { return [] }
    let isForScreen = key.digit != nil && screens[screen].takesDigits(app)
    if !isForScreen, let action = StudioKeys.map.action(for: key) { return perform(action) }
    return follow(screens[screen].handle(key, app))
  }

  /// Rows of the log pane with its frame.
  static let logRows = 9

  mutating func paste(_ text: String) -> [Errand] {
    switch overlay {
    case .palette(var palette):
      palette.paste(text)
      overlay = .palette(palette)
    case .prompt(var prompt):
      prompt.input.insert(text)
      overlay = .prompt(prompt)
    case nil: screens[screen].paste(text)
    default: break
    }
    return []
  }

  private mutating func perform(_ action: StudioAction) -> [Errand] {
    switch action {
    case .show(let screen): return show(screen)
    case .help: showHelp()
    case .palette: overlay = .palette(makePalette())
    case .log: showsLog.toggle()
    case .information: showsInformation.toggle()
    case .undo: return follow(screens[screen].undo(app))
    case .redo: return follow(screens[screen].redo(app))
    case .redraw: return [.terminal(.redraw)]
    case .suspend: return [.terminal(.suspend)]
    case .themes: overlay = .themes(ThemePicker(themes: themes, current: theme))
    case .back: return leave() ? refreshed() : []
    case .quit: return leave() ? refreshed() : askToQuit()
    }
    return []
  }

  mutating func showHelp() {
    let sections = screens[screen].helpSections + [StudioKeys.map.helpSection, StudioKeys.others]
    overlay = .help(HelpOverlay(sections))
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
    guard let job = app.runningJob else { return follow([.quit]) }
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
      case .run(let name, let argument):
        self.overlay = nil
        paletteHistory.append(argument.isEmpty ? name : "\(name) \(argument)")
        return run(name, argument)
      }
    case .help(var help):
      let isClosed = help.handle(key, page: help.page(height: size.rows)) == .closed
      self.overlay = isClosed ? nil : .help(help)
      return []
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
      switch prompt.input.handle(key) {
      case .submitted(let text):
        self.overlay = nil
        return follow(screens[screen].run(prompt.command, argument: text, app))
      case .cancelled: self.overlay = nil
      case .edited, .ignored: self.overlay = .prompt(prompt)
      }
      return []
    case .themes(var picker):
      let outcome = picker.handle(key)
      theme = outcome == .left ? picker.previous : picker.selected ?? theme
      self.overlay = outcome == .open ? .themes(picker) : nil
      return outcome == .kept ? [.remember(.theme(theme.name))] : []
    }
  }
}
