import RunKit
import StudioKit
import StudioLink
import TerminalUI
import TrainingKit

/// What the studio hears: from the terminal, from the workspace, from its timers.
package enum StudioMessage: Sendable {
  /// A key was pressed, or text pasted.
  case key(Key)
  case paste(String)
  /// A cell was clicked, counted from 0.
  case click(column: Int, row: Int)
  /// The mouse moved over a cell with its button held, since it was pressed somewhere.
  case drag(column: Int, row: Int)
  /// Somebody looks at the terminal's window, or no longer.
  case focus(Bool)
  /// The window has a new size.
  case resized(TerminalSize)
  /// Ctrl-C, SIGTERM, and a terminal that is gone.
  case interrupt
  case terminate
  case hangup

  /// The workspace is open; what was remembered from the last time.
  case ready(Preferences, modelFolders: [String])
  /// The workspace cannot be opened.
  case failedToOpen(any Error)
  /// Something changed in the workspace.
  case workspace(WorkspaceEvent)
  /// Frames that a screen asked for.
  case frames([ClipFrames], asked: [ClipID] = [])
  /// An estimate that a screen asked for.
  case estimated(AppState.EstimateKey, RunEstimate)
  /// What an evaluation lacks, which a screen asked for.
  case evaluationChecked(AppState.EvaluationCheck)
  /// What was found out about a training, which a screen asked for.
  case trainingChecked(AppState.TrainingCheck)
  /// A training's video of samples that a screen asked for.
  case trainingSample(TrainingSample)
  /// What may follow a path, which a screen asked for.
  case pathCompleted(PathCompletion)
  /// A user's video that a screen asked for.
  case footage(Footage)
  /// A question was answered, or cannot be: the next one may be asked.
  case answered(Question)
  /// Work that was ordered is not begun; why.
  case refused(Notice)
  /// Something to show that an effect led to.
  case follow([StudioEffect])
  /// A video was opened or begun.
  case opened(ClipTree)
  /// The workspace is closed; nothing is left to do.
  case closed

  /// The next frame of whatever moves on the screen is due.
  case frame
}
