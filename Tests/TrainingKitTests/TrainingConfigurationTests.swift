import Foundation
import RunKit
import TensorCore
import TestSupport
import Testing
import TrainingKit
import VideoDiffusion

@Suite struct TrainingConfigurationTests {
  private func read(_ text: String) throws -> TrainingConfiguration {
    try TrainingConfiguration(toml: text, path: "run.toml")
  }

  private func problem(_ text: String) throws -> String {
    let error = #expect(throws: TrainingConfigurationError.self) { try read(text) }
    return try Explanation(#require(error)).sentence
  }

  @Test(
    "every preset can be used, and survives the way through a file",
    arguments: TrainingPreset.allCases)
  func presets(preset: TrainingPreset) throws {
    let configuration = preset.configuration
    try configuration.validate()
    #expect(try read(configuration.fileText) == configuration)
    #expect(try read("preset = \"\(preset.rawValue)\"") == configuration)
    let (loaded, notes) = try TrainingConfiguration.load(preset.rawValue)
    #expect(loaded == configuration && notes.isEmpty)
  }

  @Test("every setting changes, and survives the way through a file")
  func everySetting() throws {
    for setting in TrainingSetting.all {
      var configuration = TrainingPreset.tiny.configuration
      let before = setting.value(in: configuration)
      for candidate in [
        "1", "2", "4", "8", "16", "64", "0.25", "true", "false", "l1", "bf16", "velocity", "cosine",
        "constant", "2,4", "18446744073709551615",
      ]
      where setting.value(in: configuration) == before {
        _ = setting.set(typed: candidate, in: &configuration)
      }
      #expect(setting.value(in: configuration) != before, "\(setting.name)")
      #expect(configuration != TrainingPreset.tiny.configuration, "\(setting.name)")
      // Alone, a network's setting may not fit the others; then the file is refused by that name.
      do {
        #expect(try read(configuration.fileText) == configuration, "\(setting.name)")
      } catch let error as TrainingConfigurationError {
        guard case .unfit = error.problem else {
          Issue.record("\(setting.name): \(error)")
          continue
        }
      }
    }
  }

  @Test("the file explains every setting")
  func explained() {
    let text = TrainingPreset.skies64.configuration.fileText
    for setting in TrainingSetting.all {
      #expect(text.contains("# \(setting.meaning):\n# \(setting.range).\n\(setting.key) = "))
    }
    #expect(Set(TrainingSetting.all.map(\.name)).count == TrainingSetting.all.count)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 110 })
  }

  @Test("what a file leaves out is as in the preset that it names, or as published")
  func omitted() throws {
    var expected = TrainingPreset.skies64.configuration
    expected.diffusionTraining.stage.steps = 7
    expected.diffusionTraining.distance = .l1
    #expect(
      try read(
        """
        preset = "skies-64"
        [diffusion_training]
        steps = 7
        loss = "l1"
        """) == expected)
    #expect(try read("") == TrainingConfiguration())
  }

