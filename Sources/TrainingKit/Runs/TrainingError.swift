import HandwrittenText
import RunKit

/// Why a training cannot begin or go on.
public struct TrainingError: Error, Sendable, Hashable {
  /// The run's folder.
  public let folder: String
  /// What is wrong.
  public let problem: Problem

  /// What is wrong.
  public enum Problem: Sendable, Hashable {
    /// The folder holds a run already, and a new one was asked for.
    case exists(step: Int?)
    /// The folder holds other things than a run.
    case foreign(String)
    /// The folder holds no run that could go on.
    case noRun
    /// The description of the run cannot be understood.
    case damaged(file: String, reason: String)
    /// Another process trains in the folder.
    case inUse(by: LockHolder?)
    /// A step gave numbers that are not finite.
    case notFinite(step: Int, checkpoint: String?)
    /// The loss has grown far beyond what it was.
    case diverged(step: Int, loss: Double, lowest: Double, checkpoint: String?)
    /// The denoiser's training needs an autoencoder and none was named.
    case noAutoencoder
    /// The autoencoder is another than when the run began.
    case autoencoderChanged(path: String)
    /// A denoiser of few steps learns from another, and none was named.
    case noTeacher
    /// What it is to learn from is the state of a run, not a network.
    case teacherIsState(path: String)
    /// What it is to learn from knows few steps alone.
    case teacherIsDistilled(path: String)
    /// A run goes on with other steps to learn than it began with; 0 are those of a run that learns from noise.
    case otherSteps(known: Int)
    /// A run goes on with another seed than it began with.
    case otherSeed(known: UInt64)
    /// The denoiser that it learns from is another than when the run began.
    case teacherChanged(path: String)
    /// The weights of the perceptual loss are others than when the run began.
    case perceptualWeightsChanged(path: String)
    /// The perceptual distance and the discriminators halve frames: the side must allow it.
    case sideTooSmall(resolution: Int, needed: Int, what: String)
    /// The second phase begins with a network of the first.
    case phaseNeedsNetwork
    /// The folder that a run is to go on from holds no checkpoint of a run.
    case nothingToContinue
    /// The network that the run begins with is another than the configuration describes.
    case otherNetwork(path: String)
    /// The clips of a step cannot be divided among the ranks.
    case cannotShare(ranks: Int, batch: Int, accumulation: Int, needsWholeBatches: Bool)
    /// A rank was told other settings than the first, or sees other videos.
    case otherRank(rank: Int, what: String)
    /// The run in the folder has other settings than the configuration that was named.
    case otherConfiguration(setting: String)
  }

  /// Describes a problem.
  public init(_ folder: String, _ problem: Problem) {
    self.folder = folder
    self.problem = problem
  }
}

