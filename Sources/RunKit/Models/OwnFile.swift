import CheckpointIO
import VideoDiffusion

/// A file of the program's own that looks like a checkpoint and is meant to be no model.
package enum OwnFile: Sendable {
  /// A run that can be resumed.
  case savedRun
  /// The state of a training.
  case trainingState
  /// Latents.
  case latents

  /// Key of a training's state in a checkpoint's metadata.
  package static let trainingStateKey = "pvdm.training"

  /// `nil` for other checkpoints.
  package init?(_ checkpoint: Checkpoint) {
    if SavedRun.isOne(checkpoint) {
      self = .savedRun
    } else if checkpoint.metadata[Self.trainingStateKey] != nil {
      self = .trainingState
    } else if checkpoint.tensors.contains(where: { $0.name == "latents" && $0.shape.count == 3 }) {
      self = .latents
    } else {
      return nil
    }
  }
}
