import EvaluationKit
import RunKit
import StudioKit
import TrainingKit

/// What comes back of a ``WorkspaceRequest`` to whoever asked; what everybody hears of is a
/// `WorkspaceEvent`.
package enum WorkspaceAnswer: Sendable, Codable {
  /// It is done.
  case done
  /// It is done, or it failed: a sentence for the person.
  case told(Notice)
  /// What a run takes.
  case estimate(RunEstimate)
  /// What a clip that leads somewhere takes, as far as that is known: nothing is queued before a person has
  /// agreed.
  case cost(DirectedEstimate?)
  /// What an evaluation lacks.
  case unmet([EvaluationRequirement])
  /// What was found out about a training.
  case preparation(TrainingPreparation)
  /// A training's video of samples.
  case sample(TrainingSample)
  /// What may follow a path.
  case completion(PathCompletion)
  /// A user's video.
  case footage(Footage)
  /// The frames of clips.
  case frames([ClipFrames])
  /// A video was opened or begun.
  case opened(ClipTree)
  /// A model is there to be used.
  case model(ModelEntry.ID)
  /// Files are there already: nothing was written, and the request does it all the same.
  case wouldReplace([String], confirmed: WorkspaceRequest)
  /// What a path leads to.
  case leads(to: Destination)

  /// What a path leads to.
  package enum Destination: Sendable, Codable {
    /// A model, which is among the models now.
    case model(ModelEntry.ID)
    /// An output of this program, and what made it.
    case output(path: String, RunSettings)
    /// A video, or something that may be one.
    case footage(path: String)
  }
}
