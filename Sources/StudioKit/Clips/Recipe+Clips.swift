import RunKit

extension Recipe {
  /// The recipe of a branch; clips that were made alike count as one run, whenever they were made.
  ///
  /// - Parameter branch: Clips one after the other.
  package init(of branch: [Clip]) {
    var runs: [Run] = []
    for clip in branch {
      let run = Run(clip)
      if var last = runs.last, last.isFollowed(by: run) {
        last.clipCount += 1
        runs[runs.count - 1] = last
      } else {
        runs.append(run)
      }
    }
    self.init(runs: runs)
  }
}

extension Recipe.Run {
  /// Describes one clip.
  fileprivate init(_ clip: Clip) {
    self.init(
      firstClip: clip.index, seed: clip.seed, settings: clip.settings, model: clip.model)
    if case .footage(let path, let frame) = clip.source {
      source = path
      firstFrame = frame
    }
  }
}

extension ClipTree {
  /// What made the branch through the position up to its tip; `nil` on an empty canvas.
  package var recipe: Recipe? { tip == nil ? nil : Recipe(of: branch) }
}

extension RunSettings {
  /// Describes a branch of a video: the last run's settings, and the recipe.
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
      autoencoder: Recipe.Run.fileName(model.autoencoder),
      denoiser: Recipe.Run.fileName(model.denoiser), precision: last.settings.precision,
      device: last.settings.device, framesPerSecond: framesPerSecond ?? model.framesPerSecond ?? 16)
    var request = last.settings.request()
    request.clipCount = branch.count
    self.request = request
    seed = last.seed
    recipe = Recipe(of: branch).embedded
  }
}
