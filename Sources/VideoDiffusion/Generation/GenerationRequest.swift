/// What to generate: a video, clip by clip.
public struct GenerationRequest: Sendable, Hashable, Codable {
  /// Clips to make; `nil` makes clips until it is stopped.
  public var clipCount: Int?
  /// Sampler of a clip that starts from nothing.
  public var firstSampler: SamplerConfiguration
  /// Sampler of every clip that continues another.
  public var laterSampler: SamplerConfiguration
  /// Guidance w of clips that continue another: `(1 + w) eps(condition) - w eps(nothing)`, 0 or more.
  public var guidanceScale: Double
  /// Seed of the run; sample b has `seed + b`, and each clip a seed made from that.
  public var seed: UInt64
  /// Videos to make side by side, at least 1.
  public var sampleCount: Int
  /// Whether a clip is decoded and encoded again before the next continues it. Needs an autoencoder.
  public var reencodesCondition: Bool

  /// The most clips that can be asked for, a year's worth of video and more. Times frames, samples and steps
  /// it is still a number of 63 bits.
  public static let mostClips = 100_000_000

  /// Describes a run; the defaults are the paper's "100/20-s" for one clip.
  public init(
    clipCount: Int? = 1, firstSampler: SamplerConfiguration = SamplerConfiguration(steps: 100),
    laterSampler: SamplerConfiguration = SamplerConfiguration(steps: 20), guidanceScale: Double = 0,
    seed: UInt64 = 0, sampleCount: Int = 1, reencodesCondition: Bool = false
  ) {
    self.clipCount = clipCount
    self.firstSampler = firstSampler
    self.laterSampler = laterSampler
    self.guidanceScale = guidanceScale
    self.seed = seed
    self.sampleCount = sampleCount
    self.reencodesCondition = reencodesCondition
  }

  /// Checks every setting's range.
  ///
  /// - Throws: ``ModelError`` or ``SamplingError`` naming the setting.
  public func validate() throws {
    if let clipCount, !(1...Self.mostClips).contains(clipCount) {
      throw ModelError(
        .setting(
          name: "the number of clips", found: "\(clipCount)", expected: "1 to \(Self.mostClips)"))
    }
    guard guidanceScale.isFinite, guidanceScale >= 0 else {
      throw ModelError(
        .setting(name: "guidance", found: "\(guidanceScale)", expected: "0 or more"))
    }
    guard (1...1024).contains(sampleCount) else {
      throw ModelError(
        .setting(name: "the batch", found: "\(sampleCount)", expected: "1 to 1024"))
    }
    try firstSampler.validate()
    try laterSampler.validate()
  }

  /// The seeds of one clip's samples: those of runs made alone with `seed`, `seed + 1`, ..., so that
  /// the batch never changes a sample.
  public func seeds(ofClip clip: Int) -> [UInt64] {
    (0..<sampleCount).map { ClipSeed.seed(ClipSeed.seed(seed, sample: $0), clip: clip) }
  }
}
