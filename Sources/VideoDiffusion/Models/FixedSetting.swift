import Yams

/// Settings of the authors' files of which the engine knows one value, because another changes the
/// arithmetic: those of guided diffusion (Dhariwal and Nichol 2021) that PVDM inherited, of its
/// autoencoder, and of the noise schedule.
package struct FixedSetting: Sendable {
  /// What a setting has to be.
  package enum Value: Sendable, Hashable {
    case number(Double)
    case flag(Bool)
    case word(String)
    /// Not set, or null.
    case absent

    /// The value in words.
    package var text: String {
      switch self {
      case .number(let number):
        number == number.rounded() ? String(Int(number)) : String(number)
      case .flag(let flag): String(flag)
      case .word(let word): word
      case .absent: "null"
      }
    }
  }

  /// The only value.
  package let value: Value
  /// Why there is no other; the end of a sentence.
  package let reason: String

  private init(_ value: Value, _ reason: String) {
    self.value = value
    self.reason = reason
  }

  /// Whether a file's value is this one.
  package func allows(_ node: Node) -> Bool {
    if node.isNull { return true }
    return switch value {
    case .number(let number): node.float == number
    case .flag(let flag): node.bool == flag
    case .word(let word): node.scalar?.string == word
    case .absent: false
    }
  }

  /// Settings of `unet_config`.
  package static let denoiser: [String: FixedSetting] = [
    "dims": FixedSetting(.number(2), "the planes of a latent are images"),
    "num_classes": FixedSetting(.absent, "PVDM knows no classes"),
    "use_spatial_transformer": FixedSetting(
      .flag(false), "spatial transformers are other layers than PVDM's attention"),
    "context_dim": FixedSetting(
      .absent, "spatial transformers are other layers than PVDM's attention"),
    "n_embed": FixedSetting(.absent, "the denoiser predicts noise, and no codes"),
    "in_channels": channels, "out_channels": channels,
  ]

  /// Settings of `ddconfig`.
  package static let autoencoder: [String: FixedSetting] = [
    "in_channels": colors, "out_ch": colors,
  ]

  /// Settings of the mappings around `ddconfig`.
  package static let aroundAutoencoder: [String: FixedSetting] = ["embed_dim": channels]

  /// Settings of the mappings around `unet_config`.
  package static let aroundDenoiser: [String: FixedSetting] = [
    "timesteps": FixedSetting(.number(1000), "the noise schedule has 1000 steps"),
    "linear_start": FixedSetting(.number(0.0015), "the noise schedule is the authors'"),
    "linear_end": FixedSetting(.number(0.0195), "the noise schedule is the authors'"),
    "beta_schedule": FixedSetting(.word("linear"), "the noise schedule is the authors'"),
    "parameterization": FixedSetting(.word("eps"), "the denoiser predicts the noise"),
    "v_posterior": FixedSetting(.number(0), "the posterior's variance is the authors'"),
    "scale_factor": FixedSetting(.number(1), "latents are not scaled"),
  ]

  /// `dropout` of both networks, which changes what they learn and not what they compute.
  package static let noDropout = FixedSetting(.number(0), "training knows no dropout")
  /// `splits` of `ddconfig`.
  package static let undivided = FixedSetting(.number(1), "videos are not split into clips")

  private static let channels = FixedSetting(.number(4), "latents have 4 channels")
  private static let colors = FixedSetting(.number(3), "frames have 3 colours")
}

extension Node {
  /// Whether it stands for nothing: null, or Python's `None`, which its tools write now and then.
  package var isNull: Bool {
    null != nil || (scalar?.style == .plain && scalar?.string == "None")
  }

  /// The value in words, of bounded length.
  package var shown: String {
    if let scalar {
      return scalar.string.count > 40 ? "\(scalar.string.prefix(40))..." : scalar.string
    }
    guard let sequence, sequence.count <= 12 else { return "a list or mapping" }
    let members = sequence.compactMap { $0.scalar?.string.prefix(12) }
    guard members.count == sequence.count else { return "a list of other things" }
    return "[\(members.joined(separator: ", "))]"
  }
}
