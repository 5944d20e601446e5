import Foundation
import RunKit
import TestSupport
import Testing
import VideoDiffusion

@Suite struct PresetTests {
  private let folder: TemporaryFolder
  private var library: PresetLibrary { PresetLibrary(folder: folder.path("presets")) }

  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String, _ name: String = "mine.toml") throws {
    try FileManager.default.createDirectory(
      atPath: library.folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: "\(library.folder)/\(name)"))
  }

  private func preset(_ name: String, steps: Int = 33) -> Preset {
    var settings = GenerationSettings()
    settings.steps = steps
    return Preset(
      name: name, summary: "A \"test\"", settings: settings, isBuiltIn: false, keys: [.steps])
  }

  @Test("the presets of the program are usable and leave the machine's settings alone")
  func builtIn() throws {
    let (presets, issues) = library.load()
    #expect(issues.isEmpty)
    #expect(presets.map(\.name) == ["draft", "paper 100/20", "paper 400/400", "fine", "instant"])
    for preset in presets {
      #expect(preset.isBuiltIn && !preset.summary.isEmpty)
      try preset.settings.validate()
      try preset.settings.request().validate()
      var mine = GenerationSettings()
      mine.precision = .bfloat16
      mine.seed = 77
      mine.clipCount = 5
      let used = preset.applied(to: mine)
      #expect(used.precision == .bfloat16 && used.seed == 77 && used.clipCount == 5)
      #expect(used.steps == preset.settings.steps && used.method == preset.settings.method)
    }
  }

  @Test("every setting survives the way through a file")
  func roundTrip() throws {
    var settings = GenerationSettings()
    settings.method = .uniPC
    settings.spacing = .karras
    settings.steps = 12
    settings.laterSteps = 7
    settings.eta = 0.25
    settings.guidanceScale = 1.5
    settings.clipCount = nil
    settings.seed = UInt64.max
    settings.isSeedLocked = true
    settings.reencodesCondition = true
    settings.precision = .bfloat16
    settings.threadCount = 3
    settings.preview = .decoded
    settings.previewInterval = 4
    let preset = Preset(
      name: "Ours / \"best\"", summary: "Line one\nline two", settings: settings,
      isBuiltIn: false)
    #expect(preset.keys == Set(GenerationSetting.ofPresets))
    let path = try library.save(preset)
    #expect(URL(filePath: path).lastPathComponent == "ours-best.toml")
    let (presets, issues) = library.load()
    #expect(issues.isEmpty)
    #expect(presets.last == preset)
  }

  @Test("the file explains every key, and what is left out stays a comment")
  func explained() throws {
    let text = try String(contentsOfFile: library.save(preset("mine")), encoding: .utf8)
    for setting in GenerationSetting.ofPresets {
      #expect(text.contains(setting.meaning) && text.contains(setting.range))
      #expect(
        text.contains("\n# \(setting.key) = ") == ![.steps, .laterSteps].contains(setting))
    }
    #expect(text.contains("\nsteps = 33\n"))
    // One number of steps is for every clip.
    #expect(text.contains("\nlater_steps = 33\n"))
    #expect(try library.preset(named: "MINE").keys == [.steps, .laterSteps])
  }

  @Test("mistakes are reported with file and line; the rest is used")
  func mistakes() throws {
    try write(
      """
      name = "Mine"
      # steps = 5000
      steps = 5000
      stepz = 3
      eta = "much"
      later_steps = 9
      threads = [1]
      spacing = "karass"
      """)
    let (presets, issues) = library.load()
    #expect(presets.last?.keys == [.laterSteps])
    #expect(presets.last?.settings.laterSteps == 9)
    #expect(presets.last?.settings.steps == 100)
    #expect(
      issues.map(\.description) == [
        "mine.toml:3: steps is 5000; expected a whole number from 1 to 1000",
        "mine.toml:4: unknown key 'stepz'; did you mean 'steps'?",
        "mine.toml:5: eta is \"much\"; expected a number from 0 to 1",
        "mine.toml:7: threads is [1]; expected a whole number up to 4096; "
          + "0 takes all processors",
        "mine.toml:8: spacing is \"karass\"; expected default, published, trailing, linear or karras",
      ])
  }

  @Test("files that are no presets are reported and passed over")
  func unreadable() throws {
    try write("steps = \n", "a.toml")
    try write(String(repeating: "# long\n", count: 20_000), "b.toml")
    try write("steps = 5", "c.toml")
    try write("name = \"C\"", "d.toml")
    try write("name = \"Draft\"", "e.toml")
    try write("[=", "f.toml")
    try write("steps = [", "ignored.txt")
    let (presets, issues) = library.load()
    #expect(presets.filter { !$0.isBuiltIn }.map(\.name) == ["c"])
    #expect(issues.map(\.file) == ["a.toml", "b.toml", "d.toml", "e.toml", "f.toml"])
    #expect(issues[0].line == 1 || issues[0].line == 2)
    #expect(issues[2].description == "d.toml:1: the name 'C' is taken by c.toml")
    #expect(issues[3].description.contains("taken by the program"))
  }

  @Test(
    "names lead to safe files",
    arguments: [
      ("../../etc/passwd", "etc-passwd.toml"), ("Ünï cödé 2", "ünï-cödé-2.toml"),
      ("a//b  c", "a-b-c.toml"), ("CON.", "con.toml"),
    ])
  func safeNames(name: String, file: String) throws {
    let path = try library.save(preset(name))
    #expect(URL(filePath: path).lastPathComponent == file)
    #expect(URL(filePath: path).deletingLastPathComponent().path == library.folder)
    #expect(try library.preset(named: name).name == name)
  }

  @Test("a long name is cut, and one without letters refused")
  func oddNames() throws {
    let path = try library.save(preset(String(repeating: "é", count: 300)))
    #expect(URL(filePath: path).lastPathComponent.utf8.count <= 105)
    for name in ["", "..", "///", " \n"] {
      #expect(throws: StudioError.self) { try library.save(preset(name)) }
    }
  }

  @Test(
    "nothing is replaced unasked, the program's presets never, and settings out of range not kept")
  func refusals() throws {
    try library.save(preset("mine"))
    #expect(throws: StudioError.self) { try library.save(preset("MINE!", steps: 4)) }
    try library.save(preset("MINE!", steps: 4), overwrites: true)
    #expect(library.load().presets.filter { !$0.isBuiltIn }.map(\.settings.steps) == [4])
    #expect(throws: StudioError.self) { try library.save(preset("paper-100 20"), overwrites: true) }
    #expect(throws: StudioError.self) { try library.save(preset("bad", steps: 0)) }
    #expect(throws: StudioError.self) { try library.delete(named: "draft") }
    #expect(throws: StudioError.self) { try library.delete(named: "nobody") }
    try library.delete(named: "mine")
    #expect(library.load().presets.count == PresetLibrary.builtIn.count)
    let error = #expect(throws: StudioError.self) { try library.preset(named: "mine") }
    #expect(try Explanation(#require(error)).text.contains("Choose one of draft, paper 100/20"))
  }

  @Test("a preset that was renamed by hand keeps its file")
  func renamedByHand() throws {
    try write("name = \"Evening\"\nsteps = 5", "other.toml")
    try library.save(preset("evening", steps: 6), overwrites: true)
    #expect(library.load().presets.last?.settings.steps == 6)
    #expect(library.load().issues.isEmpty)
  }
}

