import TensorCore
import VideoDiffusion

extension GenerationSetting {
  /// Every setting, in the order of preset files.
  public static let all: [GenerationSetting] = [
    sampler, spacing, steps, laterSteps, eta, recomputeNoise, guidance, guidanceFrom, guidanceTo,
    clips, seed, keepSeed,
    variation, reencode, seamFade, orderPlanes, device, precision, threads, preview, previewEvery,
  ]

  /// Every setting, with some before the others.
  package static func all(first: [GenerationSetting]) -> [GenerationSetting] {
    first + all.filter { !first.contains($0) }
  }

  /// The settings of presets.
  public static let ofPresets = all.filter(\.isInPresets)
  /// The settings in the order of forms: the steps stand beside the solver that takes them.
  package static let ofForms = all(first: [sampler, steps, laterSteps])
  /// The settings that sweeps vary, numbers before words.
  package static let ofSweeps: [GenerationSetting] = {
    let swept = all.filter { $0.sweepExample != nil }
    return swept.filter(\.domain.words.isEmpty) + swept.filter { !$0.domain.words.isEmpty }
  }()

  // MARK: The sampler

  public static let sampler = GenerationSetting(
    "sampler", .sampler, .choice(\.method, "method"), meaning: "The solver that takes the steps",
    line: Line(
      label: "sampler", help: "the solver",
      words: { _ in SolverMethod.allCases.map(\.title) }),
    optionHelp:
      "The solver: \(SolverMethod.choices). \(SolverMethod.recommendation) (default: ddim)",
    sweepExample: "ddim, dpmpp-2m, unipc")

  public static let spacing = GenerationSetting(
    "spacing", .sampler, .choice(\.spacing, "spacing", open: "default"),
    meaning: "How the steps are spread over the noise levels",
    line: Line(
      label: "spacing", help: "how the steps are spread over the noise levels",
      words: { ["auto (\($0.method.defaultSpacing.rawValue))"] + TimestepSpacing.words }),
    optionHelp: """
      How steps are spaced: published (the original's), trailing, linear or karras. (default: \
      \(SolverMethod.defaultSpacings))
      """)

  public static let steps = GenerationSetting(
    "steps", .sampler, .integer(\.steps, "steps", 1...1000),
    meaning: "Steps of a clip made from nothing; ddpm always takes 1000",
    explanation: "denoising steps; more are slower and finer",
    line: Line(
      label: "steps", help: "denoising steps of the first clip; more are slower and finer", step: 5,
      fixed: { $0.method.takesEveryStep ? String($0.steps) : nil }, note: { _ in "first clip" }),
    optionHelp: "Sampling steps of a clip made from nothing, 1 to 1000. (default: 100)",
    sweepExample: "10, 20, 50")

  public static let laterSteps = GenerationSetting(
    "later_steps", .sampler, .integer(\.laterSteps, "laterSteps", 1...1000), title: "later steps",
    meaning:
      "Steps of each clip that continues another, left out as many as steps; ddpm always takes 1000",
    explanation: "denoising steps of each clip that continues another",
    line: Line(
      label: "then", help: "steps of each clip that continues another", step: 5,
      fixed: { $0.method.takesEveryStep ? String($0.laterSteps) : nil },
      note: { _ in "each later clip" }),
    optionHelp: """
      Sampling steps of each clip that continues another, 1 to 1000. (default: the preset's, else as \
      many as --steps where that is given, else 20)
      """,
    sweepExample: "5, 10, 20")

  public static let eta = GenerationSetting(
    "eta", .sampler, .number(\.eta, "eta", 0...1),
    meaning: "Share of fresh noise in each ddim step",
    explanation: "share of fresh noise in a DDIM step, 0 to 1",
    line: Line(
      label: "eta", help: "share of fresh noise in a DDIM step", step: 0.1, decimals: 2,
      fixed: { $0.method.usesEta ? nil : "-" },
      note: { $0.method.usesEta ? "" : SolverMethod.onlyWithEta }),
    optionHelp: """
      Fresh noise in each ddim step, 0 (none) to 1 (as much as ddpm). With little of it many steps lose \
      contrast, as in the original; --recompute-noise keeps it. (default: 1)
      """,
    sweepExample: "0, 0.5, 1")

  public static let recomputeNoise = GenerationSetting(
    "recompute_noise", .sampler, .flag(\.recomputesNoise, "recomputesNoise"),
    title: "recomputed noise",
    meaning:
      "Whether a ddim step's noise follows from the clamped estimate: keeps the contrast at eta 0",
    explanation: "whether a DDIM step's noise followed from the clamped estimate",
    line: Line(
      label: "recompute", help: "the noise from the clamped estimate: keeps contrast at eta 0",
      fixed: { $0.method.usesEta ? nil : "-" },
      note: { $0.method.usesEta ? "noise" : SolverMethod.onlyWithEta }),
    optionHelp: """
      Go on in each ddim step with the noise that follows from the clamped estimate, in place of the \
      network's. (default: no, as the original)
      """,
    sweepExample: "false, true")

