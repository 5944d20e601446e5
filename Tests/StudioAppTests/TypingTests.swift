import EvaluationKit
import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// Searches and values while they are typed or pasted, and what is said where a key does nothing.
@Suite struct TypingTests {
  // MARK: The log

  @Test("a search in the log takes every key, and its hints are those of typing")
  func logSearch() {
    var model = studio(Fixtures.galleryState, on: .gallery)
    _ = model.update(.interrupt)
    _ = type("@/q@", into: &model)
    #expect(model.showsLog && model.log.state.search.input?.text == "q@")
    #expect(lines(model)[23].hasPrefix("Enter take  Esc leave"))
    _ = model.update(.key(.escape))
    #expect(model.showsLog && !model.log.isTyping)
    _ = type("/zzz", into: &model)
    _ = model.update(.key(.enter))
    #expect(model.status?.sentence == "nothing here matches \"zzz\"")
    _ = type("@", into: &model)
    #expect(!model.showsLog)
  }

  @Test("Enter with the log in front does nothing to the screen behind it")
  func enterInTheLog() {
    var model = studio(Fixtures.galleryState, on: .gallery)
    _ = type("@", into: &model)
    #expect(model.update(.key(.enter)).isEmpty && model.screen == .gallery && model.showsLog)
  }

  // MARK: Pasting

  @Test("pasted text goes into the search of a list, without the end of its line")
  func pastedIntoLists() {
    var models = ModelsScreen()
    _ = models.refresh(Fixtures.app)
    press(keys("/"), on: &models, Fixtures.app)
    _ = models.paste("sky-256\n", Fixtures.app)
    #expect(models.selectedID == Fixtures.published.id)

    var app = Fixtures.app
    app.jobs = [Fixtures.job(7, .running), Fixtures.job(8, .waiting)]
    var queue = QueueScreen()
    _ = queue.refresh(app)
    press(keys("/"), on: &queue, app)
    _ = queue.paste("waiting\n", app)
    #expect(queue.selectedID == JobID(rawValue: 8))

    var compare = CompareScreen()
    _ = compare.refresh(Fixtures.comparing())
    press(keys("/"), on: &compare, Fixtures.comparing())
    _ = compare.paste("by eta\n", Fixtures.comparing())
    #expect(compare.listState.selected == 1)

    var train = TrainScreen()
    _ = train.refresh(Fixtures.trainingState)
    press(keys("/"), on: &train, Fixtures.trainingState)
    _ = train.paste("denoiser\n", Fixtures.trainingState)
    #expect(train.selectedID == "\(Fixtures.trainings)/denoiser-1")

    var evaluate = EvaluateScreen()
    _ = evaluate.refresh(Fixtures.evaluatedState)
    press([.tab] + keys("/"), on: &evaluate, Fixtures.evaluatedState)
    _ = evaluate.paste("sky-256\n", Fixtures.evaluatedState)
    #expect(evaluate.selectedID == EvaluationID(rawValue: 2))
  }

  @Test("pasted text goes into what stands in front: the menu, the log, presets and questions")
  func pastedInFront() {
    var model = studio(on: .make)
    _ = type("?/", into: &model)
    _ = model.update(.paste("draw a new seed\n"))
    guard case .menu(let menu)? = model.overlay else {
      Issue.record("no menu")
      return
    }
    #expect(menu.selectedEntry?.command == ActionName.newSeed.rawValue)

    model = studio(on: .make)
    _ = model.update(.interrupt)
    _ = type("@/", into: &model)
    _ = model.update(.paste("quits\n"))
    #expect(model.log.state.search.query == "quits")

    model = studio(on: .make)
    _ = type("p/", into: &model)
    _ = model.update(.paste("long\n"))
    for _ in 0..<2 { _ = model.update(.key(.enter)) }
    #expect(model.app.settings.clipCount == 8)

    model = studio(on: .models)
    _ = type("o", into: &model)
    #expect(model.update(.paste("models/sky\n")).contains(.query(.completePath("models/"))))
    guard case .prompt(let prompt)? = model.overlay else {
      Issue.record("the question is gone")
      return
    }
    #expect(prompt.input.text == "models/sky")
  }

