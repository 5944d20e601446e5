import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// Making a video again: what is taken, what is said of it, and what Make does with it.
@Suite struct RecipeUseTests {
  /// The tree of the documents, seen from its branch B: two runs lead to its tip.
  private var branched: AppState { Fixtures.app(showing: Fixtures.grownTree, at: 7) }

  @Test("a branch is taken as the recipe of its runs, which Make shows and makes again")
  func branch() throws {
    var model = studio(branched)
    _ = model.update(.follow([.show(.gallery)]))
    _ = model.update(.key(.character("U")))
    #expect(model.screen == .make)
    let recipe = try #require(model.app.recipe)
    #expect(recipe.generated.map(\.seed) == [48_213, 17])
    #expect(recipe.generated.map(\.clipCount) == [2, 2])
    #expect(
      model.status
        == Notice(
          .success, "took the recipe of sunset: 2 runs, 4 clips, from noise",
          remedy: "r makes the same video again"))
    #expect(shown(model).contains("Recipe of 2 runs"))
    let errands = model.update(.key(.character("r")))
    #expect(errands.contains(.order(.remake(withPreview(recipe)))))
  }

  /// What is shown meanwhile is the form's choice.
  private func withPreview(_ recipe: Recipe) -> Recipe {
    var recipe = recipe
    for index in recipe.runs.indices { recipe.runs[index].settings.preview = .linear }
    return recipe
  }

  @Test("without the seeds, runs that shared one share the new one")
  func otherSeeds() throws {
    var model = studio(branched)
    _ = model.update(.follow([.show(.gallery)]))
    _ = model.update(.key(.character("R")))
    let recipe = try #require(model.app.recipe)
    #expect(recipe.generated.count == 2 && recipe.generated.allSatisfy { $0.seed < 1_000_000 })
    #expect(Set(recipe.generated.map(\.seed)).isDisjoint(with: [48_213, 17]))
    #expect(model.status?.sentence.hasSuffix("with other seeds") == true)
  }

  @Test("one run from noise needs no recipe: its settings, its seed and its model say everything")
  func oneRun() throws {
    var app = Fixtures.galleryState
    app.models = [Fixtures.published, Fixtures.skies]
    var model = studio(app)
    _ = model.update(.follow([.show(.gallery), .useModel(Fixtures.published.id)]))
    _ = model.update(.key(.character("U")))
    #expect(model.app.recipe == nil && model.app.modelID == Fixtures.skies.id)
    #expect(model.app.settings.seed == 101 && model.app.settings.isSeedLocked)
    #expect(model.app.settings.clipCount == 1)
    #expect(
      model.status?.sentence == "took the settings of sunset: 1 clip, seed 101")
  }

  @Test("where a model is missing, only settings are taken, and that is said")
  func missingModel() {
    var app = branched
    app.models = [Fixtures.published]
    var model = studio(app)
    _ = model.update(.follow([.show(.gallery)]))
    _ = model.update(.key(.character("U")))
    #expect(model.app.recipe == nil)
    #expect(model.status?.level == .warning)
    #expect(
      model.status?.sentence
        == "took only the settings of clips 3 to 4 of sunset: the model skies-64 is not among the "
        + "models")
  }

  @Test("the settings of one run are taken from a recipe, and Escape leaves it")
  func leaving() {
    var model = studio(branched)
    _ = model.update(.follow([.show(.gallery)]))
    _ = model.update(.key(.character("U")))
    _ = model.update(.key(.down))
    _ = model.update(.key(.enter))
    #expect(model.app.recipe == nil)
    #expect(model.app.settings.seed == 17 && model.app.settings.clipCount == 2)
    _ = model.update(.follow([.show(.gallery)]))
    _ = model.update(.key(.character("U")))
    #expect(model.update(.key(.escape)).contains(.remember(.recipe(nil))))
    #expect(model.app.recipe == nil && !shown(model).contains("Recipe"))
  }

  @Test("the estimate of a recipe is that of its runs, later ones without a first clip")
  func estimate() {
    var app = branched
    app.recipe = Fixtures.grownTree.recipe
    app.estimates = [:]
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    let asked = screen.refresh(app).compactMap { effect -> RunEstimator.Start? in
      if case .workspace(.query(.estimate(_, _, let start))) = effect { start } else { nil }
    }
    #expect(asked == [.nothing, .clip])
  }

  /// Everything that the window shows.
  private func shown(_ model: StudioModel) -> String {
    text(drawn(model, columns: 100, rows: 30))
  }
}
