import HandwrittenText
import RunKit

/// What Make takes of a video that is to be made again, and how that is said: never more than it is.
struct RecipeUse {
  /// The recipe to make; `nil` where settings say everything, or where the whole cannot be made here.
  let recipe: Recipe?
  /// Settings for the form: of a video that one run makes, or of the last run where the whole cannot be
  /// made here.
  let settings: GenerationSettings?
  /// The model of these settings, where it is here.
  let model: ModelEntry.ID?
  /// What was taken.
  let notice: Notice

  /// Looks at what is here.
  ///
  /// - Parameters:
  ///   - name: What people call the video.
  ///   - keepsSeeds: Whether the same video is to be made, and not one like it.
  init(
    _ wanted: Recipe, of name: String, keepsSeeds: Bool, models: [ModelEntry], _ keys: KeyChoices
  ) {
    let (found, missing) = wanted.resolved(among: models)
    let last = found.generated.last
    func entry(_ run: Recipe.Run?) -> ModelEntry.ID? {
      run.flatMap { run in models.first { $0.reference == run.reference }?.id }
    }
    let again =
      keepsSeeds
      ? "\(keys[.run]) makes the same video again"
      : "\(keys[.run]) makes another like it"
    let seeds = keepsSeeds ? "" : ", with other seeds"
    if missing.isEmpty, let whole = found.settings {
      var settings = whole
      settings.isSeedLocked = keepsSeeds
      self.settings = settings
      recipe = nil
      model = entry(last)
      let clips = counted(whole.clipCount ?? 1, "clip")
      notice = Notice(
        .success,
        "took the settings of \(name): \(clips), seed \(whole.seed)"
          + (keepsSeeds ? "" : ", a new one"), remedy: again)
    } else if missing.isEmpty, found.isWhole {
      recipe = found
      settings = nil
      model = nil
      notice = Notice(
        .success, "took the recipe of \(name): \(found.summary)\(seeds)", remedy: again)
    } else if let last {
      var settings = last.settings
      settings.clipCount = last.clipCount
      settings.isSeedLocked = false
      self.settings = settings
      recipe = nil
      model = entry(last)
      let reason =
        missing.isEmpty
        ? "it does not tell of every clip"
        : "the model \(missing.joined(separator: ", ")) is not among the models"
      notice = Notice(
        .warning,
        "took only the settings of \(last.clipText) of \(name): \(reason)",
        remedy: "\(keys[.run]) makes another video with them")
    } else {
      (recipe, settings, model) = (nil, nil, nil)
      notice = Notice(
        .information, "\(name) holds frames of a file alone; there is nothing to make")
    }
  }
}
