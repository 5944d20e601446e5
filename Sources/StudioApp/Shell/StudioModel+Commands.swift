import RunKit
import StudioLink
import TerminalUI

/// The commands of the palette that mean the same on every screen.
extension StudioModel {
  private var commands: [CommandPalette.Entry] {
    ScreenID.allCases.map {
      CommandPalette.Entry(
        name: $0.title.lowercased(), help: "the screen \($0.title)",
        keyText: (takesDigits ? $0.keys[1] : $0.keys[0]).description)
    } + [
      .init(name: "open", help: "a model, a video to continue, or an output", argument: .path),
      .init(
        name: "theme", help: "choose a theme, or name one", argument: .words(themes.map(\.name)),
        isComplete: true),
      .init(
        name: "bytes", help: "kilobytes a second to send at most, or off",
        argument: .words(["off", "40", "100", "300", "1000"])),
      .init(
        name: "color", help: "auto, truecolor, 256, 16 or mono",
        argument: .words(ColorMode.optionNames)),
      .init(
        name: "graphics", help: "pictures by kitty, sixel or cells; auto asks the terminal",
        argument: .words(PictureGrade.optionNames)),
      .init(
        name: "symbols", help: "of stills: auto, half, quad, sextant, ascii",
        argument: .words(["auto"] + SymbolSet.allCases.map(\.rawValue))),
      .init(
        name: "cell-ratio", help: "width of a cell by its height, 0.3 to 1",
        argument: .words(["0.5", "0.45", "0.4"])),
      .init(
        name: "mouse", help: "whether clicks are the studio's; Shift selects text",
        argument: .words(["on", "off"]), isComplete: true),
      .init(
        name: "announce", help: "tell the end of a long run when nobody looks",
        argument: .words(["on", "off"])),
    ]
  }

  func makePalette() -> CommandPalette {
    // What can be done here comes first, and stands for the studio's of the same name.
    let own = screens[screen].commands(app)
    let rows = (screens[screen].sections(app) + [ActionRegistry.studio]).flatMap(\.entries)
    var entries: [CommandPalette.Entry] = []
    var names: Set<String> = []
    let others = own + commands
    for row in rows where !row.command.isEmpty && names.insert(row.command).inserted {
      let counts = ActionName(rawValue: row.command).map(ActionRegistry.counted.contains) ?? false
      let typed = others.first { $0.name == row.command }?.argument
      entries.append(
        CommandPalette.Entry(
          name: row.command, help: row.help, argument: typed ?? (counts ? .text : .none),
          keyText: app.keys.shown(row).keys.first?.description ?? "", isComplete: true))
    }
    entries += others.filter { names.insert($0.name).inserted }
    return CommandPalette(entries: entries, history: paletteHistory)
  }

  mutating func run(_ name: String, _ argument: String) -> [Errand] {
    let isOfScreen = screens[screen].commands(app).contains { $0.name == name }
    if let action = ActionName(rawValue: name), canDo(action) {
      if argument.isEmpty { return perform(action) }
      if ActionRegistry.counted.contains(action) {
        guard let count = Int(argument), (1...Self.commandCountLimit).contains(count) else {
          return note(
            Notice(
              .warning, "\"\(argument)\" is no number of times",
              remedy: "\(name) takes 1 to \(Self.commandCountLimit)"))
        }
        return perform(action, count: count)
      }
    }
    if name == ActionName.model.rawValue, !argument.isEmpty, !isOfScreen {
      return chooseModel(argument)
    }
    if isOfScreen { return follow(screens[screen].run(name, argument: argument, app)) }
    if let screen = ScreenID.allCases.first(where: { $0.title.lowercased() == name }) {
      return show(screen)
    }
    switch name {
    case "open": return open(argument)
    case "theme": return chooseTheme(argument)
    case "bytes": return limitBytes(argument)
    case "color", "colour": return chooseColors(argument)
    case "graphics": return chooseGraphics(argument)
    case "symbols": return chooseSymbols(argument)
    case "cell-ratio": return setCellRatio(argument)
    case "mouse": return chooseMouse(argument)
    case "announce": return chooseAnnouncing(argument)
    default:
      guard !argument.isEmpty else { return [] }
      return note(
        Notice(.warning, "\(name) takes nothing after it", remedy: "Type :\(name) alone"))
    }
  }

  private mutating func chooseModel(_ name: String) -> [Errand] {
    let models = app.models.filter(\.canGenerate)
    guard let found = models.first(where: { $0.reference.name.lowercased() == name.lowercased() })
    else {
      let names = models.map(\.reference.name).joined(separator: ", ")
      return note(
        Notice(
          .warning, "there is no model \"\(name)\" to make videos with",
          remedy: names.isEmpty ? "" : "There are \(names)"))
    }
    return follow([.useModel(found.id)])
  }

