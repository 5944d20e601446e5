import Foundation
import RunKit
import TestSupport
import Testing

@Suite struct PresetAndModelCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: [String]) throws -> CommandRun {
    try CommandRun(arguments, home: folder.path("home"))
  }

  @Test("a preset is saved, listed, shown, used, and deleted")
  func life() throws {
    let saved = try run([
      "presets", "save", "Mine", "--preset", "draft", "--steps", "3", "--summary", "Ours",
    ])
    #expect(saved.status == 0, "\(saved.errors)")
    #expect(saved.output.contains(".config/pvdm/presets/mine.toml"))
    let list = try run(["presets"])
    for text in ["draft", "paper 100/20", "Mine", "yours", "Ours"] {
      #expect(list.output.contains(text))
    }
    let shown = try run(["presets", "show", "mine"])
    #expect(shown.output.contains("\nsteps = 3\n"))
    #expect(shown.output.contains("\nsampler = \"unipc\"\n"))

    let output = folder.path("a.safetensors")
    let sample = try run([
      "sample", "skies-64", "--preset", "mine", "--steps", "2", "-o", output,
    ])
    #expect(sample.status == 0, "\(sample.errors)")
    let taken = "preset Mine: sampler unipc, spacing default, later steps 10"
    #expect(sample.errors.contains(taken))
    let request = try #require(try RunSettings(embeddedIn: output).request)
    #expect(request.firstSampler.steps == 2 && request.firstSampler.method.rawValue == "unipc")
    #expect(request.laterSampler.steps == 10)

    #expect(try run(["presets", "delete", "mine"]).status == 0)
    let gone = try run(["sample", "skies-64", "--preset", "mine", "-o", output, "--overwrite"])
    #expect(gone.status == 2 && gone.errors.contains("there is no preset mine"))
  }

  @Test("every setting that a row gives an option has one, which a preset takes")
  func options() throws {
    let help = try run(["presets", "save", "--help"]).output
    var arguments = ["presets", "save", "all"]
    var expected: [String: String] = [:]
    for setting in GenerationSetting.all where setting.optionHelp != nil && setting.isInPresets {
      #expect(help.contains("--\(setting.optionName)"), "\(setting.key)")
      arguments.append("--\(setting.optionName)")
      if case .flag = setting.domain {
        expected[setting.key] = "true"
        continue
      }
      let value =
        switch setting.domain {
        case .number(let range) where !range.contains(7): "0.5"
        default: setting.domain.words.last ?? "7"
        }
      expected[setting.key] = value
      arguments.append(value)
    }
    let saved = try run(arguments)
    #expect(saved.status == 0, "\(saved.errors)")
    let shown = try run(["presets", "show", "all"]).output
    for (key, value) in expected {
      let lines = ["\n\(key) = \(value)\n", "\n\(key) = \"\(value)\"\n", "\n\(key) = \(value).0\n"]
      #expect(lines.contains(where: shown.contains), "\(key) = \(value)")
    }
  }

  @Test("an option that a preset cannot hold is refused by name, and nothing is saved")
  func refusedOptions() throws {
    let refused = GenerationSetting.all.filter { $0.optionHelp != nil && !$0.isInPresets }
    let values = ["variation": "7:0.2", "device": "cpu"]
    #expect(Set(refused.map(\.key)) == Set(values.keys))
    for (setting, value) in values {
      for more in [[], ["--steps", "5"]] {
        let saved = try run(["presets", "save", "near", "--\(setting)", value] + more)
        #expect(saved.status == 2, "\(saved.errors)")
        #expect(saved.errors.contains("a preset holds no \(setting)"))
        #expect(try run(["presets", "show", "near"]).status == 2)
      }
    }
  }

  @Test("a preset is made of an output's settings")
  func fromOutput() throws {
    let output = folder.path("a.mp4")
    let sample = try run([
      "sample", "skies-64", "--sampler", "unipc", "--steps", "2", "--seed", "5", "-o", output,
    ])
    #expect(sample.status == 0, "\(sample.errors)")
    #expect(try run(["presets", "save", "like that", "--from", output]).status == 0)
    let shown = try run(["presets", "show", "like-that", "--json"])
    let settings = try #require(shown.json["settings"] as? [String: Any])
    #expect(settings["sampler"] as? String == "unipc" && settings["steps"] as? Int == 2)
    #expect(settings["seed"] == nil)
    let again = try run(["presets", "save", "like that", "--from", output])
    #expect(again.status == 2 && again.errors.contains("--overwrite"))
    #expect(
      try run(["presets", "save", "x", "--from", CommandRun.package + "/samples/bunny.mp4"])
        .errors.contains("carries no settings"))
    #expect(try run(["presets", "save", "x"]).status == 64)
  }

  @Test("one number of steps is for every clip, two are for the first and the later ones")
  func steps() throws {
    func steps(_ options: [String]) throws -> [Int] {
      let output = folder.path("a.safetensors")
      let run = try run(["sample", "skies-64", "-o", output, "--overwrite"] + options)
      #expect(run.status == 0, "\(run.errors)")
      let request = try #require(try RunSettings(embeddedIn: output).request)
      return [request.firstSampler.steps, request.laterSampler.steps]
    }
    #expect(try steps(["--steps", "2"]) == [2, 2])
    #expect(try steps(["--steps", "2", "--later-steps", "3"]) == [2, 3])
    #expect(try steps(["--steps", "1", "--preset", "draft"]) == [1, 10])
    #expect(try run(["presets", "save", "short", "--steps", "3"]).status == 0)
    #expect(try steps(["--preset", "short"]) == [3, 3])
    let path = folder.path("home/.config/pvdm/presets/hand.toml")
    try Data("steps = 2".utf8).write(to: URL(filePath: path))
    #expect(try steps(["--preset", "hand"]) == [2, 2])
  }

  @Test("a preset made of a continued video says which frames it does not stand for")
  func continued() throws {
    let (first, second) = (folder.path("a.mkv"), folder.path("b.mkv"))
    #expect(try run(["sample", "skies-64", "--steps", "1", "-o", first]).status == 0)
    #expect(try run(["extend", first, "skies-64", "--steps", "2", "-o", second]).status == 0)
    let saved = try run(["presets", "save", "x", "--from", second])
    #expect(saved.status == 0)
    #expect(saved.errors.contains("the first 16 frames of b.mkv are of a.mkv"))
    #expect(try run(["presets", "save", "y", "--from", first]).errors.isEmpty)
  }

  @Test("mistakes in a preset's file are shown where it is used")
  func mistakes() throws {
    let path = folder.path("home/.config/pvdm/presets")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data("stepz = 4\nlater_steps = 2".utf8).write(to: URL(filePath: path + "/odd.toml"))
    let run = try run([
      "sample", "skies-64", "--preset", "odd", "--steps", "1", "-o", folder.path("a.safetensors"),
    ])
    #expect(run.status == 0)
    #expect(run.errors.contains("odd.toml:1: unknown key 'stepz'; did you mean 'steps'?"))
  }

  @Test("models are listed with what is wrong with them")
  func models() throws {
    try Data(count: 5000).write(to: URL(filePath: folder.path("broken.pth")))
    let list = try run(["models", folder.url.path])
    #expect(list.status == 0, "\(list.errors)")
    #expect(list.output.contains("skies-64") && list.output.contains("64 x 64"))
    #expect(list.output.contains("broken") && list.output.contains("unusable"))
    #expect(list.output.contains("expected a PyTorch or safetensors checkpoint"))
    #expect(try run(["models", folder.path("gone")]).status == 2)
    let hashed = try run(["models", "--hash", "--json"])
    let entries = try #require(
      try JSONSerialization.jsonObject(with: Data(hashed.output.utf8)) as? [[String: Any]])
    let skies = try #require(
      entries.first { ($0["reference"] as? [String: Any])?["name"] as? String == "skies-64" })
    #expect((skies["denoiser_hash"] as? String)?.count == 64)
    let denoiser = try #require(skies["denoiser"] as? [String: Any])
    #expect(denoiser["parameters"] as? Int == 9_655_812)
  }

  @Test(
    "previews of every mode are drawn, and modes that are none refused",
    arguments: ["off", "linear", "decoded"])
  func previews(mode: String) throws {
    let run = try run([
      "sample", "skies-64", "--steps", "6", "--preview", "--preview-mode", mode,
      "--preview-every", "2", "-o", folder.path("a.gif"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    let blocks: ClosedRange<Unicode.Scalar> = "\u{2580}"..."\u{259F}"
    #expect(run.errors.unicodeScalars.contains(where: blocks.contains))
    #expect(try self.run(["sample", "skies-64", "--preview-mode", "magic"]).status == 64)
  }
}
