import Foundation
import TerminalUI

/// The themes there are: the program's and the user's.
package struct ThemeShelf: Sendable {
  /// The themes, by name.
  package private(set) var themes: [Theme] = [.plain]
  /// What was wrong with their files, with file and line.
  package private(set) var problems: [String] = []

  /// Reads every theme in some folders. A later folder's theme replaces one of the same name.
  ///
  /// - Parameter folders: The program's `themes`, then the user's; those that do not exist are left
  ///   out.
  package init(folders: [String]) {
    for folder in folders {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for name in names.sorted() where name.hasSuffix(".toml") { read("\(folder)/\(name)") }
    }
    themes.sort { $0.name.lowercased() < $1.name.lowercased() }
  }

  private mutating func read(_ path: String) {
    do {
      let (theme, issues) = try ThemeLoader.load(path: path)
      themes.removeAll { $0.name == theme.name }
      themes.append(theme)
      problems += issues.map(\.description)
    } catch {
      problems.append(error.description)
    }
  }

  /// A theme by name, whatever its capitals.
  package func theme(named name: String) -> Theme? {
    themes.first { $0.name.lowercased() == name.lowercased() }
  }

  /// The theme for a terminal whose user has chosen none.
  package func standard(for mode: ColorMode) -> Theme {
    let name =
      switch mode {
      case .mono: "Monochrome"
      case .ansi16: "16 colours"
      default: "Dark"
      }
    return theme(named: name) ?? .plain
  }
}
