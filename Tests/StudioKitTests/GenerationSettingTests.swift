import Foundation
import RunKit
import StudioKit
import Testing
import VideoDiffusion

/// The rows of the settings: that none is missing, and that all which follows from them stays as it was.
@Suite struct GenerationSettingTests {
  /// Settings of which each differs from the usual one.
  private static var unusual: GenerationSettings {
    var settings = GenerationSettings()
    settings.method = .uniPC
    settings.spacing = .karras
    settings.steps = 12
    settings.laterSteps = 7
    settings.eta = 0.25
    settings.recomputesNoise = true
    settings.guidanceScale = 1.5
    settings.guidanceStart = 0.2
    settings.guidanceEnd = 0.7
    settings.clipCount = 3
    settings.seed = .max
    settings.isSeedLocked = true
    settings.reencodesCondition = true
    settings.variation = NoiseVariation(seed: 8, share: 0.25)
    settings.ordersPlanes = false
    settings.seamFade = 6
    settings.device = .card(2)
    settings.precision = .bfloat16
    settings.threadCount = 5
    settings.preview = .decoded
    settings.previewInterval = 4
    return settings
  }

  private static let stored = """
    {"clipCount":3,"device":"cuda:2","eta":0.25,"guidanceEnd":0.7,"guidanceScale":1.5,"guidanceStart":0.2,"isSeedLocked":true,"laterSteps":7,\
    "method":"unipc","ordersPlanes":false,"precision":"bf16","preview":"decoded","previewInterval":4,\
    "recomputesNoise":true,"reencodesCondition":true,"seamFade":6,"seed":18446744073709551615,\
    "spacing":"karras","steps":12,"threadCount":5,"variation":{"seed":8,"share":0.25}}
    """

  private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  @Test("every property of the settings has its row")
  func rows() {
    let properties = Mirror(reflecting: Self.unusual).children.compactMap(\.label)
    #expect(properties.count == GenerationSetting.all.count)
    let usual = GenerationSettings()
    for setting in GenerationSetting.all {
      #expect(Self.unusual[setting] != usual[setting], "\(setting.key) reads another property")
      var settings = usual
      let isTaken = settings.set(setting, to: Self.unusual[setting])
      #expect(isTaken, "\(setting.key)")
      #expect(settings[setting] == Self.unusual[setting], "\(setting.key) writes another property")
    }
    var all = usual
    for setting in GenerationSetting.all { _ = all.set(setting, to: Self.unusual[setting]) }
    #expect(all == Self.unusual)
  }

  @Test("no two settings share a name")
  func names() {
    for names in [
      GenerationSetting.all.map(\.key), GenerationSetting.all.map(\.title),
      GenerationSetting.all.map(\.optionName), GenerationSetting.all.map(\.line.label),
    ] {
      #expect(Set(names).count == names.count)
    }
  }

  @Test("settings are stored under the names that they always had")
  func storage() throws {
    #expect(try json(Self.unusual) == Self.stored)
    #expect(try read(GenerationSettings.self, Self.stored) == Self.unusual)
    var open = GenerationSettings()
    open.clipCount = nil
    let text = try json(open)
    for name in ["clipCount", "spacing", "threadCount", "variation"] {
      #expect(!text.contains(name))
    }
    #expect(try read(GenerationSettings.self, text) == open)
    // What older versions did not store has its usual value; no number of clips is no end.
    #expect(try read(GenerationSettings.self, "{}") == open)
  }

  @Test("stored settings out of range, or of another kind, are refused")
  func refusedStorage() {
    for text in [#"{"steps":0}"#, #"{"eta":1.5}"#, #"{"method":"euler"}"#, #"{"steps":"many"}"#] {
      #expect(throws: DecodingError.self) { try read(GenerationSettings.self, text) }
    }
  }