  // MARK: Where something does nothing

  @Test("a search that finds nothing says so", arguments: [ScreenID.models, .queue])
  func noMatch(screen: ScreenID) {
    var app = Fixtures.app
    app.jobs = [Fixtures.job(7, .running)]
    var model = studio(app, on: screen)
    _ = type("/zzz", into: &model)
    _ = model.update(.key(.enter))
    #expect(model.status?.sentence == "nothing here matches \"zzz\"")
  }

  @Test("a training's form takes changes back and makes them again, and says where none is left")
  func trainUndo() throws {
    var app = Fixtures.app
    app.trainingRequest = Fixtures.trainingRequest
    var screen = TrainScreen()
    _ = screen.refresh(app)
    press(keys("O"), on: &screen, app)
    let first = try #require(screen.form?.chosen)
    // The next preset, which takes its own settings.
    press(keys("jjl"), on: &screen, app)
    let second = try #require(screen.form?.chosen)
    #expect(second.configuration != first.configuration)
    #expect(screen.undo(app).first == .remember(.training(first)))
    #expect(screen.form?.chosen == first)
    #expect(screen.undo(app).onlyNotice?.sentence == "there is nothing to undo")
    _ = screen.redo(app)
    #expect(screen.form?.chosen == second)
    #expect(screen.redo(app).onlyNotice?.sentence == "there is nothing to redo")
  }

  @Test("a sweep's form takes changes back and makes them again")
  func sweepUndo() {
    let app = Fixtures.app
    var screen = CompareScreen()
    _ = screen.refresh(app)
    press(keys("#") + [.down, .down, .enter, .control("u")], on: &screen, app)
    press(keys("7,9") + [.enter], on: &screen, app)
    func values() -> [String]? {
      guard case .sweep(let form) = screen.page, case .sweep(_, let columns, _) = form.outcome
      else { return nil }
      return columns.values
    }
    #expect(values() == ["7", "9"])
    _ = screen.undo(app)
    #expect(values() == ["10", "20", "50"])
    #expect(screen.undo(app).onlyNotice?.sentence == "there is nothing to undo")
    _ = screen.redo(app)
    #expect(values() == ["7", "9"])
  }

  @Test("a fifth variant, and taking the second away, are refused in words")
  func variantLimits() {
    let app = Fixtures.app
    var screen = CompareScreen()
    _ = screen.refresh(app)
    press(keys("O"), on: &screen, app)
    #expect(press(keys("d"), on: &screen, app).onlyNotice?.level == .information)
    #expect(press(keys("aa"), on: &screen, app).isEmpty)
    #expect(press(keys("a"), on: &screen, app).onlyNotice?.level == .information)
  }

  @Test("blanks are no title, and those around one are left out")
  func titles() {
    var app = Fixtures.galleryState
    var gallery = GalleryScreen()
    _ = gallery.refresh(app)
    #expect(gallery.run("rename", argument: "  ", app).onlyNotice?.level == .warning)
    #expect(
      gallery.run("rename", argument: " dusk ", app) == [
        .video(.rename(VideoID(rawValue: 1), "dusk"))
      ])
    app = Fixtures.app(showing: Fixtures.grownTree)
    var extend = ExtendScreen()
    _ = extend.refresh(app)
    #expect(extend.run("rename", argument: "  ", app).onlyNotice?.level == .warning)
    var make = MakeScreen(seeds: SeedSource(state: 1))
    _ = make.refresh(app)
    #expect(make.run("save-preset", argument: "  ", app).onlyNotice?.level == .warning)
  }

  @Test("notices name screens by keys that mean the same everywhere")
  func keysOfScreens() {
    var screen = MakeScreen(seeds: SeedSource(state: 1))
    _ = screen.refresh(Fixtures.app)
    let effects = screen.perform(.reroll, count: 40, Fixtures.app) ?? []
    guard case .notify(let notice)? = effects.last else {
      Issue.record("nothing is said")
      return
    }
    #expect(notice.remedy == "F5 shows them as they come")
  }
}