  @Test("the published preset has the numbers of the authors' scripts, and says where it departs")
  func published() throws {
    let (first, second) = (
      TrainingPreset.published.configuration.autoencoderTraining.stage,
      TrainingPreset.published.configuration.diffusionTraining.stage
    )
    // At most 1,000,000 batches; scores after every 2,000 and 10,000.
    #expect(first.batch == 8 && first.accumulation == 3 && first.steps == 1_000_000 / 3)
    #expect(first.sampleInterval * first.accumulation == 2001 && second.sampleInterval == 10_000)
    #expect(second.averageDecay == 0.9999 && second.averageInterval == 25)
    #expect(second.optimizer.averageInterval == 25)
    #expect(first.seed == 42 && second.seed == 42)
    #expect(first.decay == .constant && first.warmUpSteps == 0)
    let text = TrainingPreset.published.fileText
    for word in ["float16", "offset", "black", "R-FVD", "conditional_share", "draws"] {
      #expect(text.contains(word), "\(word)")
    }
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 110 })
  }

  @Test("every preset's file reads as the preset", arguments: TrainingPreset.allCases)
  func presetFiles(preset: TrainingPreset) throws {
    #expect(try read(preset.fileText) == preset.configuration)
  }

  @Test("our own presets tell planes of one shape apart, the authors' do not")
  func planeCodes() {
    let on = TrainingPreset.allCases.filter { $0.configuration.diffusionTraining.hasPlaneCodes }
    #expect(on == [.small, .skies64, .tiny])
  }

  @Test("the denoiser's planes follow the autoencoder")
  func geometry() throws {
    let configuration = try read("[autoencoder]\nresolution = 128\nframes = 8")
    #expect(configuration.denoiser.geometry == PlaneGeometry(side: 16, frames: 8))
  }

  @Test(
    "mistakes are refused with their line, what was found and what was expected",
    arguments: [
      (
        "[denoiser]\n\nbase_width = 33",
        "run.toml:3: denoiser.base_width is 33; expected a whole "
          + "number from 32 to 4096, a multiple of 32"
      ),
      (
        "[denoiser]\nbase_width = \"wide\"",
        "run.toml:2: denoiser.base_width is \"wide\"; expected a "
          + "whole number from 32 to 4096, a multiple of 32"
      ),
      (
        "[denoiser]\nwidth_multipliers = [1, \"2\"]",
        "run.toml:2: denoiser.width_multipliers is a "
          + "table, date or other list; expected a list of 1 to 8 whole numbers from 1 to 32"
      ),
      (
        "[denoiser]\nbase_widht = 64",
        "run.toml:2: unknown setting 'denoiser.base_widht'; did you mean 'denoiser.base_width'?"
      ),
      (
        "[denoiser]\nlearning_rate = 1",
        "run.toml:2: unknown setting 'denoiser.learning_rate'; did "
          + "you mean 'autoencoder_training.learning_rate'?"
      ),
      ("[denoiser]\nqqqqqqqq = 1", "run.toml:2: unknown setting 'denoiser.qqqqqqqq'"),
      ("[denoisr]\nheads = 1", "run.toml:1: unknown table 'denoisr'; did you mean 'denoiser'?"),
      (
        "base_width = 64",
        "run.toml:1: unknown setting 'base_width'; did you mean '[denoiser] base_width'?"
      ),
      ("denoiser = 3", "run.toml:1: denoiser is 3; expected a table: [denoiser]"),
      (
        "preset = \"skies64\"",
        "run.toml:1: there is no preset 'skies64'; did you mean 'skies-64'?"
      ),
      (
        "preset = 3",
        "run.toml:1: preset is 3; expected \"published\", \"small\", \"skies-64\", "
          + "\"tiny\""
      ),
      (
        "[diffusion_training]\nloss = \"L3\"",
        "run.toml:2: diffusion_training.loss is \"L3\"; expected l2 or l1"
      ),
      (
        "[diffusion_training]\nlearning_rate = nan",
        "run.toml:2: diffusion_training.learning_rate is nan; expected a number above 0 and up to 1"
      ),
      (
        "[autoencoder_training]\nseed = -1\nmirrors = 1",
        "run.toml:2: autoencoder_training.seed is -1; expected a whole number of 0 or more, in quotes "
          + "from 2^63"
      ),
    ])
  func mistakes(text: String, expected: String) throws {
    #expect(try problem(text) == expected)
  }

  @Test(
    "networks that cannot be built are refused",
    arguments: [
      (
        "[autoencoder]\nresolution = 100",
        "run.toml:2: autoencoder.resolution is 100; expected a "
          + "multiple of 8, at least 16, because frames are cut into patches of 8 pixels a side"
      ),
      (
        "[autoencoder]\nresolution = 72\n[denoiser]\nwidth_multipliers = [1]\nattention_factors = [1]",
        "run.toml:2: autoencoder.resolution is 72; expected a multiple of 16, or 0 for "
          + "autoencoder_training.perceptual_weight, because the perceptual distance halves frames "
          + "four times"
      ),
      (
        "[denoiser]\nwidth_multipliers = [1, 1, 1, 1, 1, 1]",
        "run.toml:2: "
          + "denoiser.width_multipliers is [1, 1, 1, 1, 1, 1]; expected fewer levels, or a number of "
          + "frames that is a multiple of 32, because 6 levels halve the planes 5 times, and the number "
          + "of frames is 16"
      ),
      (
        "[denoiser]\nheads = 7",
        "run.toml:2: denoiser.heads is 7; expected a divisor of 256, because a "
          + "level of that width shares its channels out among the heads"
      ),
      (
        "[denoiser]\nattention_factors = [1, 3]",
        "run.toml:2: denoiser.attention_factors is [1, 3]; "
          + "expected some of [1, 2, 4, 8], because these are the 4 levels of width_multipliers"
      ),
      (
        "[diffusion_training]\ndistilled_steps = 4\nsnr_limit = 5",
        "run.toml:3: diffusion_training.snr_limit is 5.0; expected 0 where distilled_steps is 4, "
          + "because steps that are learnt from a teacher count by where they lead"
      ),
      (
        "[diffusion_training]\nsnr_limit = 5\nloss = \"l1\"",
        "run.toml:3: diffusion_training.loss is l1; expected l2 where snr_limit is 5.0, "
          + "because the ratio of signal to noise is that of squares"
      ),
      (
        "[diffusion_training]\ndistilled_steps = 4\nloss = \"l1\"",
        "run.toml:3: diffusion_training.loss is l1; expected l2 where distilled_steps is 4, "
          + "because the squares of steps that are learnt from a teacher count by where they lead"
      ),
      (
        "[denoiser]\nprediction = \"x0\"",
        "run.toml:2: denoiser.prediction is \"x0\"; expected noise or velocity"
      ),
      (
        "[diffusion_training]\nlatent_stride = 5",
        "run.toml:2: diffusion_training.latent_stride is 5; "
          + "expected a divisor of 16, because the clip that goes on after a cached one of 16 frames is "
          + "cached too"
      ),
    ])
  func conflicts(text: String, expected: String) throws {
    #expect(try problem(text) == expected)
  }

  @Test("a file that is none says so, and a name that is none suggests one")
  func files() throws {
    let folder = try TemporaryFolder()
    let syntax = try problem("[denoiser\nheads = 3")
    #expect(syntax.hasPrefix("run.toml:1: is no TOML: "))
    let error = #expect(throws: TrainingConfigurationError.self) {
      try TrainingConfiguration.load("skies64")
    }
    let explanation = try Explanation(#require(error))
    #expect(
      explanation.text
        == "skies64: there is no such preset or file; did you mean 'skies-64'?. Name a preset "
        + "(published, small, skies-64, tiny) or a .toml or .yaml file; \"pvdm train config PRESET\" "
        + "writes one")
    #expect(explanation.category == .badInput)
    for bytes in [Data([0xFF, 0xFE]), Data(repeating: 0x23, count: 300_000)] {
      let path = folder.path("bad.toml")
      try bytes.write(to: URL(filePath: path))
      #expect(throws: TrainingConfigurationError(file: path, .unreadable)) {
        try TrainingConfiguration(contentsOf: path)
      }
    }
    let path = folder.path("good.toml")
    try Data(TrainingPreset.tiny.configuration.fileText.utf8).write(to: URL(filePath: path))
    #expect(try TrainingConfiguration.load(path).configuration == TrainingPreset.tiny.configuration)
  }

  @Test("settings can be changed from text")
  func overrides() throws {
    var configuration = TrainingPreset.tiny.configuration
    try configuration.apply([
      "diffusion_training.steps=100", "base_width = 64", "width_multipliers=1",
      "attention_factors=0",
      "denoiser.heads= 4", "diffusion_training.learning_rate=1e-5", "cache_latents=false",
    ])
    #expect(configuration.diffusionTraining.stage.steps == 100)
    #expect(configuration.denoiser.baseWidth == 64)
    #expect(configuration.denoiser.widthMultipliers == [1])
    #expect(configuration.denoiser.attentionFactors == [])
    #expect(configuration.denoiser.headCount == 4)
    #expect(configuration.diffusionTraining.stage.learningRate == 1e-5)
    #expect(!configuration.diffusionTraining.cachesLatents)
    try configuration.apply(["steps=9", "seed=18446744073709551615"], stage: .autoencoder)
    #expect(configuration.autoencoderTraining.stage.steps == 9)
    #expect(configuration.autoencoderTraining.stage.seed == .max)
    #expect(configuration.diffusionTraining.stage.steps == 100)
    #expect(try read(configuration.fileText) == configuration)
  }

  @Test(
    "settings that are typed wrong are refused",
    arguments: [
      (
        "steps=9",
        "several settings are called 'steps'. Say one of autoencoder_training.steps, "
          + "diffusion_training.steps"
      ),
      (
        "base_widht=9",
        "unknown setting 'base_widht'; did you mean 'base_width'?. \"pvdm train config "
          + "published\" shows every setting"
      ),
      (
        "denoiser.heads",
        "'denoiser.heads' names no value. Write it as --set denoiser.base_width=64"
      ),
      ("denoiser.heads=many", "denoiser.heads is many; expected a whole number from 1 to 64"),
      ("denoiser.heads=", "denoiser.heads is empty; expected a whole number from 1 to 64"),
      (
        "denoiser.heads=3",
        "denoiser.heads is 3; expected a divisor of 32, because a level of that "
          + "width shares its channels out among the heads"
      ),
    ])
  func wrongOverrides(assignment: String, expected: String) throws {
    var configuration = TrainingPreset.tiny.configuration
    let error = #expect(throws: TrainingConfigurationError.self) {
      try configuration.apply([assignment])
    }
    #expect(try Explanation(#require(error)).text == expected)
  }

  @Test("damaged files are read or refused, and never end the program")
  func mutations() throws {
    let whole = Array(TrainingPreset.skies64.configuration.fileText.utf8)
    let scraps: [[UInt8]] = [
      "[", "]", "=", "\"", "-", "9999999999999999999", "\n[", "{", "1e999", "#",
    ]
    .map { Array($0.utf8) }
    var numbers = SeededNumbers(4)
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &numbers) {
        let place = Int.random(in: 0..<bytes.count, using: &numbers)
        switch Int.random(in: 0..<4, using: &numbers) {
        case 0: bytes[place] = UInt8.random(in: 0...127, using: &numbers)
        case 1:
          bytes.removeSubrange(
            place..<min(bytes.count, place + Int.random(in: 1...40, using: &numbers)))
        case 2: bytes.insert(contentsOf: scraps.randomElement(using: &numbers) ?? [], at: place)
        default: bytes = Array(bytes[..<max(place, 1)])
        }
        if bytes.isEmpty { bytes = [0x23] }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      do {
        try read(text).validate()
      } catch let error as TrainingConfigurationError {
        #expect(!Explanation(error).sentence.isEmpty)
      }
    }
  }
}
