import RunKit
import StudioKit

/// Setting a comparison or a sweep up, and having it made.
extension CompareScreen {
  /// Variants with the settings of the marked videos, as far as those have been read.
  mutating func editMarked(_ app: AppState) -> [StudioEffect] {
    let videos = markedVideos(app)
    guard !videos.isEmpty else {
      return [
        .notify(
          Notice(
            .information, "no video is marked",
            remedy: "\(app.keys[.mark]) in the gallery marks one"))
      ]
    }
    let variants = videos.compactMap { video -> Comparison.Variant? in
      guard let tree = app.trees[video.id], let clip = tree.current else { return nil }
      var settings = clip.settings
      settings.seed = clip.seed
      settings.clipCount = tree.branch.count
      return .init(model: clip.model, settings: settings)
    }
    guard variants.count == videos.count else {
      return videos.filter { app.trees[$0.id] == nil }.map { .video(.loadTree($0.id)) }
        + [.notify(Notice(.information, "reading the settings; press \(app.keys[.compare]) again"))]
    }
    page = .variants(VariantEditor(variants))
    return []
  }

  mutating func run(_ editor: VariantEditor, _ app: AppState) -> [StudioEffect] {
    var variants = editor.variants
    let first = variants[0].settings
    for index in variants.indices {
      variants[index].settings.seed = first.seed
      variants[index].settings.isSeedLocked = first.isSeedLocked
      variants[index].settings.clipCount = variants[index].settings.clipCount ?? 1
    }
    // What is set up stays until the comparison comes: it may be refused.
    known = Set(app.comparisons.map(\.id))
    return [
      .order(
        .compare(title: Comparison.labels(of: editor.variants).joined(separator: " | "), variants))
    ]
  }

  mutating func run(_ form: SweepForm, _ app: AppState) -> [StudioEffect] {
    switch form.outcome {
    case .problem(let sentence): return [.notify(Notice(.warning, sentence))]
    case .sweep(let model, let columns, let rows):
      var settings = form.base
      settings.clipCount = settings.clipCount ?? 1
      known = Set(app.comparisons.map(\.id))
      return [.order(.sweep(.init(model: model, settings: settings), columns: columns, rows: rows))]
    }
  }

  /// The steps of the models that were distilled.
  static func distilledSteps(_ models: [ModelEntry]) -> [ModelReference: Int] {
    let steps = models.compactMap { model in
      model.denoiser?.distilledSteps.map { (model.reference, $0) }
    }
    return Dictionary(steps) { first, _ in first }
  }

  /// Takes a sweep that was changed.
  mutating func setUp(_ form: SweepForm, _ app: AppState) -> [StudioEffect] {
    page = .sweep(form)
    lastSweep = form
    return estimateSweep(app)
  }

  /// Asks what the sweep that is set up takes.
  mutating func estimateSweep(_ app: AppState) -> [StudioEffect] {
    guard case .sweep(let form) = page else { return [] }
    return estimates.ask(form.estimateKeys(), app)
  }
}
