import ArgumentParser
import EvaluationKit
import RunKit

/// `pvdm evaluate`: one subcommand for each thing that is measured.
struct Evaluate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures a model or a folder of videos as the paper does.",
    discussion: """
      Every score is written with the whole protocol that it was taken under, and says in what \
      that differs from the paper's. Scores are kept for the studio as well. Features are kept on \
      disk: Ctrl-C stops at any time, and the same command goes on from there.

      Examples:
        pvdm evaluate fvd --model models/ucf --data UCF-101 \\
          --i3d i3d_pretrained_400.pt
        pvdm evaluate fvd --generated videos/ --data real/ --resolution 64 \\
          --i3d i3d.safetensors
        pvdm evaluate drift --model skies-64 --frames 128 --clips 4
        pvdm evaluate list
        pvdm evaluate compare evaluations/fvd-a evaluations/fvd-b
      """,
    subcommands: [
      EvaluateDistance.self, EvaluateInception.self, EvaluateReconstruction.self,
      EvaluateDrift.self, EvaluateEfficiency.self, ListEvaluations.self, CompareEvaluations.self,
    ])
}

/// The command of a metric: its own options, beside those that all have in common.
protocol MetricCommand: AsyncParsableCommand {
  /// What it measures.
  static var metric: Metric { get }
  /// What is judged and where the result goes.
  var source: SourceOptions { get }
  /// Fills in what its own options say.
  func apply(to job: inout EvaluationJob)
}

extension MetricCommand {
  func validate() throws { try source.check(Self.metric) }

  func run() async throws {
    try await explaining {
      var job = try source.job(Self.metric)
      apply(to: &job)
      job.takeFetchedWeights()
      try await source.perform(job)
    }
  }
}

struct EvaluateDistance: MetricCommand {
  static let metric = Metric.frechetVideoDistance
  static let configuration = CommandConfiguration(
    commandName: metric.rawValue,
    abstract: "Frechet video distance of generated to real clips, with I3D.",
    discussion: """
      The paper takes 2,048 real and 2,048 generated clips, of 16 or of 128 frames. Clips of \
      another length are looked at as well, and the report says so.
      """)

  @Option(
    help: ArgumentHelp(
      """
      Weights of I3D, Kinetics-400 logits (i3d_pretrained_400.pt). (default: those that "pvdm weights fetch \
      i3d" brought)
      """, valueName: "file"),
    completion: .file())
  var i3d: String?

  @Option(help: "Clips of each set.")
  var clips = Self.metric.usualClips

  @Option(help: "Frames of each clip.")
  var frames = Self.metric.usualFrames

  @OptionGroup(title: "Data options") var data: DataOptions
  @OptionGroup var source: SourceOptions

  func apply(to job: inout EvaluationJob) {
    data.apply(to: &job)
    job.featureWeights = i3d
    job.clips = clips
    job.frames = frames
  }
}

struct EvaluateInception: MetricCommand {
  static let metric = Metric.inceptionScore
  static let configuration = CommandConfiguration(
    commandName: metric.rawValue,
    abstract: "Inception score of generated clips, with C3D trained on UCF-101.",
    discussion: "The paper takes 10,000 clips of 16 frames.")

  @Option(
    help: ArgumentHelp(
      "Weights of C3D (a state dictionary, .pt or .safetensors).", valueName: "file"),
    completion: .file())
  var c3d: String?

  @Option(help: "Clips to look at.")
  var clips = Self.metric.usualClips

  @Option(help: "Splits, over which mean and standard deviation are taken.")
  var splits = 10

  @Option(help: "Side that the frames of a folder are cropped and resized to.")
  var resolution: Int?

  @OptionGroup var source: SourceOptions

  func apply(to job: inout EvaluationJob) {
    job.featureWeights = c3d
    job.clips = clips
    job.splits = splits
    job.resolution = resolution
  }
}

struct EvaluateReconstruction: MetricCommand {
  static let metric = Metric.reconstruction
  static let configuration = CommandConfiguration(
    commandName: metric.rawValue,
    abstract: "What a model's autoencoder loses: PSNR, SSIM, motion, with weights LPIPS and R-FVD.",
    discussion: """
      The model's autoencoder encodes and decodes; how videos are sampled plays no part. PSNR, SSIM and \
      LPIPS are means over the clips. Motion is the mean difference of neighbouring frames, as a share of \
      the full range, of the reconstructions and, beside it, of the originals: a small autoencoder may \
      keep little of that of faint things. R-FVD is the Frechet video distance of the \
      reconstructions to the clips themselves; it is left out where --i3d is not given.
      """)

  @Option(
    help: ArgumentHelp("Weights of I3D (i3d_pretrained_400.pt).", valueName: "file"),
    completion: .file())
  var i3d: String?

  @Option(help: "Clips to reconstruct.")
  var clips = Self.metric.usualClips

  @OptionGroup var perceptual: PerceptualOptions
  @OptionGroup(title: "Data options") var data: DataOptions
  @OptionGroup var source: SourceOptions

  func apply(to job: inout EvaluationJob) {
    data.apply(to: &job)
    job.featureWeights = i3d
    if case .model(let files, _) = job.source,
      case .autoencoder(let configuration)? = files.autoencoder?.network
    {
      job.frames = configuration.frames
    }
    job.perceptualWeights = perceptual.lpips
    job.perceptualFeatures = perceptual.vgg
    job.clips = clips
  }
}

struct EvaluateDrift: MetricCommand {
  static let metric = Metric.drift
  static let configuration = CommandConfiguration(
    commandName: metric.rawValue,
    abstract: "What changes along long videos: colours, contrast, seams, motion. Needs no weights.",
    discussion: """
      Numbers are means over the videos, for each clip of 16 frames, in shares of the full range \
      of a channel. A seam is the difference of the two frames at a clip's boundary over the mean \
      difference of neighbouring frames within the two clips: 1 cannot be seen.
      """)

  @Option(help: "Videos to look at.")
  var clips = Self.metric.usualClips

  @Option(help: "Frames of each video, 32 or more.")
  var frames = Self.metric.usualFrames

  @Option(help: "Side that the frames of a folder are cropped and resized to.")
  var resolution: Int?

  @OptionGroup var source: SourceOptions

  func apply(to job: inout EvaluationJob) {
    job.clips = clips
    job.frames = frames
    job.resolution = resolution
  }
}

struct EvaluateEfficiency: MetricCommand {
  static let metric = Metric.efficiency
  static let configuration = CommandConfiguration(
    commandName: metric.rawValue,
    abstract: "Seconds a step, a clip and a video of 128 frames, and peak memory, on this machine.",
    discussion: "\"pvdm bench\" measures the single networks against the machine's own peak.")

  @OptionGroup var source: SourceOptions

  func apply(to job: inout EvaluationJob) {}
}
