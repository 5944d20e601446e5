import ArgumentParser
import StudioKit
import TerminalUI
import VideoDiffusion

/// Which networks a command works with.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The autoencoder's checkpoint (model_last.pth), in place of the model's.", valueName: "file"))
  var autoencoder: String?

  @Option(
    help: ArgumentHelp(
      "The denoiser's checkpoint (ema_model.pth), in place of the model's.", valueName: "file"))
  var denoiser: String?

  @Option(
    help: ArgumentHelp(
      """
      The denoiser's settings: a config.json or one of the authors' YAML files. Default: the one \
      beside the checkpoint, if there is one.
      """, valueName: "file"))
  var config: String?

  /// The model that comes with the program, which is used where none is named.
  static let defaultModel = "skies-64"

  /// Opens the networks; says so when it takes the model that comes with the program.
  func open(_ model: String?) throws -> ModelFiles {
    let named = model ?? (autoencoder == nil && denoiser == nil ? Self.defaultModel : nil)
    if model == nil, let named {
      writeToStandardError("no model named: using \(named), which comes with the program\n")
    }
    return try ModelFiles(
      model: named, autoencoder: autoencoder, denoiser: denoiser, configuration: config)
  }
}

/// How the networks compute.
struct ComputeOptions: ParsableArguments {
  @Option(help: "Precision of the networks: f32 (the reference) or bf16.")
  var precision = Precision.float32

  @Option(help: "Threads to compute with, 1 or more. (default: all processors)")
  var threads: Int?
}

/// Settings of the sampler.
struct SamplingOptions: ParsableArguments {
  @Option(help: "Sampling steps of a clip made from nothing, 1 to 1000.")
  var steps = 100

  @Option(
    name: .customLong("later-steps"),
    help: "Sampling steps of each clip that continues another, 1 to 1000.")
  var laterSteps = 20

  @Option(
    help: """
      The solver: ddpm (all 1000 steps), ddim, dpmpp-2m, dpmpp-2m-sde or unipc. 20 steps of the \
      last three are about as good as 100 of ddim.
      """)
  var sampler = SolverMethod.ddim

  @Option(
    help: """
      How steps are spaced: published (the original's), trailing, linear or karras. (default: \
      published for ddpm and ddim, karras for the others)
      """)
  var spacing: TimestepSpacing?

  @Option(help: "Fresh noise in each ddim step, 0 (none) to 1 (as much as ddpm).")
  var eta = 1.0

  @Option(help: "Guidance of clips that continue another, 0 or more; above 0 doubles the work.")
  var guidance = 0.0

  @Option(help: "Seed of the run; the same seed gives the same video.")
  var seed: UInt64 = 0

  @Option(
    help: "Videos to make at once; video b has the seed plus b, and its own outputs named by it.")
  var batch = 1

  @Flag(help: "Decode and encode each clip again before the next continues it.")
  var reencode = false

  func request(clips: Int) -> GenerationRequest {
    func configuration(_ steps: Int) -> SamplerConfiguration {
      SamplerConfiguration(method: sampler, steps: steps, spacing: spacing, eta: eta)
    }
    // ddpm has no choice of steps, so its number need not be spelled out.
    let all = sampler == .ddpm
    return GenerationRequest(
      clipCount: clips, firstSampler: configuration(all && steps == 100 ? 1000 : steps),
      laterSampler: configuration(all && laterSteps == 20 ? 1000 : laterSteps),
      guidanceScale: guidance, seed: seed, sampleCount: batch, reencodesCondition: reencode)
  }
}

/// Where a command's result goes.
struct OutputOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      """
      A file to write; repeat for several. The ending chooses the format: .mp4, .webm, .mkv \
      (lossless), .gif, .png (a contact sheet), .safetensors (latents), or a path ending in / for \
      a folder of frame00000.png and so on.
      """, valueName: "path"))
  var output: [String] = []

  @Option(help: "Frames a second. (default: the input's or the model's, else 16)")
  var fps: Double?

  @Option(help: "Makes each pixel a square of this side in pictures and videos, 1 to 64.")
  var scale = 1

  @Flag(help: "Replace outputs that exist.")
  var overwrite = false

  func validate() throws {
    for path in output where path.isEmpty { throw ValidationError("--output is empty") }
  }
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

extension Precision: ExpressibleByArgument {}
extension SolverMethod: ExpressibleByArgument {}
extension TimestepSpacing: ExpressibleByArgument {}
