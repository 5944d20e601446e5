import RunKit
import StudioApp
import StudioKit
import TerminalUI
import Testing

/// Comparing: what is asked for, what is shown side by side, what is missing.
@Suite struct CompareScreenTests {
  private func screen(_ app: AppState, opening row: Int? = nil) -> CompareScreen {
    var screen = CompareScreen()
    _ = screen.refresh(app)
    guard let row else { return screen }
    for _ in 0..<row { press(keys("j"), on: &screen, app) }
    press([.enter], on: &screen, app)
    return screen
  }

  private func video(_ number: Int64) -> VideoID { VideoID(rawValue: 20 + number) }
  private func job(_ number: Int64) -> JobID { JobID(rawValue: 20 + number) }

  // MARK: Setting up

  @Test func variantsAreMadeWithOneSeed() {
    var app = Fixtures.app
    app.settings.seed = 17
    app.settings.isSeedLocked = true
    var screen = screen(app)
    // A second variant with 25 steps for later clips, and a third with the other model.
    press(keys("Oj") + [.tab] + keys("jjl") + [.tab] + keys("al"), on: &screen, app)
    var first = app.settings
    first.clipCount = 1
    var second = first
    second.laterSteps = 25
    let effects = press(keys("r"), on: &screen, app)
    #expect(
      effects == [
        .order(
          .compare(
            title: "skies-64, later steps 20 | skies-64, later steps 25 | sky-256, later steps 25",
            [
              .init(model: Fixtures.skies.reference, settings: first),
              .init(model: Fixtures.skies.reference, settings: second),
              .init(model: Fixtures.published.reference, settings: second),
            ]))
      ])
    // What was set up stays until the new comparison comes, since it may be refused.
    guard case .variants = screen.page else {
      Issue.record("the editor was left")
      return
    }
    app.comparisons = [Fixtures.stepsComparison]
    _ = screen.refresh(app)
    #expect(screen.page == .comparison(ComparisonID(rawValue: 1)))
  }

  @Test func twoVariantsAtLeastAndFourAtMost() {
    var editor = VariantEditor([Fixtures.variant(steps: 5)])
    #expect(editor.variants.count == 2)
    for _ in 0..<5 { _ = editor.perform(.add, KeyChoices()) }
    #expect(editor.variants.count == 4 && editor.selected == 2)
    for _ in 0..<5 { _ = editor.perform(.remove, KeyChoices()) }
    #expect(editor.variants.count == 2)
  }

  @Test func markedVideosGiveTheirSettings() {
    var app = Fixtures.galleryState
    var screen = screen(app)
    let effects = press(keys("C"), on: &screen, app)
    #expect(effects.first == .video(.loadTree(VideoID(rawValue: 2))) && screen.page == .list)
    app.trees[VideoID(rawValue: 2)] = Fixtures.galleryTree(2)
    press(keys("C"), on: &screen, app)
    guard case .variants(let editor) = screen.page else {
      Issue.record("no variants to edit")
      return
    }
    #expect(editor.variants.map(\.settings.seed) == [101, 102])
  }

  @Test func aSweepIsTypedAndMade() {
    var app = Fixtures.app
    app.settings.clipCount = nil
    var screen = screen(app)
    press(keys("#jj"), on: &screen, app)
    press([.enter, .control("u")] + keys("10,50") + [.enter], on: &screen, app)
    var settings = app.settings
    settings.clipCount = 1
    #expect(
      press(keys("r"), on: &screen, app) == [
        .order(
          .sweep(
            .init(model: Fixtures.skies.reference, settings: settings),
            columns: SweepAxis(setting: .steps, values: ["10", "50"]),
            rows: SweepAxis(setting: .eta, values: ["0", "0.5", "1"])))
      ])
  }

  @Test func wrongValuesOfASweepAreNamed() {
    func problem(_ setting: GenerationSetting, _ text: String) -> String? {
      if case .problem(let sentence) = SweepAxisText.parse(setting, text) { sentence } else { nil }
    }
    #expect(problem(.steps, "10, 0") == "0 is no value of steps: a whole number from 1 to 1000")
    #expect(problem(.eta, "1.5") == "1.5 is no value of eta: \(GenerationSetting.eta.range)")
    #expect(problem(.guidance, "nan") != nil && problem(.guidance, "-1") != nil)
    #expect(problem(.sampler, "ddim, euler")?.hasPrefix("euler is no value") == true)
    #expect(problem(.seed, "1, 1") == "seed has a value twice")
    #expect(problem(.steps, " , ") == "steps needs values, such as 10, 20, 50")
    #expect(
      SweepAxisText.parse(.steps, "10 20,50")
        == .axis(SweepAxis(setting: .steps, values: ["10", "20", "50"])))
  }

  @Test("models vary along an axis of a sweep, each under its name")
  func sweepOfModels() throws {
    let others = ["clouds", "dunes"].map {
      ModelReference(name: $0, autoencoder: "/\($0)/a", denoiser: "/\($0)/d")
    }
    var form = SweepForm(base: Fixtures.settings, models: others, chosen: 0)
    // From steps back around to what stands last.
    for key in [.down] as [Key] + keys("h") { form.handle(key) }
    guard case .sweep(_, let columns, let rows) = form.outcome else {
      Issue.record("no sweep: \(form.outcome)")
      return
    }
    #expect(columns == SweepAxis(models: others))
    let cells = try Comparison.cells(
      .init(model: others[0], settings: Fixtures.settings), columns: columns,
      rows: SweepAxis(setting: .eta, values: ["0", "1"]))
    #expect(
      cells.map(\.label) == ["clouds, eta 0", "dunes, eta 0", "clouds, eta 1", "dunes, eta 1"])
    #expect(cells.map(\.variant.model) == others + others)
    #expect(rows != nil && form.estimateKeys().map(\.model).contains(others[1]))
    func problem(_ text: String) -> String? {
      let models = others + [others[0]]
      if case .problem(let sentence) = SweepAxisText.parse(models: models, text) {
        return sentence
      }
      return nil
    }
    #expect(problem("dunes") == nil)
    #expect(problem("Dunes, rivers") == "there is no model rivers that can be used")
    #expect(problem("clouds") == "2 models are called clouds")
    #expect(problem("dunes, dunes") == "model has a value twice")
    #expect(problem(" , ") == "model needs the names of models")
  }

  @Test("a sweep of one clip does not begin with what only clips that continue heed")
  func sweepOfOneClip() throws {
    let models = [ModelReference(name: "instant", autoencoder: "/a", denoiser: "/d")]
    for (clips, setting) in [(1, GenerationSetting.seed), (4, .guidance)] {
      var settings = Fixtures.settings
      settings.clipCount = clips
      let form = SweepForm(
        base: settings, models: models, chosen: 0, distilledSteps: [models[0]: 4])
      guard case .sweep(_, let columns, _) = form.outcome else {
        Issue.record("no sweep: \(form.outcome)")
        continue
      }
      #expect(columns.subject == .setting(setting), "\(clips) clips")
    }
  }

  // MARK: Differences

  @Test func ratiosFollowTheirDefinition() throws {
    func flat(_ level: UInt8) throws -> PixelImage {
      try PixelImage(width: 2, height: 2, bytes: Array(repeating: level, count: 12))
    }
    let dark = try flat(10)
    let light = try flat(20)
    // 20 log10(255 / 10) = 28.13 dB.
    let ratio = try #require(PictureDifference.decibels(dark, light))
    #expect(abs(ratio - 28.130_803_608_679_1) < 1e-9)
    #expect(PictureDifference.text(ratio) == "28.1 dB")
    #expect(PictureDifference.decibels(dark, dark) == .infinity)
    #expect(PictureDifference.text(.infinity) == "equal")
    // The clip's ratio comes from the mean error: (100 + 0) / 2 is 31.14 dB.
    let clip = try #require(PictureDifference.decibels([dark, dark], [light, dark]))
    #expect(abs(clip - 31.141_103_565_318_9) < 1e-9)
    let other = try PixelImage(width: 1, height: 1, bytes: [0, 0, 0])
    #expect(PictureDifference.decibels(dark, other) == nil)
    #expect(PictureDifference.decibels([], [dark]) == nil)
    let amplified = try #require(PictureDifference.picture(dark, light, amplified: 4))
    #expect(amplified.bytes.allSatisfy { $0 == 40 })
    #expect(try flat(200) == PictureDifference.picture(try flat(0), try flat(200), amplified: 1))
  }

  @Test func differencesAreTakenFromTheBaseAndAmplified() {
    let app = Fixtures.comparing()
    var screen = screen(app, opening: 0)
    press(keys("!"), on: &screen, app)
    #expect(screen.showsDifference && screen.base == 0 && screen.amplification == 4)
    press(keys("lB++-"), on: &screen, app)
    #expect(screen.base == 1 && screen.amplification == 8)
    press(keys("+++++"), on: &screen, app)
    #expect(screen.amplification == 16)
    let left = screen.goBack()
    #expect(left && !screen.showsDifference)
  }

  // MARK: Side by side

  @Test func playersKeepInStepAndFlipInPlace() {
    let app = Fixtures.comparing()
    var screen = screen(app, opening: 0)
    #expect(screen.player.frameCount == 16)
    press(keys("..f"), on: &screen, app)
    #expect(screen.player.isZoomed && screen.focus == 0 && screen.player.frame == 2)
    press(keys("f"), on: &screen, app)
    #expect(screen.focus == 1 && screen.player.frame == 2)
    press(keys("ff"), on: &screen, app)
    #expect(screen.focus == 0)
    let left = [screen.goBack(), screen.goBack(), screen.goBack()]
    #expect(left == [true, true, false] && screen.page == .list)
  }

  @Test func picturesStandSoThatTheyAreLargest() {
    func columns(_ count: Int, _ width: Int, _ height: Int) -> Int {
      CompareShape.columns(
        count: count, area: Rectangle(column: 0, row: 0, width: width, height: height),
        cellRatio: 0.5)
    }
    #expect(columns(2, 80, 20) == 2 && columns(3, 80, 20) == 3 && columns(4, 80, 20) == 4)
    #expect(columns(3, 160, 44) == 3 && columns(4, 160, 44) == 2 && columns(2, 40, 60) == 1)
    let places = CompareShape.places(
      count: 3, columns: 2, in: Rectangle(column: 0, row: 2, width: 80, height: 20))
    #expect(places.map(\.width) == [40, 40, 40] && places.map(\.row) == [2, 2, 12])
  }

  @Test func aCellIsKeptOpenedReusedAndExported() {
    let app = Fixtures.comparing()
    var screen = screen(app, opening: 1)
    press(keys("jl"), on: &screen, app)
    #expect(screen.focus == 4)
    #expect(press(keys("a"), on: &screen, app).first == .video(.keep(video(8))))
    #expect(press([.enter], on: &screen, app) == [.video(.open(video(8))), .show(.extend)])
    let settings = Fixtures.variant(steps: 20).settings
    guard
      case .useRecipe(let recipe, _, true)? = press(keys("U"), on: &screen, app).last
    else {
      Issue.record("no recipe is taken")
      return
    }
    #expect(recipe.settings?.steps == 20 && recipe.settings?.seed == settings.seed)
    let exported = screen.run("export", argument: "cell.gif", app)
    #expect(
      exported == [
        .order(
          .export(
            ExportTask(video: video(8), through: Fixtures.id(28), paths: ["cell.gif"])))
      ])
  }

  @Test func whatIsMissingIsMadeWhenAsked() {
    var app = Fixtures.comparing(made: 6)
    app.jobs = [Fixtures.cellJob(7, .running), Fixtures.cellJob(8, .paused)]
    var screen = screen(app, opening: 1)
    #expect(press(keys("r"), on: &screen, app).onlyNotice != nil)
    let states = screen.cells(app).map(\.stateText)
    #expect(states == ["", "", "", "starting", "held", "not made"])
    let missing = StudioEffect.order(
      .extend(
        video(9), after: nil, fork: 0, model: Fixtures.skies.reference,
        settings: Fixtures.variant(steps: 50).settings))
    #expect(press(keys("A"), on: &screen, app) == [.job(.resume(job(8))), missing])
    #expect(press(keys("Gr"), on: &screen, app) == [missing])
  }

  @Test func stoppingEndsOneOrAll() {
    var app = Fixtures.comparing(made: 6)
    app.jobs = [
      Fixtures.cellJob(7, .running), Fixtures.cellJob(8, .waiting), Fixtures.cellJob(9, .waiting),
    ]
    var screen = screen(app, opening: 1)
    #expect(press(keys("x"), on: &screen, app) == [.job(.finish(job(7), atOnce: false))])
    #expect(
      press(keys("X"), on: &screen, app) == [
        .job(.finish(job(7), atOnce: false)), .job(.cancel(job(8))), .job(.cancel(job(9))),
      ])
    app.jobs = []
    #expect(press(keys("x"), on: &screen, app).onlyNotice != nil)
  }

  @Test func theMarkedVideosPlayTogether() {
    var app = Fixtures.galleryState
    var screen = screen(app)
    let effects = screen.run("marked", argument: "", app)
    #expect(
      screen.page == .marked
        && effects == [
          .video(.loadTree(VideoID(rawValue: 1))), .video(.loadTree(VideoID(rawValue: 2))),
        ])
    #expect(screen.cells(app).map(\.label) == ["sunset", "dawn over hills"])
    app.videos[0].isMarked = false
    _ = screen.refresh(app)
    #expect(screen.page == .list)
    let refused = screen.run("marked", argument: "", app)
    #expect(refused.onlyNotice?.level == .warning)
  }

  @Test func aComparisonIsForgottenAfterAQuestion() {
    let app = Fixtures.comparing()
    var screen = screen(app)
    #expect(
      press(keys("jd"), on: &screen, app) == [
        .confirm(
          title: "Forget steps by eta?",
          lines: ["Its 6 videos go to the trash, but for those that were kept."],
          confirmed: [.library(.deleteComparison(ComparisonID(rawValue: 2)))])
      ])
  }

  // MARK: What is shown

  @Test func snapshotsOfTheListAndTheForms() throws {
    try expectSnapshots(screen(Fixtures.app), Fixtures.app, named: "compare-empty")
    var app = Fixtures.comparing(made: 5)
    app.jobs = [
      Fixtures.cellJob(6, .failed("The model is gone", remedy: "Put it back"))
    ]
    try expectSnapshots(screen(app), app, named: "compare-list")
    var variants = screen(app)
    press(keys("O") + [.tab] + keys("jjl") + [.tab], on: &variants, app)
    try expectSnapshots(variants, app, named: "compare-variants")
    var sweep = screen(app)
    press(keys("#j"), on: &sweep, app)
    try expectSnapshots(sweep, app, named: "compare-sweep-form")
  }

  @Test func snapshotsOfComparisons() throws {
    let app = Fixtures.comparing()
    try expectSnapshots(screen(app, opening: 0), app, named: "compare-three")
    var difference = screen(app, opening: 0)
    press(keys("l!,"), on: &difference, app)
    try expectSnapshots(difference, app, named: "compare-difference")
    var busy = Fixtures.comparing(made: 6)
    busy.jobs = [
      Fixtures.cellJob(7, .running), Fixtures.cellJob(8, .waiting),
      Fixtures.cellJob(9, .failed("The model is gone", remedy: "Put it back")),
    ]
    var progress = Fixtures.progress(27)
    progress.clipCount = 1
    busy.progress = progress
    try expectSnapshots(screen(busy, opening: 1), busy, named: "compare-sweep")
    var flipped = screen(busy, opening: 1)
    press(keys("Gf"), on: &flipped, busy)
    try expectSnapshots(flipped, busy, named: "compare-flip-failed")
  }

  @Test func scoresOfTheComparedModelsStandBelow() throws {
    var app = Fixtures.comparing()
    app.evaluations = Fixtures.evaluations
    var screen = screen(app, opening: 0)
    let shown = text(window(screen, app))
    // Taken with 20 steps: the second cell's own score, the others' with other settings.
    #expect(shown.contains("812.4") && shown.contains("other settings"))
    try expectSnapshots(screen, app, named: "compare-scores")
    press(keys("I"), on: &screen, app)
    #expect(!text(window(screen, app)).contains("812.4"))
    app.evaluations = []
    #expect(press(keys("I"), on: &screen, app).onlyNotice?.sentence.contains("no score") == true)
  }
}