@Suite struct GenerationSettingsTests {
  @Test("settings out of range are named with what was expected")
  func problems() throws {
    var settings = GenerationSettings()
    #expect(settings.problems.isEmpty)
    settings.steps = 0
    settings.eta = .nan
    settings.guidanceScale = .infinity
    settings.clipCount = -2
    settings.threadCount = 0
    #expect(settings.problems.map(\.setting) == [.steps, .eta, .guidance, .clips])
    #expect(settings.problems[0].sentence == "steps is 0; expected a whole number from 1 to 1000")
    let error = #expect(throws: StudioError.self) { try settings.validate() }
    #expect(try Explanation(#require(error)).sentence.contains("steps is 0"))
  }

  @Test("a request and back gives the same settings")
  func requests() {
    var settings = GenerationSettings()
    settings.method = .dpmSolverPlusPlus2M
    settings.spacing = .linear
    settings.steps = 30
    settings.laterSteps = 11
    settings.eta = 0.5
    settings.guidanceScale = 2
    settings.clipCount = 4
    settings.seed = 12
    settings.reencodesCondition = true
    #expect(GenerationSettings(settings.request()) == settings)
    #expect(settings.request(sampleCount: 3).sampleCount == 3)
    settings.spacing = nil
    #expect(GenerationSettings(settings.request()) == settings)
  }

  @Test("ddpm takes every step, whatever number is set")
  func everyStep() throws {
    var settings = GenerationSettings()
    settings.method = .ddpm
    try settings.request().validate()
    #expect(settings.request().firstSampler.steps == 1000)
  }
}
