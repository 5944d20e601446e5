import RunKit
import TrainingKit

/// What changed in a ``Workspace``.
public enum WorkspaceEvent: Sendable, Codable {
  /// The models that were found.
  case models([ModelEntry])
  /// Whether models are being looked for.
  case modelSearch(isRunning: Bool)
  /// The presets.
  case presets([Preset])
  /// The videos, the one last changed first; trashed ones included.
  case videos([VideoSummary])
  /// A video's tree.
  case tree(ClipTree)
  /// A clip is complete; its frames come along.
  case clipFinished(Clip, ClipFrames)
  /// The queue: what is to be done in its order, then what is over, the latest first.
  case jobs([Job])
  /// The running job went on.
  case progress(JobProgress)
  /// There is something to see of the running job.
  case preview(JobPreview)
  /// The comparisons, the latest first.
  case comparisons([Comparison])
  /// The stored scores, the latest first.
  case evaluations([StoredEvaluation])
  /// The training runs in the data folder, the latest first.
  case trainingRuns([TrainingRunEntry])
  /// The jobs that were given to a cluster, the latest first; not told of where there is no cluster.
  case clusterJobs([ClusterJob])
  /// The training at work went on.
  case training(TrainingWatch)
  /// Something that a person should read.
  case notice(Notice)
}