  public static let guidance = GenerationSetting(
    "guidance", .sampler, .number(\.guidanceScale, "guidanceScale", 0...(.greatestFiniteMagnitude)),
    meaning: "How strongly a clip follows the one before it; above 0 doubles the work",
    line: Line(
      label: "guidance", help: "how strongly a clip follows the one before it; 0 is off", step: 0.5,
      decimals: 1, limit: 20, note: { $0.clipCount == 1 ? "from clip 2 on" : "" }),
    optionHelp: """
      Guidance of clips that continue another, 0 or more; above 0 doubles the work. (default: 0)
      """,
    sweepExample: "0, 1, 2")

  public static let guidanceFrom = GenerationSetting(
    "guidance_from", .sampler, .number(\.guidanceStart, "guidanceStart", 0...1),
    title: "start of guidance",
    meaning: "Share of a clip's steps after which guidance begins",
    line: Line(
      label: "guide from", help: "share of the steps after which guidance begins", step: 0.1,
      decimals: 2, fixed: { $0.guidanceScale > 0 ? nil : "-" },
      note: { $0.guidanceScale > 0 ? "of the steps" : "guidance only" }),
    optionHelp: "Share of a clip's steps after which guidance begins, 0 to 1. (default: 0)")

  public static let guidanceTo = GenerationSetting(
    "guidance_to", .sampler, .number(\.guidanceEnd, "guidanceEnd", 0...1),
    title: "end of guidance",
    meaning: "Share of a clip's steps after which guidance ends",
    line: Line(
      label: "guide to", help: "share of the steps after which guidance ends", step: 0.1,
      decimals: 2, fixed: { $0.guidanceScale > 0 ? nil : "-" },
      note: { $0.guidanceScale > 0 ? "of the steps" : "guidance only" }),
    optionHelp: """
      Share of a clip's steps after which guidance ends, 0 to 1; steps without guidance cost half. \
      (default: 1)
      """)

  // MARK: The video

  public static let clips = GenerationSetting(
    "clips", .video,
    .integer(\.clipCount, "clipCount", 1...Int.max, zero: "goes on until it is stopped"),
    meaning: "Clips to make, of 16 frames each", explanation: "clips that were asked for",
    line: Line(
      label: "clips", help: "clips of one video; 0 goes on until it is stopped", limit: 1000,
      note: { $0.clipCount == nil ? "until stopped" : "" }))

  public static let seed = GenerationSetting(
    "seed", .video, .seed(\.seed, "seed"),
    meaning: "The same seed and settings make the same video; commands take 0 without it",
    line: Line(
      label: "seed", help: "the same seed and settings make the same video",
      note: { $0.isSeedLocked ? "locked" : "" }),
    optionHelp: "Seed of the run; the same seed gives the same video. (default: 0)",
    sweepExample: "1, 2, 3")

  /// Whether the studio keeps the seed: no part of a preset, which keeps it if it has one.
  public static let keepSeed = GenerationSetting(
    "keep_seed", .video, .flag(\.isSeedLocked, "isSeedLocked"), title: "kept seed",
    meaning: "Whether the next run takes this seed again",
    line: Line(label: "keep seed", help: "whether the next run takes this seed again"),
    isInPresets: false)

  /// No part of a preset: it goes with one seed.
  public static let variation = GenerationSetting(
    "variation", .video, .variation(\.variation, "variation", none: "none"),
    meaning: "A second seed and how far the noise of every clip is turned towards its, 0 to 1",
    explanation: "a second seed, and how far the noise was turned towards its",
    line: Line(
      label: "variation", help: "a second seed and a share: 7:0.2 makes a video near the seed's",
      note: { $0.variation == nil ? "" : "near the seed's" }),
    optionHelp: """
      Make a video near that of the seed: the noise of each clip is turned by this share, 0 to 1, \
      towards that of a second seed, as in 7:0.2. (default: none)
      """,
    isInPresets: false)

  public static let reencode = GenerationSetting(
    "reencode", .video, .flag(\.reencodesCondition, "reencodesCondition"), title: "re-encoding",
    meaning: "Whether each clip is decoded and encoded again before the next continues it",
    explanation: "whether each clip was decoded and encoded again before the next",
    line: Line(
      label: "re-encode", help: "decode and encode a clip again before the next continues it"),
    optionHelp: "Decode and encode each clip again before the next continues it. (default: no)")

  public static let seamFade = GenerationSetting(
    "seam_fade", .video, .integer(\.seamFade, "seamFade", 0...GenerationRequest.longestSeamFade),
    title: "fade of seams",
    meaning:
      "Frames over which the difference at a clip's boundary fades where the clip is shown; 0 leaves it",
    explanation: "frames over which the difference at each clip's boundary faded",
    line: Line(
      label: "seam fade", help: "frames over which a clip's boundary fades; 0 leaves the seam",
      limit: 15, note: { $0.seamFade == 0 ? "seams stay" : "frames" }),
    optionHelp: """
      Frames over which the difference at each clip's boundary fades where the clip is shown, 0 to 64, at \
      most a clip's length; 0 leaves the seams. Latents stay as they are. (default: the preset's, else 0)
      """)

