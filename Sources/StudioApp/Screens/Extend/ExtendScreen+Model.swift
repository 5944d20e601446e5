import RunKit
import StudioLink

/// Which model and settings the next clips have.
extension ExtendScreen {
  /// The model that the next clips are made with: the one asked for, else that of the video, else
  /// the one that runs use.
  func nextModel(_ app: AppState) -> ModelReference? {
    otherModel ?? tree?.current?.model ?? tree?.visible.last?.model ?? app.model?.reference
  }

  /// The model of the next clips among those that were found; `nil` if it cannot be used.
  func usableModel(_ app: AppState) -> ModelEntry? {
    guard let wanted = nextModel(app) else { return nil }
    return app.models.first {
      $0.reference.autoencoder == wanted.autoencoder && $0.reference.denoiser == wanted.denoiser
        && $0.canGenerate
    }
  }

  /// The settings of the next clips: those edited here, else those of the clip at the position,
  /// else Make's; with the steps that their model leaves no choice of.
  func settings(_ app: AppState) -> GenerationSettings {
    let model = usableModel(app)
    if let nextSettings { return nextSettings.fitting(model) }
    guard var settings = tree?.current?.settings else { return app.settings.fitting(model) }
    settings.clipCount = 1
    settings.isSeedLocked = false
    return settings.fitting(model)
  }

  /// Says why nothing can be made, if so.
  func modelProblem(_ app: AppState) -> Notice? {
    guard usableModel(app) == nil else { return nil }
    guard let wanted = nextModel(app) else {
      return .noModel
    }
    return Notice(
      .error, "the model \(wanted.name) is not among the models",
      remedy:
        "\(ScreenID.models.keyName) opens its folder; \(app.keys[.model]) continues with the chosen model"
    )
  }
}
