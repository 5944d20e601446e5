extension Metric {
  /// Every metric, in the order in which they are shown: what needs nothing but a model comes first. A
  /// new one is a row here, the function that
  /// measures it in an extension of ``EvaluationRun``, and its command.
  public static let allCases: [Metric] = [
    drift, efficiency, reconstruction, frechetVideoDistance, inceptionScore,
  ]

  /// Frechet video distance of generated to real clips.
  public static let frechetVideoDistance = Metric(
    "fvd", title: "Frechet video distance", name: "FVD",
    meaning: "Frechet video distance of generated to real clips, by I3D; lower is better",
    judges: .videos, requires: [.data, .i3d, .frames, .clips], needsCovariance: true,
    publishedClips: 2048, publishedFrames: [16, 128],
    differsIn: [
      .realClips, .generatedClips, .choice, .frames, .resolution, .generation, .data,
    ],
    work: { clips, task in
      "compares \(clips) of \(task.sourceName) with as many real ones, \(task.frames) frames each"
    },
    measure: { try await $0.frechetVideoDistance(&$1) })

  /// Inception score of generated clips.
  public static let inceptionScore = Metric(
    "is", title: "Inception score", name: "IS",
    meaning: "inception score of generated clips, by C3D; higher is better",
    judges: .videos, requires: [.c3d, .clips, .splits],
    publishedClips: 10_000, publishedFrames: [16],
    differsIn: [.generatedClips, .frames, .resolution, .generation],
    work: { clips, task in "looks at \(clips) of \(task.sourceName)" },
    measure: { try await $0.inceptionScore(&$1) })

  /// What encoding and decoding loses.
  public static let reconstruction = Metric(
    "reconstruction", title: "Reconstruction", name: "reconstruction", shortTitle: "PSNR",
    meaning:
      "PSNR, SSIM and motion of the autoencoder; LPIPS and R-FVD where their weights are given",
    judges: .autoencoder, requires: [.data, .clips],
    takes: [.i3d, .perceptualWeights, .perceptualFeatures],
    publishedClips: 2048,
    differsIn: [.realClips, .choice, .resolution, .data, .precision],
    work: { clips, task in "encodes and decodes \(clips) with \(task.sourceName)" },
    measure: { try await $0.reconstruction(&$1) })

  /// What changes along a long video.
  public static let drift = Metric(
    "drift", title: "Drift along a video", name: "drift",
    meaning: "colour, contrast, seams and motion along long videos; needs no weights",
    judges: .videos, requires: [.clips, .frames], usualFrames: 128, counts: "video",
    differsIn: [.always("the paper has no such measure")],
    work: { clips, task in "follows \(clips) of \(task.frames) frames of \(task.sourceName)" },
    measure: { try await $0.drift(&$1) })

  /// Time and memory.
  public static let efficiency = Metric(
    "efficiency", title: "Efficiency", name: "efficiency",
    meaning: "seconds a step, a clip and a long video, and memory; needs no weights",
    judges: .generation, leadingScore: "video of",
    differsIn: [.device, .resolution],
    work: { _, task in "times \(task.sourceName) on this machine" },
    measure: { try await $0.efficiency(&$1) })
}
