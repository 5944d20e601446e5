import Foundation
import RunKit
import TensorCore
import TestSupport
import Testing
import TrainingKit
import VideoDiffusion

@Suite struct AuthorsTrainingFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("base.yaml") }

  init() throws { folder = try TemporaryFolder() }

  private func load(
    _ text: String
  ) throws -> (configuration: TrainingConfiguration, notes: [String]) {
    try Data(text.utf8).write(to: URL(filePath: path))
    return try TrainingConfiguration.load(path)
  }

  private static let autoencoder = """
    model:
      resume: False
      amp: True
      base_learning_rate: 2.0e-4
      params:
        embed_dim: 4
        lossconfig:
          params:
            disc_start: 100000000
        ddconfig:
          double_z: False
          channels: 192
          resolution: 128
          timesteps: 8
          skip: 1
          in_channels: 3
          out_ch: 3
          attn_resolutions: []
    """

  private static let denoiser = """
    model:
      base_learning_rate: 3.0e-4 # set to target_lr
      cond_model: True
      params:
        linear_start: 0.0015
        linear_end: 0.0195
        timesteps: 1000
        loss_type: l1
        image_size: 16
        w: 0.
        scheduler_config:
          warm_up_steps: [10000]
        unet_config:
          image_size: 16
          in_channels: 4
          out_channels: 4
          model_channels: 128
          attention_resolutions: [8, 2, 1]
          num_res_blocks: 1
          channel_mult: [1,2,4]
          num_heads: 4
          use_scale_shift_norm: False
          resblock_updown: False
          cond_model: False
    """

  @Test("an autoencoder's file is taken over the published preset")
  func autoencoderFile() throws {
    let (configuration, notes) = try load(Self.autoencoder)
    var expected = TrainingConfiguration()
    expected.autoencoder.width = 192
    expected.autoencoder.resolution = 128
    expected.autoencoder.frames = 8
    expected.denoiser.geometry = PlaneGeometry(side: 16, frames: 8)
    expected.autoencoderTraining.stage.learningRate = 2e-4
    expected.autoencoderTraining.stage.precision = .bfloat16
    #expect(configuration == expected)
    #expect(
      notes == [
        "Taken from \(path) over the published preset: autoencoder_training.precision = \"bf16\", "
          + "autoencoder_training.learning_rate = 0.0002, autoencoder_training.discriminators = "
          + "false, autoencoder.width = 192, autoencoder.resolution = 128, autoencoder.frames = 8",
        "Of no meaning here: resume, double_z, skip, attn_resolutions",
      ])
  }

  @Test("the file of the second phase turns the discriminators on")
  func secondPhase() throws {
    let text = Self.autoencoder.replacingOccurrences(of: "100000000", with: "-1")
    #expect(try load(text).configuration.autoencoderTraining.usesDiscriminators)
    let later = try load(Self.autoencoder.replacingOccurrences(of: "100000000", with: "5000"))
    #expect(!later.configuration.autoencoderTraining.usesDiscriminators)
    #expect(later.notes.contains { $0.hasPrefix("disc_start is 5000; here the second phase is") })
  }

  @Test("mixed precision in a denoiser's file is no setting of the autoencoder's training")
  func denoiserPrecision() throws {
    let (configuration, notes) = try load(
      Self.denoiser.replacingOccurrences(of: "model:\n", with: "model:\n  amp: True\n"))
    #expect(configuration == (try load(Self.denoiser).configuration))
    #expect(notes.contains { $0.hasPrefix("amp is not taken: diffusion_training.precision") })
    #expect(!notes[0].contains("precision"))
  }

  @Test("a denoiser's file is taken over the published preset")
  func denoiserFile() throws {
    let (configuration, notes) = try load(Self.denoiser)
    var expected = TrainingConfiguration()
    expected.autoencoder.resolution = 128
    expected.denoiser = DenoiserConfiguration(
      geometry: PlaneGeometry(side: 16), baseWidth: 128, widthMultipliers: [1, 2, 4],
      residualBlocks: 1, attentionFactors: [1, 2], headCount: 4, scaleShiftNorm: false,
      residualResampling: false, isConditional: false)
    expected.diffusionTraining.stage.learningRate = 3e-4
    #expect(configuration == expected)
    #expect(notes.count == 3)
    #expect(notes[0].contains("denoiser.attention_factors = [1, 2]"))
    #expect(notes[1].hasPrefix("loss_type is not taken: the authors' code passes it over"))
    #expect(notes[2] == "Of no meaning here: cond_model, w, warm_up_steps, image_size")
  }

  @Test(
    "values that the engine does not know are refused with their line",
    arguments: [
      (
        "timesteps: 1000", "timesteps: 500",
        ":7: timesteps is 500; expected 1000, because the noise "
          + "schedule has 1000 steps"
      ),
      (
        "linear_end: 0.0195", "linear_end: 0.02",
        ":6: linear_end is 0.02; expected 0.0195, because "
          + "the noise schedule is the authors'"
      ),
      (
        "num_heads: 4", "num_heads: four",
        ":21: num_heads is \"four\"; expected a whole number from 1 "
          + "to 64"
      ),
      (
        "channel_mult: [1,2,4]", "channel_mult: [1,x]",
        ":20: channel_mult is a list of other things; "
          + "expected a list of 1 to 8 whole numbers from 1 to 32"
      ),
      (
        "    image_size: 16\n      in", "    image_size: 1\n      in",
        ":14: image_size is 1; expected a "
          + "whole number from 2 to 256"
      ),
      (
        "num_heads: 4", "num_heads: 3",
        ": denoiser.heads is 3; expected a divisor of 128, because a "
          + "level of that width shares its channels out among the heads"
      ),
    ])
  func refused(old: String, new: String, expected: String) throws {
    let text = Self.denoiser.replacingOccurrences(of: old, with: new)
    #expect(text != Self.denoiser)
    let error = #expect(throws: TrainingConfigurationError.self) { try load(text) }
    #expect(try Explanation(#require(error)).sentence == path + expected)
  }

  @Test("settings of guided diffusion that change the network are taken")
  func guidedDiffusion() throws {
    let (configuration, notes) = try load(
      Self.denoiser.replacingOccurrences(
        of: "num_heads: 4",
        with: """
          num_heads: -1
                num_head_channels: 64
                use_new_attention_order: True
                conv_resample: False
                num_heads_upsample: -1
                legacy: False
                dropout: 0.0
                num_classes: null
                use_spatial_transformer: False
                use_checkpoint: True
          """))
    #expect(configuration.denoiser.headWidth == 64 && configuration.denoiser.newAttentionOrder)
    #expect(configuration.denoiser.headCount == 2)
    #expect(!configuration.denoiser.convolutionalResampling)
    #expect(notes[0].contains("denoiser.head_width = 64"))
    #expect(
      notes.last == "Of no meaning here: cond_model, w, warm_up_steps, use_checkpoint, image_size")
    // It stays so in the run's own file.
    let own = folder.path("own.toml")
    try Data(configuration.fileText.utf8).write(to: URL(filePath: own))
    #expect(try TrainingConfiguration.load(own).configuration == configuration)
  }

  @Test(
    "settings that change the arithmetic and are not known are refused by name",
    arguments: [
      "dropout: 0.1", "num_classes: 101", "use_spatial_transformer: True", "dims: 3",
      "context_dim: 768", "num_heads_upsample: 2", "n_embed: 8192", "num_head_channels: 48",
    ])
  func refusedGuidedDiffusion(setting: String) throws {
    let text = Self.denoiser.replacingOccurrences(
      of: "num_heads: 4", with: "num_heads: 4\n      \(setting)")
    let error = #expect(throws: TrainingConfigurationError.self) { try load(text) }
    let name = setting == "num_head_channels: 48" ? "head_width" : setting.prefix { $0 != ":" }
    #expect(try Explanation(#require(error)).sentence.contains(name))
  }

  @Test(
    "so are those of the autoencoder and around the networks",
    arguments: [
      ("embed_dim: 4", "embed_dim: 8"), ("skip: 1", "splits: 2"), ("out_ch: 3", "out_ch: 1"),
      ("embed_dim: 4", "parameterization: x0"), ("embed_dim: 4", "scale_factor: 0.18"),
    ])
  func refusedAround(old: String, new: String) throws {
    let error = #expect(throws: TrainingConfigurationError.self) {
      try load(Self.autoencoder.replacingOccurrences(of: old, with: new))
    }
    #expect(try Explanation(#require(error)).sentence.contains(new.prefix { $0 != ":" }))
  }

  @Test("a network's settings may stand one level deeper, as in latent diffusion's files")
  func deeper() throws {
    let text = """
      model:
        params:
          unet_config:
            target: models.UNetModel
            params: {model_channels: 64, num_heads: 4, image_size: 32}
      """
    #expect(try load(text).configuration.denoiser.baseWidth == 64)
  }

  @Test("both networks in one file have to fit")
  func together() throws {
    let both =
      Self.autoencoder + "\n"
      + Self.denoiser.replacingOccurrences(of: "model:", with: "second:")
    #expect(try load(both).configuration.denoiser.baseWidth == 128)
    let error = #expect(throws: TrainingConfigurationError.self) {
      try load(both.replacingOccurrences(of: "resolution: 128", with: "resolution: 256"))
    }
    #expect(try Explanation(#require(error)).sentence.contains("image_size is 16; expected 32"))
  }

  @Test("other YAML, nests without end and damage are refused or read")
  func damaged() throws {
    #expect(throws: TrainingConfigurationError(file: path, .noNetwork)) { try load("a: 1\nb: [2]") }
    #expect(throws: TrainingConfigurationError.self) { try load("a: [1") }
    #expect(throws: TrainingConfigurationError.self) { try load("") }
    var laughs = "a0: &a0 {x: 1, y: 2}\n"
    for level in 1..<12 {
      let names = (0..<9).map { "k\($0): *a\(level - 1)" }.joined(separator: ", ")
      laughs += "a\(level): &a\(level) {\(names)}\n"
    }
    #expect(throws: TrainingConfigurationError.self) { try load(laughs) }
    var numbers = SeededNumbers(9)
    let scraps = [
      ":", "[", "]", "{", "&a", "*a", "- ", "\t", "!!int ", "|", "'", "99999999999999999999",
    ]
    for index in 0..<300 {
      var text = index.isMultiple(of: 2) ? Self.autoencoder : Self.denoiser
      for _ in 0..<Int.random(in: 1...3, using: &numbers) {
        let place = text.index(
          text.startIndex, offsetBy: Int.random(in: 0..<text.count, using: &numbers))
        if Bool.random(using: &numbers) {
          text.insert(contentsOf: scraps.randomElement(using: &numbers) ?? "", at: place)
        } else {
          text.removeSubrange(
            place..<(text.index(place, offsetBy: 5, limitedBy: text.endIndex) ?? text.endIndex))
        }
      }
      do {
        try load(text).configuration.validate()
      } catch let error as TrainingConfigurationError {
        #expect(!Explanation(error).sentence.isEmpty)
      }
    }
  }
}