  @Test("sweeps are stored under the names that they always had")
  func sweeps() throws {
    #expect(
      GenerationSetting.ofSweeps == [
        .steps, .laterSteps, .eta, .recomputeNoise, .guidance, .seed, .sampler,
      ])
    let names = ["steps", "laterSteps", "eta", "recomputeNoise", "guidance", "seed", "sampler"]
    for (setting, name) in zip(GenerationSetting.ofSweeps, names) {
      let axis = SweepAxis(setting: setting, values: ["1", "2"])
      #expect(try json(axis) == #"{"setting":"\#(name)","values":["1","2"]}"#)
      #expect(try read(SweepAxis.self, json(axis)) == axis)
    }
    let models = SweepAxis(
      models: ["a", "b"].map { ModelReference(name: $0, autoencoder: "/\($0)", denoiser: nil) })
    #expect(models.values == ["a", "b"] && models.title == "model")
    #expect(try read(SweepAxis.self, json(models)) == models)
    for name in ["threads", "keepSeed", "later_steps", ""] {
      #expect(throws: DecodingError.self) {
        try read(SweepAxis.self, #"{"setting":"\#(name)","values":["1"]}"#)
      }
    }
  }

  @Test("the values that a sweep begins with are values of its setting")
  func examples() throws {
    for setting in GenerationSetting.ofSweeps {
      let values = try #require(setting.sweepExample).split(separator: ", ").map(String.init)
      for value in values {
        _ = try SweepAxis.applied(value, of: setting, to: GenerationSettings())
      }
    }
  }

  @Test("an output's settings are explained under both of their names")
  func explanations() throws {
    let stored = try #require(
      JSONSerialization.jsonObject(with: Data(Self.stored.utf8)) as? [String: Any])
    for name in Array(stored.keys) + GenerationSetting.all.map(\.key) {
      let lines = SettingExplanation.all(in: .object([name: .integer(1)]))
      #expect(lines.count == 1 && !lines[0].meaning.isEmpty, "\(name)")
    }
    let clips = SettingExplanation.all(in: .object(["clips": .integer(1)]))
    #expect(clips.map(\.meaning) == ["clips that were made"])
  }

  @Test("values of another kind, and beside the limits, are none of a setting")
  func limits() {
    var settings = GenerationSettings()
    let refused: [(GenerationSetting, SettingValue)] = [
      (.steps, .integer(0)), (.steps, .integer(1001)), (.steps, .number(5)), (.eta, .number(1.01)),
      (.eta, .text("1")), (.guidance, .number(-0.5)), (.guidance, .number(.infinity)),
      (.clips, .integer(-1)), (.threads, .integer(4097)), (.seed, .integer(-1)),
      (.seed, .text("18446744073709551616")), (.sampler, .text("default")),
      (.spacing, .text("odd")), (.reencode, .integer(1)), (.preview, .flag(true)),
    ]
    for (setting, value) in refused {
      let isTaken = settings.set(setting, to: value)
      #expect(!isTaken, "\(setting.key) \(value.plainText)")
    }
    #expect(settings == GenerationSettings())
    // What makes no choice.
    settings.threadCount = 3
    settings.spacing = .karras
    for (setting, value) in [
      (GenerationSetting.threads, SettingValue.integer(0)), (.spacing, .text("default")),
      (.clips, .integer(0)),
    ] {
      let isTaken = settings.set(setting, to: value)
      #expect(isTaken, "\(setting.key)")
    }
    #expect(settings.threadCount == nil && settings.spacing == nil && settings.clipCount == nil)
  }

  @Test("a distilled denoiser's steps take the place of others, and leave no trace with another")
  func fitting() {
    var settings = Self.unusual
    let few = settings.fitting(distilledSteps: 3)
    (settings.method, settings.spacing) = (.distilled, nil)
    (settings.steps, settings.laterSteps) = (3, 3)
    #expect(few == settings && few.fitting(distilledSteps: 3) == few)
    let usual = GenerationSettings()
    (settings.method, settings.steps, settings.laterSteps) = (
      usual.method, usual.steps, usual.laterSteps
    )
    #expect(few.fitting(distilledSteps: nil) == settings)
    #expect(Self.unusual.fitting(distilledSteps: nil) == Self.unusual)
  }
}