extension TrainingError: ExplainedError {
  /// What was found and what was expected.
  package var sentence: String {
    switch problem {
    case .exists(let step?): "\(folder) holds a run that is at step \(step)"
    case .exists(nil): "\(folder) holds a run that has no checkpoint yet"
    case .foreign(let name): "\(folder) is no folder of a run; it holds \(name)"
    case .noRun: "\(folder) holds no training run"
    case .damaged(let file, let reason): "\(file): \(reason)"
    case .inUse(let holder):
      "another process is training in \(folder)" + (holder.map { " (\($0.phrase))" } ?? "")
    case .notFinite(let step, _):
      "step \(step) gave a loss or a gradient that is not finite, and was not taken"
    case .diverged(let step, let loss, let lowest, _):
      "the loss has diverged: \(Self.number(loss)) at step \(step), after \(Self.number(lowest))"
    case .noAutoencoder: "the denoiser learns latents, and no autoencoder was named"
    case .autoencoderChanged(let path): "\(path) is not the autoencoder that the run began with"
    case .noTeacher: "few steps are learnt from a trained denoiser, and none was named"
    case .teacherIsState(let path):
      "\(path) is a run or the state of one; few steps are learnt from a network"
    case .teacherIsDistilled(let path):
      "\(path) is itself distilled, and knows no steps but its own"
    case .otherSteps(0):
      "the run in \(folder) learns from noise, and cannot go on as one of few steps"
    case .otherSteps(let known):
      "the run in \(folder) learns to sample in \(counted(known, "step")), and in no others"
    case .otherSeed(let known): "the run in \(folder) began with the seed \(known), and keeps it"
    case .teacherChanged(let path): "\(path) is not the denoiser that the run learns from"
    case .perceptualWeightsChanged(let path):
      "\(path) is not the LPIPS by which the run began to learn"
    case .sideTooSmall(let resolution, let needed, let what):
      "frames are \(resolution) pixels wide; \(what) needs a multiple of \(needed)"
    case .phaseNeedsNetwork: "the phase with discriminators begins with a trained autoencoder"
    case .nothingToContinue: "\(folder) holds no checkpoint of a training run"
    case .otherNetwork(let path):
      "\(path) holds another network than the configuration describes: its sizes or its prediction differ"
    case .cannotShare(let ranks, let batch, let accumulation, let needsWholeBatches):
      "the clips of a step, \(accumulation) times \(batch), cannot be divided among \(ranks) ranks"
        + (needsWholeBatches ? ": discriminators take batches as a whole" : "")
    case .otherRank(let rank, let what): "rank \(rank) of the training has \(what) than rank 0"
    case .otherConfiguration(let setting):
      "the run in \(folder) has another \(setting) than the configuration that is named"
    }
  }

  /// What to do next.
  package var remedy: String {
    switch problem {
    case .exists: "Go on with it (--resume), or choose another folder"
    case .foreign: "Choose an empty or a new folder"
    case .noRun: "Name the videos to begin one (--data)"
    case .damaged:
      "Restore the file; or remove it, if it is a checkpoint and there is an older one to go on from; "
        + "or begin a new run with this one's network (--from)"
    case .inUse: "Wait for it, or stop it first"
    case .notFinite(_, let checkpoint), .diverged(_, _, _, let checkpoint):
      (checkpoint.map { "The last good checkpoint is \($0). " }
        ?? "There is no checkpoint before it. ")
        + "Lower learning_rate, or set maximum_gradient_norm, say to 1 (--set), and go on (--resume)"
    case .noAutoencoder: "Name its checkpoint (--autoencoder)"
    case .noTeacher: "Name it (--from), or use \"pvdm train distill MODEL\""
    case .teacherIsDistilled: "Name the denoiser that it was taught by"
    case .teacherIsState: "Name the network, such as denoiser.safetensors in a run's folder"
    case .otherSteps: "Leave distilled_steps (--steps) as it was, or begin a new run"
    case .otherSeed: "Leave the seed as it was, or begin a new run"
    case .autoencoderChanged, .teacherChanged, .perceptualWeightsChanged:
      "Put the other one back, or begin a new run"
    case .sideTooSmall: "Leave it out, or choose another resolution"
    case .phaseNeedsNetwork:
      "Name one (--from): the first phase's network, or its folder, whose optimiser then goes on"
    case .nothingToContinue: "Name a run's folder, one of its checkpoints, or a network (--from)"
    case .otherNetwork: "Take the configuration that it was trained with"
    case .cannotShare(let ranks, _, _, let needsWholeBatches):
      "Choose an accumulation that is a multiple of \(ranks) (--set accumulation=\(ranks))"
        + (needsWholeBatches ? "" : ", or a batch that is (--set batch=\(ranks))")
    case .otherRank:
      "Give all ranks the same options, and videos that are the same files everywhere"
    case .otherConfiguration:
      "Go on without naming one (--config); settings can be changed one by one (--set)"
    }
  }

  private static func number(_ value: Double) -> String {
    value.formatted(.number.precision(.significantDigits(4)).grouping(.never))
  }
}
