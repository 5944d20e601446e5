import RunKit
import StudioApp
import TerminalUI
import Testing

/// The form of a run's settings: every field, by its keys.
@Suite struct SettingsFormTests {
  private let fields: [GenerationSetting] = [
    .sampler, .steps, .laterSteps, .spacing, .eta, .recomputeNoise, .guidance, .guidanceFrom,
    .guidanceTo,
    .clips, .seed,
    .keepSeed, .variation, .reencode, .seamFade, .orderPlanes, .device, .precision, .threads,
    .preview, .previewEvery,
  ]

  /// A form with a field selected.
  private func form(
    _ field: GenerationSetting, settings: GenerationSettings = GenerationSettings()
  ) -> SettingsForm {
    var form = SettingsForm(settings: settings)
    for _ in 0..<(fields.firstIndex(of: field) ?? 0) { _ = form.handle(.down) }
    return form
  }

  private func pressing(_ keys: Key..., on field: GenerationSetting) -> GenerationSettings {
    var form = form(field)
    for key in keys { _ = form.handle(key) }
    return form.settings
  }

  @Test func everyFieldChangesItsOwnSetting() {
    let changes: [(GenerationSetting, (inout GenerationSettings) -> Void)] = [
      (.sampler, { $0.method = .dpmSolverPlusPlus2M }),
      (.steps, { ($0.steps, $0.laterSteps) = (105, 105) }),
      (.laterSteps, { $0.laterSteps = 25 }), (.spacing, { $0.spacing = .published }),
      (.recomputeNoise, { $0.recomputesNoise = true }),
      (.guidance, { $0.guidanceScale = 0.5 }), (.clips, { $0.clipCount = 2 }),
      (.seed, { $0.seed = 1 }), (.keepSeed, { $0.isSeedLocked = true }),
      (.reencode, { $0.reencodesCondition = true }), (.seamFade, { $0.seamFade = 1 }),
      (.orderPlanes, { $0.ordersPlanes = false }),
      (.device, { $0.device = .processor }), (.precision, { $0.precision = .bfloat16 }),
      (.threads, { $0.threadCount = 1 }), (.preview, { $0.preview = .decoded }),
      (.previewEvery, { $0.previewInterval = 11 }),
    ]
    for (field, change) in changes {
      var form = form(field)
      #expect(form.handle(.character("l")) == .changed(id: field))
      var expected = GenerationSettings()
      change(&expected)
      #expect(form.settings == expected, "\(field.key)")
      #expect(form.undo() && form.settings == GenerationSettings())
      #expect(form.redo() && form.settings == expected && !form.redo())
    }
    #expect(pressing(.character("h"), on: .eta).eta == 0.9)
  }

  @Test func oneNumberOfStepsIsForEveryClipUntilTwoAreGiven() {
    var settings = GenerationSettings()
    settings.steps = 10
    settings.laterSteps = 10
    var form = form(.steps, settings: settings)
    _ = form.handle(.character("l"))
    #expect(form.settings.steps == 15 && form.settings.laterSteps == 15)
    _ = form.handle(.down)
    _ = form.handle(.character("l"))
    _ = form.handle(.up)
    _ = form.handle(.character("l"))
    #expect(form.settings.steps == 20 && form.settings.laterSteps == 20)
    _ = form.handle(.down)
    _ = form.handle(.character("h"))
    _ = form.handle(.up)
    _ = form.handle(.character("l"))
    #expect(form.settings.steps == 25 && form.settings.laterSteps == 15)
  }

  @Test func noClipsMeansUntilStoppedAndNoThreadsMeansAll() {
    #expect(pressing(.character("h"), on: .clips).clipCount == nil)
    var settings = GenerationSettings()
    settings.threadCount = 1
    var form = form(.threads, settings: settings)
    _ = form.handle(.left)
    #expect(form.settings.threadCount == nil)
  }

  @Test func ancestralSamplingTakesEveryStepAndLeavingItRestoresThem() {
    var settings = GenerationSettings()
    settings.steps = 50
    var form = form(.sampler, settings: settings)
    _ = form.handle(.left)
    #expect(form.settings.method == .ddpm)
    #expect(form.settings.steps == 1000 && form.settings.laterSteps == 1000)
    _ = form.handle(.down)
    #expect(form.handle(.character("h")) == .handled, "the number is not free")
    _ = form.handle(.up)
    _ = form.handle(.right)
    #expect(form.settings == settings)
  }

  @Test func aSeedOfSixtyFourBitsIsTypedExactly() {
    var form = form(.seed)
    _ = form.handle(.enter)
    #expect(form.isTyping)
    _ = form.handle(.backspace)
    form.paste("18446744073709551615")
    #expect(form.handle(.enter) == .changed(id: .seed))
    #expect(form.settings.seed == .max)
    #expect(form.handle(.character("l")) == .handled, "there is no greater one")
    #expect(form.handle(.character("h")) == .changed(id: .seed))
    #expect(form.settings.seed == UInt64.max - 1)
  }

  @Test func aWrongValueStaysToBeMendedOrIsLeft() {
    var form = form(.steps)
    for key in [Key.character("9"), .character("9"), .character("9"), .character("9"), .enter] {
      _ = form.handle(key)
    }
    #expect(form.isTyping && form.settings.steps == 100)
    #expect(form.goBack() && !form.isTyping && !form.goBack())
  }

  @Test func replacingCanBeUndone() {
    var form = form(.sampler)
    form.replace(with: Fixtures.settings)
    #expect(form.settings == Fixtures.settings)
    #expect(form.undo() && form.settings == GenerationSettings() && !form.undo())
  }

  @Test func theFormIsDrawnWithMeaningsThatWrap() throws {
    let form = form(.guidance, settings: Fixtures.settings)
    var buffer = CellBuffer(columns: 34, rows: 18)
    form.draw(in: &buffer, area: buffer.bounds)
    try expectSnapshot(buffer, named: "settings-form")
  }
}
