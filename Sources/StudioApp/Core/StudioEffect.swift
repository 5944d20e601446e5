import RunKit
import StudioLink
import TerminalUI

/// What a screen asks for beside changing itself: values, so that tests can compare them.
///
/// The studio itself follows all but the last, see ``StudioModel``.
package enum StudioEffect: Sendable, Hashable, WorkspaceAsking {
  /// Shows a screen.
  case show(ScreenID)
  /// Shows a screen and carries out one of its commands.
  case command(ScreenID, String, argument: String)
  /// Says something in the status line and the log.
  case notify(Notice)
  /// Opens a question; `confirmed` happens on yes.
  case confirm(title: String, lines: [String], confirmed: [StudioEffect])
  /// Asks for a line of text; the answer comes back as the screen's command of that name. `isPath` lets Tab
  /// complete it.
  case ask(prompt: String, text: String, command: String, isPath: Bool = false)
  /// Puts a text into the clipboard and says what it is.
  case copy(String, what: String)
  /// Chooses the model that runs use.
  case useModel(ModelEntry.ID)
  /// Puts what made a video into Make, to be made again, and says what that is; the video by its name.
  /// `keepsSeeds` is false for a recipe with other seeds, of which another video comes.
  case useRecipe(Recipe, of: String, keepsSeeds: Bool)
  /// Asks the workspace.
  case workspace(WorkspaceRequest)
  /// Leaves the workspace and ends the studio.
  case quit
}

/// What the studio leaves to others, once it has followed everything that concerns itself.
package enum Errand: Sendable, Hashable, WorkspaceAsking {
  /// Something of the terminal and its program.
  case terminal(TerminalRequest)
  /// Something of the workspace, which ``EffectRunner`` carries out.
  case workspace(WorkspaceRequest)
  /// Leaves the workspace; the studio hears of it as ``StudioMessage/closed``.
  case quit
}

/// What the program that drives the terminal is asked for.
package enum TerminalRequest: Sendable, Hashable {
  /// Leaves the terminal; everything is saved.
  case leave
  /// Stops as Ctrl-Z does, until the shell continues it.
  case suspend
  /// Draws everything anew.
  case redraw
  /// Tells the terminal something beside what is drawn.
  case signal(TerminalSignal)
}

/// Something that may be a request to the workspace, which is then written as its kind alone:
/// `.job(.pause(id))`.
package protocol WorkspaceAsking {
  static func workspace(_ request: WorkspaceRequest) -> Self
}

extension WorkspaceAsking {
  package static func query(_ query: WorkspaceQuery) -> Self { .workspace(.query(query)) }
  package static func order(_ order: WorkOrder) -> Self { .workspace(.order(order)) }
  package static func job(_ change: JobChange) -> Self { .workspace(.job(change)) }
  package static func tree(_ change: TreeChange) -> Self { .workspace(.tree(change)) }
  package static func video(_ change: VideoChange) -> Self { .workspace(.video(change)) }
  package static func library(_ change: LibraryChange) -> Self { .workspace(.library(change)) }
  package static func remember(_ preference: Preference) -> Self {
    .workspace(.remember(preference))
  }
  package static func open(path: String) -> Self { .workspace(.open(path: path)) }
}
