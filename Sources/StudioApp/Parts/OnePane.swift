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
  /// The table with the action that shows the other pane only where one is shown at a time.
  func offeringPanes(_ app: AppState) -> HelpSection { app.showsOnePane ? self : without(.pane) }

  /// The table without the line of an action, where that does nothing.
  func without(_ action: ActionName) -> HelpSection {
    HelpSection(title: title, entries: entries.filter { $0.command != action.rawValue })
  }
}
