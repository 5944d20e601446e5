import VideoDiffusion

/// The settings of a run by the names that preset files use, with what each means and may be.
public enum SettingKey: String, Sendable, Hashable, Codable, CaseIterable {
  case sampler
  case spacing
  case steps
  case laterSteps = "later_steps"
  case eta
  case recomputeNoise = "recompute_noise"
  case guidance
  case clips
  case seed
  case reencode
  case precision
  case threads
  case preview
  case previewEvery = "preview_every"

  /// What people call it.
  public var title: String {
    switch self {
    case .laterSteps: "later steps"
    case .recomputeNoise: "recomputed noise"
    case .reencode: "re-encoding"
    case .previewEvery: "steps between previews"
    default: rawValue
    }
  }

  /// What it does: a sentence without a full stop.
  public var meaning: String {
    switch self {
    case .sampler: "The solver that takes the steps"
    case .spacing: "How the steps are spread over the noise levels"
    case .steps: "Steps of a clip made from nothing; ddpm always takes 1000"
    case .laterSteps:
      "Steps of each clip that continues another, left out as many as steps; ddpm always takes 1000"
    case .eta: "Share of fresh noise in each ddim step"
    case .recomputeNoise:
      "Whether a ddim step's noise follows from the clamped estimate: keeps the contrast at eta 0"
    case .guidance: "How strongly a clip follows the one before it; above 0 doubles the work"
    case .clips: "Clips to make, of 16 frames each"
    case .seed:
      "The same seed and settings make the same video; commands take 0 without it"
    case .reencode: "Whether each clip is decoded and encoded again before the next continues it"
    case .precision: "Precision of the networks: f32 is the reference, bf16 the faster"
    case .threads: "Threads to compute with"
    case .preview: "What is shown of a clip in progress"
    case .previewEvery: "Steps from one decoded preview to the next"
    }
  }

  /// The values that it may have, after "expected".
  public var range: String {
    switch self {
    case .sampler: Self.list(SolverMethod.allCases.map(\.rawValue))
    case .spacing: Self.list(["default"] + TimestepSpacing.allCases.map(\.rawValue))
    case .steps, .laterSteps, .previewEvery: "a whole number from 1 to 1000"
    case .eta: "a number from 0 to 1"
    case .guidance: "a number of 0 or more"
    case .clips: "a whole number; 0 goes on until it is stopped"
    case .seed: "a whole number of 0 or more"
    case .recomputeNoise, .reencode: "true or false"
    case .precision: Self.list(Precision.allCases.map(\.rawValue))
    case .threads: "a whole number up to 4096; 0 takes all processors"
    case .preview: Self.list(PreviewMode.allCases.map(\.rawValue))
    }
  }

  private static func list(_ names: [String]) -> String {
    names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }
}