  public static let orderPlanes = GenerationSetting(
    "order_planes", .video, .flag(\.ordersPlanes, "ordersPlanes"), title: "planes in order",
    meaning:
      "Whether a first clip whose planes came out exchanged, as without plane codes, is put right",
    explanation: "whether a first clip whose planes came out exchanged was put right",
    line: Line(
      label: "planes", help: "put a first clip right whose planes came out exchanged",
      note: { $0.ordersPlanes ? "put right" : "as they come" }),
    optionHelp: """
      Put a first clip right whose planes came out exchanged, as those of models without plane codes \
      do: decode and encode every order and keep the one that comes back. (default: yes, but not with \
      the paper's presets)
      """)

  // MARK: Computing

  /// No part of a preset: another machine has other cards.
  public static let device = GenerationSetting(
    "device", .compute, .choice(\.device, "device"),
    meaning: "What computes: auto takes a graphics processor where there is one",
    line: Line(
      label: "device", help: "auto takes a graphics processor where there is one",
      isOffered: { DeviceChoice($0)?.isHere ?? true },
      note: { $0.device == .automatic ? $0.device.deviceName : "" }),
    optionHelp: """
      What computes: auto (a graphics processor of NVIDIA's where there is one), cpu, or cuda:N for the card \
      of that number. (default: auto)
      """,
    isInPresets: false)

  public static let precision = GenerationSetting(
    "precision", .compute, .choice(\.precision, "precision"),
    meaning:
      "Precision of the networks: f32 is the reference, bf16 the faster, tf32 for graphics processors",
    explanation: "the precision of the networks: f32, bf16 or tf32",
    line: Line(
      label: "precision",
      help: "f32 is exact, bf16 faster on some processors, tf32 for graphics processors"),
    optionHelp: """
      Precision of the networks: f32 (the reference), bf16, or on graphics processors tf32: f32 with products of \
      numbers rounded to 10 bits. (default: f32)
      """)

  public static let threads = GenerationSetting(
    "threads", .compute,
    .integer(\.threadCount, "threadCount", 1...4096, zero: "takes all processors"),
    meaning: "Threads to compute with",
    line: Line(
      label: "threads", help: "processors to use; 0 is all of them", limit: 256,
      note: { $0.threadCount == nil ? "all" : "" }),
    optionHelp: "Threads to compute with, 1 or more. (default: all processors)")

  // MARK: What is shown

  public static let preview = GenerationSetting(
    "preview", .display, .choice(\.preview, "preview"),
    meaning: "What is shown of a clip in progress",
    line: Line(label: "preview", help: "what is shown of a clip in progress"),
    optionHelp: """
      How --preview shows the clip in progress: off, linear (small, moving, nearly free) or decoded \
      (the decoder's frames every few steps). (default: linear)
      """,
    optionName: "preview-mode")

  public static let previewEvery = GenerationSetting(
    "preview_every", .display, .integer(\.previewInterval, "previewInterval", 1...1000),
    title: "steps between previews", meaning: "Steps from one decoded preview to the next",
    line: Line(
      label: "every", help: "steps from one decoded preview to the next",
      note: { $0.preview == .decoded ? "steps" : "decoded only" }),
    optionHelp: "Steps from one decoded preview to the next, 1 to 1000. (default: 10)")
}

extension SolverMethod: SettingChoice {}
extension DeviceChoice: SettingChoice {
  package static var summary: String? { "auto, cpu, or cuda:N with a number from 0 to 15" }
}
extension TimestepSpacing: SettingChoice {}
extension Precision: SettingChoice {}
extension PreviewMode: SettingChoice {}

extension SolverMethod {
  /// The names, and which have no choice of their steps.
  fileprivate static var choices: String {
    let all = DiffusionSchedule.published.stepCount
    return allCases.map { method in
      let note =
        method.takesEveryStep
        ? " (all \(all) steps)"
        : method == .distilled ? " (as few as a denoiser was distilled for)" : ""
      return method.rawValue + note
    }.joinedAsChoice
  }

  /// How many steps those of higher order need.
  fileprivate static var recommendation: String {
    let higher = allCases.filter { $0.order > 1 }.map(\.rawValue).joinedAsChoice
    return "20 steps of \(higher) are about as good as 100 of ddim."
  }

  /// Such as `published for ddpm, ddim and distilled, karras for the others`.
  fileprivate static var defaultSpacings: String {
    let own = allCases.filter { $0.defaultSpacing == .published }.map(\.rawValue)
    let names = own.dropLast().joined(separator: ", ") + " and " + (own.last ?? "")
    return "published for \(names), karras for the others"
  }

  /// What stands beside a setting of the solvers that take eta, while it is none of them.
  fileprivate static var onlyWithEta: String {
    allCases.filter(\.usesEta).map(\.title).joined(separator: ", ") + " only"
  }
}
