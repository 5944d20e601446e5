import TensorCore
import VideoDiffusion

/// Everything that a person chooses for a run, as forms show it, presets store it and clips carry it.
///
/// A setting is a property here, a row of ``GenerationSetting``, and the place that uses it.
public struct GenerationSettings: Sendable, Hashable {
  /// Which solver takes the steps.
  public var method = SolverMethod.ddim
  /// How the steps are spaced; `nil` takes the solver's default.
  public var spacing: TimestepSpacing?
  /// Steps of a clip made from nothing, 1 to 1000.
  public var steps = 100
  /// Steps of each clip that continues another, 1 to 1000.
  public var laterSteps = 20
  /// Share of fresh noise in each DDIM step, 0 to 1.
  public var eta = 1.0
  /// Whether the noise of a DDIM step follows from the clamped estimate.
  public var recomputesNoise = false
  /// Guidance of clips that continue another, 0 or more.
  public var guidanceScale = 0.0
  /// Shares of a clip's steps after which guidance begins and ends, 0 to 1.
  public var guidanceStart = 0.0
  public var guidanceEnd = 1.0
  /// Clips to make; `nil` goes on until it is stopped.
  public var clipCount: Int? = 1
  /// Seed of the run, from which every clip's own follows; see ``ClipSeed``.
  public var seed: UInt64 = 0
  /// Whether the next run keeps the seed instead of drawing one.
  public var isSeedLocked = false
  /// Whether a clip is decoded and encoded again before the next continues it.
  public var reencodesCondition = false
  /// What the noise of every clip is turned towards; `nil` leaves it as the seed gives it.
  public var variation: NoiseVariation?
  /// Whether a first clip whose planes came out exchanged is put right.
  public var ordersPlanes = true
  /// Frames over which the difference at a clip's boundary fades, 0 to 64; 0 leaves the seam.
  public var seamFade = 0
  /// Precision of the networks.
  public var precision = Precision.float32
  /// What computes.
  public var device = DeviceChoice.automatic
  /// Threads of the processor; `nil` for all processors.
  public var threadCount: Int?
  /// What is shown of a clip in progress.
  public var preview = PreviewMode.linear
  /// Steps from one decoded preview to the next, at least 1.
  public var previewInterval = 10

  /// The paper's settings for one clip.
  public init() {}

  /// Sampler of a clip that starts from nothing.
  public var firstSampler: SamplerConfiguration {
    sampler(steps: steps)
  }

  /// Sampler of a clip that continues another.
  public var laterSampler: SamplerConfiguration {
    sampler(steps: laterSteps)
  }

  /// A solver that takes every step of the schedule has no choice of their number.
  private func sampler(steps: Int) -> SamplerConfiguration {
    SamplerConfiguration(
      method: method, steps: method.takesEveryStep ? DiffusionSchedule.published.stepCount : steps,
      spacing: spacing, eta: eta, recomputesNoise: method.usesEta && recomputesNoise)
  }
}

/// What is shown of a clip in progress: never the noisy latent, always the estimate of the clean one.
public enum PreviewMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// Nothing.
  case off
  /// A linear map from the planes' features to colours: small, moving and nearly free.
  case linear
  /// The decoder's frames, every few steps.
  case decoded
}

/// Settings under a name.
public struct Preset: Sendable, Hashable, Identifiable, Codable {
  /// What people call it; unique.
  public var name: String
  /// A sentence about it.
  public var summary: String
  /// The settings; see `keys`.
  public var settings: GenerationSettings
  /// Whether it comes with the program; others are files in the user's folder.
  public var isBuiltIn: Bool
  /// The settings that it makes; the others stay as they are where it is used.
  public var keys: Set<GenerationSetting>

  public var id: String { name }

  /// Settings under a name.
  ///
  /// - Parameter keys: The settings that it makes; `nil` for all, the seed among them only if it is
  ///   locked. A number of steps without one for later clips is for every clip.
  public init(
    name: String, summary: String, settings: GenerationSettings, isBuiltIn: Bool,
    keys: Set<GenerationSetting>? = nil
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.isBuiltIn = isBuiltIn
    self.keys =
      keys ?? Set(GenerationSetting.ofPresets.filter { $0 != .seed || settings.isSeedLocked })
    if self.keys.contains(.steps), self.keys.insert(.laterSteps).inserted {
      self.settings.laterSteps = settings.steps
    }
  }

  /// Some settings with those of the preset in their place.
  public func applied(to settings: GenerationSettings) -> GenerationSettings {
    var result = settings
    for setting in GenerationSetting.ofPresets where keys.contains(setting) {
      _ = result.set(setting, to: self.settings[setting])
    }
    return result
  }

  /// Whether nothing is lost if settings are kept in its place: it makes the same of them, and has no
  /// summary.
  public func isReplaceable(by settings: GenerationSettings) -> Bool {
    let other = Preset(name: name, summary: "", settings: settings, isBuiltIn: isBuiltIn)
    return summary.isEmpty && keys == other.keys && applied(to: settings) == settings
  }
}
