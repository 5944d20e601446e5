import RunKit

extension BranchRun {
  /// Describes one clip.
  init(_ clip: Clip) {
    self.init(
      firstClip: clip.index, seed: clip.seed, settings: clip.settings, model: clip.model.name,
      autoencoder: Self.fileName(clip.model.autoencoder),
      denoiser: Self.fileName(clip.model.denoiser))
    if case .footage(let path, let frame) = clip.source {
      source = Self.fileName(path)
      firstFrame = frame
    }
  }

  /// The runs of a branch; clips that were made alike count as one run, whenever they were made.
  static func runs(of branch: [Clip]) -> [BranchRun] {
    var runs: [BranchRun] = []
    for clip in branch {
      let run = BranchRun(clip)
      if var last = runs.last, last.isFollowed(by: run) {
        last.clipCount += 1
        runs[runs.count - 1] = last
      } else {
        runs.append(run)
      }
    }
    return runs
  }
}

extension RunSettings {
  /// Describes a branch of a video: the last run's settings, and every run's.
  ///
  /// - Parameters:
  ///   - branch: At least one clip, from the start.
  ///   - framesPerSecond: `nil` takes the model's.
  init(branch: [Clip], framesPerSecond: Double? = nil) {
    precondition(!branch.isEmpty, "a branch has clips")
    let last = branch[branch.count - 1]
    let model = last.model
    self.init(
      command: "studio", model: model.name,
      autoencoder: BranchRun.fileName(model.autoencoder),
      denoiser: BranchRun.fileName(model.denoiser), precision: last.settings.precision,
      framesPerSecond: framesPerSecond ?? model.framesPerSecond ?? 16)
    var request = last.settings.request()
    request.clipCount = branch.count
    self.request = request
    seed = last.seed
    runs = BranchRun.runs(of: branch)
  }
}
