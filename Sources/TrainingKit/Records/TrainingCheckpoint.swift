import CheckpointIO
import Foundation
import RunKit
import TrainingData
import VideoDiffusion

/// A checkpoint of a run: the networks' and optimisers' state, and where the run stood.
struct TrainingCheckpoint {
  /// What a checkpoint says beside its tensors.
  struct Position: Codable {
    /// The stage.
    let stage: TrainingStage
    /// Steps done.
    let step: Int
    /// Where the data goes on.
    let position: ClipSampler.Position
    /// What was gathered for the next line of the log; `nil` in files of older versions.
    var window: TrainingMeter.Window?
    /// What was noticed of the loss so far; `nil` in files of older versions.
    var watch: DivergenceWatch?
    /// The videos that it learnt from; `nil` in files of older versions.
    var data: DataFingerprint?

    /// What goes into the file's metadata.
    func metadata() throws -> [String: String] {
      [OwnFile.trainingStateKey: String(decoding: try JSONEncoder().encode(self), as: UTF8.self)]
    }
  }

  /// The file.
  let state: Checkpoint
  /// Where the run stood.
  let position: Position

  /// Opens a file and compares it with what was written.
  ///
  /// - Throws: `CheckpointError` if it cannot be read or is damaged, ``TrainingError`` if it is no
  ///   checkpoint of such a run.
  init(contentsOf path: String, _ stage: TrainingStage, run: String) throws {
    state = try Checkpoint(contentsOf: path)
    try state.verifySeal()
    guard let text = state.metadata[OwnFile.trainingStateKey],
      let position = try? JSONDecoder().decode(Position.self, from: Data(text.utf8)),
      position.stage == stage
    else {
      throw TrainingError(
        run, .damaged(file: path, reason: "is not a checkpoint of pvdm train \(stage.rawValue)"))
    }
    self.position = position
  }

  /// The newest checkpoint of a run that is as it was written; damaged ones after it are set aside.
  ///
  /// - Returns: `nil` for a run that was stopped before its first checkpoint; and what a person should
  ///   know: sentences without full stops.
  /// - Throws: What is wrong with the newest if none can be used; `CheckpointError` if a file cannot be
  ///   read for want of rights, which says nothing of what it holds.
  static func newest(
    in folder: TrainingRunFolder, _ stage: TrainingStage
  ) throws -> (checkpoint: TrainingCheckpoint?, notes: [String]) {
    var damaged: [(path: String, error: any Error)] = []
    for step in folder.checkpointSteps.reversed() {
      let path = folder.checkpoint(step)
      do {
        let found = try TrainingCheckpoint(contentsOf: path, stage, run: folder.path)
        let notes = damaged.map { path, error in
          "\(setAside(path)): \(Explanation(error).sentence); the run goes on from step \(step)"
        }
        return (found, notes)
      } catch {
        guard isDamage(error) else { throw error }
        damaged.append((path, error))
      }
    }
    if let first = damaged.first { throw first.error }
    return (nil, [])
  }

  private static func isDamage(_ error: any Error) -> Bool {
    switch error {
    case let error as CheckpointError:
      switch error.kind {
      case .fileSystem, .cancelled: return false
      default: return true
      }
    default: return error is TrainingError
    }
  }

  /// Gives a damaged file a name under which no run goes on from it.
  ///
  /// - Returns: What became of it.
  private static func setAside(_ path: String) -> String {
    let other = path + ".damaged"
    return rename(path, other) == 0
      ? "a checkpoint is damaged and was set aside as \(other)"
      : "a checkpoint is damaged and was passed over"
  }
}
