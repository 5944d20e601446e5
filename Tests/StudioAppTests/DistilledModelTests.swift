import EvaluationKit
import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing
import VideoDiffusion

/// A distilled model leaves no choice of its steps, wherever it is chosen.
@Suite struct DistilledModelTests {
  private var app: AppState {
    var app = Fixtures.app
    app.models = [Fixtures.skies, Fixtures.distilled]
    return app
  }

  private let reference = Fixtures.distilled.reference

  @Test("in Make's form its steps cannot be changed, by typing, by a preset or by undo")
  func make() {
    var model = studio(app, on: .make)
    _ = type("M", into: &model)
    for key in [Key.down, .enter] { _ = model.update(.key(key)) }
    #expect(!model.screens[.make].isTyping)
    let shown = lines(model).joined()
    #expect(shown.contains("takes nothing else") && !shown.contains("1 to 1000"))
    _ = type("l", into: &model)
    #expect(model.app.settings.steps == 4)
    _ = type("p", into: &model)
    _ = model.update(.key(.enter))
    #expect(model.app.settings.method == .distilled && model.app.settings.steps == 4)
    _ = type("u", into: &model)
    guard case .make(let made, let settings)? = orders(type("r", into: &model)).first else {
      Issue.record("nothing is made")
      return
    }
    #expect(made == reference && settings.method == .distilled)
    #expect(settings.steps == 4 && settings.laterSteps == 4)
  }

  @Test("its sampler is offered with no other model")
  func sampler() {
    var form = SettingsForm(settings: GenerationSettings())
    var seen: Set<SolverMethod> = []
    for _ in 0..<12 {
      seen.insert(form.settings.method)
      _ = form.handle(.character("l"))
    }
    #expect(seen == Set(SolverMethod.allCases).subtracting([.distilled]))
  }

  @Test("settings that come from elsewhere take the steps of the model in use")
  func settingsFromElsewhere() {
    var model = studio(app, on: .make)
    _ = type("M", into: &model)
    _ = model.update(.follow([.remember(.settings(Fixtures.settings)), .show(.make)]))
    #expect(model.app.settings.method == .distilled && model.app.settings.steps == 4)
    #expect(model.app.settings.seed == Fixtures.settings.seed)
    let made = orders(type("r", into: &model))
    guard case .make(_, let settings)? = made.first else {
      Issue.record("nothing is made")
      return
    }
    #expect(settings.method == .distilled && settings.clipCount == Fixtures.settings.clipCount)
  }

  @Test("an evaluation takes its steps with the model, with a preset and when it is remembered")
  func evaluate() {
    var app = app
    var screen = EvaluateScreen()
    _ = screen.refresh(app)
    press(keys("jl"), on: &screen, app)
    #expect(screen.form.task.model == reference)
    #expect(screen.form.task.settings.method == .distilled)
    #expect(screen.form.task.settings.steps == 4 && screen.form.task.settings.laterSteps == 4)
    _ = screen.run("preset", argument: "draft", app)
    #expect(screen.form.task.settings.steps == 4)
    press(keys("h"), on: &screen, app)
    #expect(screen.form.task.settings.method == .ddim)
    app.evaluation = EvaluateTask(.drift, of: reference)
    var remembered = EvaluateScreen()
    _ = remembered.refresh(app)
    #expect(remembered.form.task.settings.steps == 4)
  }

  @Test("variants show the steps that their models will take, after undo as well")
  func variants() {
    var app = app
    app.settings.method = .dpmSolverPlusPlus2M
    app.settings.steps = 60
    var screen = CompareScreen()
    _ = screen.refresh(app)
    // A step more in the settings of A, then its model.
    press(keys("O") + [.tab] + keys("jl") + [.tab] + keys("l"), on: &screen, app)
    func steps() -> [Int] {
      guard case .variants(let editor) = screen.page else { return [] }
      return editor.variants.map(\.settings.steps)
    }
    #expect(steps() == [4, 60])
    #expect(text(window(screen, app)).contains("Distilled"))
    _ = screen.undo(app)
    #expect(steps() == [4, 60])
  }

  @Test("a sweep of its steps is refused before it is asked for")
  func sweep() {
    var screen = CompareScreen()
    _ = screen.refresh(app)
    press(keys("#l"), on: &screen, app)
    #expect(
      press(keys("r"), on: &screen, app).onlyNotice?.sentence
        == "skies-64-instant was distilled for 4 steps and leaves no choice of steps")
    #expect(screen.page != .list)
  }

  @Test("clips that it continues take its steps")
  func extend() {
    var app = Fixtures.app(showing: Fixtures.grownTree)
    app.models = [Fixtures.skies, Fixtures.distilled]
    app.modelID = Fixtures.distilled.id
    var screen = ExtendScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(app)
    press(keys("M"), on: &screen, app)
    guard
      case .workspace(.order(.extend(_, _, _, let model, let settings)))? =
        press(keys("e"), on: &screen, app).first
    else {
      Issue.record("nothing is made")
      return
    }
    #expect(model == reference && settings.method == .distilled && settings.laterSteps == 4)
  }
}
