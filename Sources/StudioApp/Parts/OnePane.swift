import TerminalUI

extension Rectangle {
  /// Whether a screen shows one of its panes at a time here, since there is no room for all.
  var showsOnePane: Bool { width < 80 || height < 20 }
}

extension AppState {
  /// Whether screens show one of their panes at a time in this window.
  package var showsOnePane: Bool { TileGrid.area(self).showsOnePane }
}

extension HelpSection {
  /// The table without the line of an action, where that does nothing.
  func without(_ action: ActionName) -> HelpSection {
    HelpSection(title: title, entries: entries.filter { $0.command != action.rawValue })
  }
}
