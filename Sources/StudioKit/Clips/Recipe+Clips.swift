import RunKit

extension ClipTree {
  /// What made the branch through the position up to its tip; `nil` on an empty canvas.
  package var recipe: Recipe? { tip == nil ? nil : recipe(of: branch) }

  /// What made some clips of the tree that follow each other; clips that were made alike count as one run,
  /// whenever they were made.
  package func recipe(of branch: [Clip]) -> Recipe {
    var builder = RecipeBuilder(tree: self)
    return builder.recipe(of: branch)
  }

  /// The clip that one is a copy of, or itself.
  func original(of clip: Clip) -> Clip {
    var clip = clip
    // A copy is younger than what it is a copy of.
    while case .copy(let other) = clip.source, let earlier = clips[other], earlier.id < clip.id {
      clip = earlier
    }
    return clip
  }
}

/// Puts a recipe together, with those of the clips that its own lead to.
private struct RecipeBuilder {
  let tree: ClipTree
  /// What made each clip that one leads to.
  private var targets: [ClipID: Recipe] = [:]
  /// Runs so far, those within others counted as often as they stand there.
  private var runCount = 0

  /// A recipe of more runs tells of no clip that is led to, and says so by not being whole: where each of many
  /// clips leads to the one before, their number doubles with every clip.
  private static let runLimit = 10_000

  init(tree: ClipTree) { self.tree = tree }

  mutating func recipe(of branch: [Clip]) -> Recipe {
    var runs: [Recipe.Run] = []
    for clip in branch {
      let run = run(of: clip)
      if var last = runs.last, last.isFollowed(by: run) || last.isEnded(by: clip) {
        last.clipCount += 1
        runs[runs.count - 1] = last
      } else {
        runs.append(run)
        runCount += 1
      }
    }
    return Recipe(runs: runs)
  }

  private mutating func run(of clip: Clip) -> Recipe.Run {
    var run = Recipe.Run(
      firstClip: clip.index, seed: clip.seed, settings: clip.settings, model: clip.model)
    switch clip.source {
    case .generated, .copy: break
    case .footage(let path, let frame): (run.source, run.firstFrame) = (path, frame)
    case .bridge(let target, let frames):
      run.lead = .clip(recipe(ledToFrom: clip, target), frames: frames)
    case .loop(let frames): run.lead = .start(frames: frames)
    }
    return run
  }

  private mutating func recipe(ledToFrom clip: Clip, _ target: ClipID) -> Recipe {
    // A copy is made of what it is a copy of.
    guard let target = tree.clips[target].map(tree.original) else { return Recipe(runs: []) }
    if let known = targets[target.id] {
      runCount += known.runs.count
      return known
    }
    let path = tree.path(to: target.id)
    // What a clip leads to was there before it, or the rows are damaged and might lead round for ever.
    guard runCount < Self.runLimit, path.allSatisfy({ $0.id < clip.id }) else {
      return Recipe(runs: [])
    }
    let recipe = recipe(of: path)
    targets[target.id] = recipe
    return recipe
  }
}

extension Recipe.Run {
  /// Whether a clip is the copy of the one that the run's leads to.
  fileprivate func isEnded(by clip: Clip) -> Bool {
    guard case .copy = clip.source, case .clip = lead else { return false }
    return clipCount == 1
  }
}

extension RunSettings {
  /// Describes a branch of a video: the last run's settings, and the recipe.
  ///
  /// - Parameters:
  ///   - branch: At least one clip, from the start.
  ///   - recipe: What made them.
  ///   - framesPerSecond: `nil` takes the model's.
  init(branch: [Clip], recipe: Recipe, framesPerSecond: Double? = nil) {
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
    self.recipe = recipe.embedded
  }
}
