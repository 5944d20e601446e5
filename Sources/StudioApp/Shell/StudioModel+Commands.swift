import RunKit
import TerminalUI

/// The commands of the palette that mean the same on every screen.
extension StudioModel {
  private static let commands: [CommandPalette.Entry] =
    ScreenID.allCases.map {
      CommandPalette.Entry(name: $0.title.lowercased(), help: "the screen \($0.title)")
    } + [
      .init(name: "open", help: "a model, a video to continue, or an output", takesArgument: true),
      .init(name: "theme", help: "choose a theme, or name one", takesArgument: true),
      .init(
        name: "bytes", help: "kilobytes a second to send at most, or off", takesArgument: true),
      .init(name: "color", help: "auto, truecolor, 256, 16 or mono", takesArgument: true),
      .init(
        name: "symbols", help: "of stills: auto, half, quad, sextant, ascii", takesArgument: true),
      .init(
        name: "cell-ratio", help: "width of a cell by its height, 0.3 to 1", takesArgument: true),
      .init(name: "log", help: "show or hide the log"),
      .init(name: "help", help: "the keys of this screen"),
      .init(name: "redraw", help: "draw the screen anew"),
      .init(name: "quit", help: "save and leave"),
    ]

  func makePalette() -> CommandPalette {
    // A screen's command comes first, and stands for the studio's of the same name.
    let own = screens[screen].commands
    let names = Set(own.map(\.name))
    return CommandPalette(
      entries: own + Self.commands.filter { !names.contains($0.name) }, history: paletteHistory)
  }

  mutating func run(_ name: String, _ argument: String) -> [Errand] {
    if screens[screen].commands.contains(where: { $0.name == name }) {
      return follow(screens[screen].run(name, argument: argument, app))
    }
    if let screen = ScreenID.allCases.first(where: { $0.title.lowercased() == name }) {
      return show(screen)
    }
    switch name {
    case "open": return open(argument)
    case "theme": return chooseTheme(argument)
    case "bytes": return limitBytes(argument)
    case "color", "colour": return chooseColors(argument)
    case "symbols": return chooseSymbols(argument)
    case "cell-ratio": return setCellRatio(argument)
    case "log": showsLog.toggle()
    case "help": showHelp()
    case "redraw": return [.terminal(.redraw)]
    case "quit": return follow([.quit])
    default: break
    }
    return []
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
