import ArgumentParser
import MediaIO
import RunKit
import TensorCore
import TerminalUI
import VideoDiffusion

/// Which networks a command works with.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The autoencoder's checkpoint (model_last.pth), in place of the model's.", valueName: "file"),
    completion: .file())
  var autoencoder: String?

  @Option(
    help: ArgumentHelp(
      "The denoiser's checkpoint (ema_model.pth), in place of the model's.", valueName: "file"),
    completion: .file())
  var denoiser: String?

  @Option(
    help: ArgumentHelp(
      """
      The denoiser's settings: a config.json or one of the authors' YAML files. Default: the one \
      beside the checkpoint, if there is one.
      """, valueName: "file"), completion: .file())
  var config: String?

  @Option(
    help: ArgumentHelp(
      """
      Frames of the denoiser's clips, where neither its file nor the autoencoder tells. (default: 16)
      """, valueName: "count"))
  var clipFrames: Int?

  func validate() throws { try Self.check(clipFrames: clipFrames) }

  /// Checks a number of frames that the user stated.
  static func check(clipFrames: Int?) throws {
    if let clipFrames, !(1...1024).contains(clipFrames) {
      throw ValidationError("--clip-frames is 1 to 1024.")
    }
  }

  /// The model that comes with the program, which is used where none is named.
  static let defaultModel = "skies-64"

  /// What a model may be given as.
  static let nameHelp: ArgumentHelp = """
    A model folder, or the name of one in ~/.local/share/pvdm/models or of the program's. (default: \
    skies-64)
    """

  /// Opens the networks; says so when it takes the model that comes with the program.
  func open(_ model: String?) throws -> ModelFiles {
    let named = model ?? (autoencoder == nil && denoiser == nil ? Self.defaultModel : nil)
    if model == nil, let named {
      writeToStandardError("no model named: using \(named), which comes with the program\n")
    }
    return try ModelFiles(
      model: named, autoencoder: autoencoder, denoiser: denoiser, configuration: config,
      frames: clipFrames)
  }
}

/// The weights of the perceptual distance, from the files users have.
struct PerceptualOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Weights of LPIPS (vgg.pth, keys lin0.model.1.weight and so on). (default: those that "pvdm weights fetch \
      lpips" brought)
      """, valueName: "file"),
    completion: .file())
  var lpips: String?

  @Option(
    help: ArgumentHelp(
      "VGG16 of torchvision for LPIPS (vgg16-397923af.pth), if --lpips does not hold it.",
      valueName: "file"), completion: .file())
  var vgg: String?

  func validate() throws {
    if vgg != nil, lpips == nil { throw ValidationError("--vgg is of use with --lpips alone.") }
  }
}

/// How the networks compute.
struct ComputeOptions: ParsableArguments {
  @OptionGroup var settings: SettingOptions<Scope>

  enum Scope: SettingScope {
    static let settings = GenerationSetting.all.filter { $0.group == .compute }
  }

  /// What was given, in the place of the usual settings.
  private var chosen: GenerationSettings {
    var chosen = GenerationSettings()
    for (setting, value) in settings.given { chosen.assign(setting, value) }
    return chosen
  }

  /// The precision that was given, else the reference.
  var precision: Precision { chosen.precision }
  /// The device that was given, else the best there is.
  var device: DeviceChoice { chosen.device }
  /// The threads that were given; `nil` for all processors.
  var threads: Int? { chosen.threadCount }
}

/// Where a command's result goes.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      """
      A file to write; repeat for several. The ending chooses the format: \(OutputFormat.endings), \
      .safetensors (latents), or a path ending in / for a folder of frame00000.png and so on.
      """, valueName: "path"), completion: .file())
  var output: [String] = []

  @Option(help: "Frames a second. (default: the input's or the model's, else 16)")
  var fps: Double?

  @Option(help: "Makes each pixel a square of this side in pictures and videos, 1 to 64.")
  var scale = 1

  @Flag(help: "Replace outputs that exist.")
  var overwrite = false
}

/// What is shown while a command works.
struct ShowOptions: ParsableArguments {
  @Flag(help: "Show the video as block characters while it is made, and play each clip.")
  var preview = false

  @Flag(help: "Write one JSON object for each event to standard output.")
  var json = false

  @Option(help: "Colours: auto, truecolor, 256, 16 or mono.")
  var color = "auto"

  @Flag(name: [.short, .long], help: "Show no progress.")
  var quiet = false

  func validate() throws {
    do {
      _ = try ColorMode.parse(option: color)
    } catch {
      throw ValidationError("--color: \(error)")
    }
  }
}

/// How the clip in progress is shown.
struct PreviewOptions: ParsableArguments {
  @OptionGroup var settings: SettingOptions<Scope>

  enum Scope: SettingScope {
    static let settings = GenerationSetting.all.filter { $0.group == .display }
  }

  func validate() throws {
    try settings.checkIntegers()
  }
}