  /// Whether an action counts here.
  private func canDo(_ action: ActionName) -> Bool {
    (screens[screen].sections(app) + [ActionRegistry.studio]).contains {
      $0.actions.contains(action)
    }
  }

  private static let commandCountLimit = 1_000

  private mutating func chooseMouse(_ text: String) -> [Errand] {
    guard let isOn = Self.isOn(text, now: usesMouse ?? true) else { return noSwitch(text) }
    usesMouse = isOn
    return [.remember(.usesMouse(isOn))]
      + note(
        Notice(
          .success,
          isOn
            ? "clicks and the wheel are the studio's; Shift selects text"
            : "the mouse is the terminal's"))
  }

  private mutating func chooseAnnouncing(_ text: String) -> [Errand] {
    guard let isOn = Self.isOn(text, now: announces) else { return noSwitch(text) }
    announces = isOn
    return [.remember(.announces(isOn))]
      + note(
        Notice(
          .success,
          isOn
            ? "the end of a long run is told when nobody looks" : "the end of a run is not told"))
  }

  /// What a switch becomes; nothing typed turns it over.
  private static func isOn(_ text: String, now: Bool) -> Bool? {
    switch text {
    case "": !now
    case "on": true
    case "off": false
    default: nil
    }
  }

  private mutating func noSwitch(_ text: String) -> [Errand] {
    note(Notice(.warning, "\"\(text)\" is neither on nor off"))
  }

  private mutating func open(_ path: String) -> [Errand] {
    guard !path.isEmpty else {
      return note(Notice(.warning, "open needs a path", remedy: ":open models/skies"))
    }
    return [.open(path: path)]
  }

  private mutating func chooseTheme(_ name: String) -> [Errand] {
    guard !name.isEmpty else {
      overlay = .themes(ThemePicker(themes: themes, current: theme))
      return []
    }
    guard let found = themes.first(where: { $0.name.lowercased() == name.lowercased() }) else {
      return note(
        Notice(
          .warning, "there is no theme \(name)",
          remedy: "There are \(themes.map(\.name).joined(separator: ", "))"))
    }
    theme = found
    return [.remember(.theme(found.name))]
  }

  private mutating func limitBytes(_ text: String) -> [Errand] {
    if ["off", "none"].contains(text) {
      bytesPerSecond = nil
    } else if let kilobytes = Int(text), (1...1_000_000).contains(kilobytes) {
      bytesPerSecond = kilobytes * 1_000
    } else {
      return note(
        Notice(.warning, "\"\(text)\" is no limit", remedy: "Give kilobytes a second, or off"))
    }
    return [.remember(.bytesPerSecond(bytesPerSecond))]
  }

  private mutating func chooseColors(_ text: String) -> [Errand] {
    do {
      colorMode = try ColorMode.parse(option: text)
      return [.remember(.color(colorMode))]
        + note(Notice(.success, "colours: \(colorMode?.rawValue ?? "what the terminal shows")"))
    } catch {
      let names = ColorMode.optionNames.joined(separator: ", ")
      return note(
        Notice(.warning, "there are no colours \"\(text)\"", remedy: "There are \(names)"))
    }
  }

  private mutating func chooseGraphics(_ text: String) -> [Errand] {
    guard let choice = PictureGrade.parse(option: text) else {
      let names = PictureGrade.optionNames.joined(separator: ", ")
      return note(
        Notice(.warning, "there are no graphics \"\(text)\"", remedy: "There are \(names)"))
    }
    pictureGrade = choice
    let sentence =
      switch choice {
      case nil: "pictures are shown as well as the terminal says it can"
      case .kitty: "pictures are sent by kitty's protocol, whatever the terminal said"
      case .sixel: "pictures are sent as sixels, whatever the terminal said"
      case .cells: "pictures are block characters"
      }
    return [.remember(.graphics(choice))] + note(Notice(.success, sentence))
  }

  private mutating func chooseSymbols(_ text: String) -> [Errand] {
    guard text == "auto" || SymbolSet(rawValue: text) != nil else {
      let names = SymbolSet.allCases.map(\.rawValue).joined(separator: ", ")
      return note(Notice(.warning, "there are no symbols \"\(text)\"", remedy: "auto, \(names)"))
    }
    app.stillSymbols = SymbolSet(rawValue: text)
    return [.remember(.symbols(app.stillSymbols))]
  }

  /// Widths that a character can have by its height.
  static let cellRatios = 0.3...1.0

  private mutating func setCellRatio(_ text: String) -> [Errand] {
    guard let ratio = Double(text), Self.cellRatios.contains(ratio) else {
      return note(
        Notice(.warning, "\"\(text)\" is no ratio of a cell", remedy: "0.5 suits most fonts"))
    }
    app.cellRatio = ratio
    return [.remember(.cellRatio(ratio))]
  }
}
