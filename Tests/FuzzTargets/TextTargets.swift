import RunKit
import TerminalUI
import TrainingKit
import VideoDiffusion

extension FuzzTarget {
  /// The settings beside a checkpoint, JSON or YAML.
  static let configuration = FuzzTarget(name: "configuration") {
    [
      Array(#"{"model_channels": 32, "num_heads": 4, "channel_mult": [1, 2]}"#.utf8),
      Array(
        "model:\n  params:\n    ddconfig: &a {resolution: 256, timesteps: 16}\n    b: *a\n".utf8),
    ]
  } run: { bytes in
    ScratchFile.with(bytes, ending: ".yaml") { path in
      _ = try? ConfigurationFile(contentsOf: path)
    }
  }

  /// A training's settings: TOML, or one of the authors' YAML files.
  static let trainingFile = FuzzTarget(name: "training-file") {
    [
      Array("stage = \"autoencoder\"\n[autoencoder]\nresolution = 64\n".utf8),
      Array("model:\n  params:\n    unet_config:\n      model_channels: 128\n".utf8),
    ]
  } run: { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    _ = try? TrainingConfiguration(toml: text, path: "fuzz.toml")
    ScratchFile.with(bytes, ending: ".yaml") { path in _ = try? TrainingConfiguration.load(path) }
  }

  /// A preset in the user's folder.
  static let preset = FuzzTarget(name: "preset") {
    [Array("name = \"a\"\nsteps = 20\nsampler = \"ddim\"\neta = 0.5\nclips = 3\n".utf8)]
  } run: { bytes in
    ScratchFile.with(bytes, ending: ".toml") { path in _ = PresetFile.read(path) }
  }

  /// A theme in the user's folder.
  static let theme = FuzzTarget(name: "theme") {
    [Array("name = \"a\"\n[colors]\nred = \"#ff0000\"\n[roles.text]\nforeground = \"red\"\n".utf8)]
  } run: { bytes in
    _ = try? ThemeLoader.load(String(decoding: bytes, as: UTF8.self), file: "fuzz.toml")
  }

  /// The user's choice of keys.
  static let keyFile = FuzzTarget(name: "key-file") {
    [Array("extend = \"x\"\nreroll = [\"R\", \"Ctrl-R\", \"F5\"]\nundo = []\n".utf8)]
  } run: { bytes in
    _ = KeyFile.read(
      String(decoding: bytes, as: UTF8.self), file: "keys.toml",
      actions: ["extend", "reroll", "undo"])
  }

  /// What a terminal sends. A byte 0xFF stands for the silence after which an escape is a key.
  static let keys = FuzzTarget(name: "keys") {
    [
      Array("\u{1B}[A\u{1B}OPq\u{1B}[<0;3;4M\u{1B}[200~text\u{1B}[201~".utf8),
      Array("\u{1B}P>|xterm(388)\u{1B}\\\u{1B}]11;rgb:0/0/0\u{7}".utf8) + [0xFF, 0x1B, 0xFF],
    ]
  } run: { bytes in
    for isUTF8 in [true, false] {
      var decoder = KeyDecoder(isUTF8: isUTF8)
      var now = Duration.zero
      for part in bytes.split(separator: 0xFF, omittingEmptySubsequences: false) {
        _ = decoder.decode(part, at: now)
        now += KeyDecoder.escapeDelay
        _ = decoder.flush(at: now)
      }
    }
  }
}
