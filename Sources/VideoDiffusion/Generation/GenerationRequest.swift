/// What to generate: a video, clip by clip.
public struct GenerationRequest: Sendable, Hashable {
  /// Clips to make; `nil` makes clips until it is stopped.
  public var clipCount: Int?
  /// Sampler of a clip that starts from nothing.
  public var firstSampler: SamplerConfiguration
  /// Sampler of every clip that continues another.
  public var laterSampler: SamplerConfiguration
  /// Guidance w of clips that continue another: `(1 + w) eps(condition) - w eps(nothing)`, 0 or more.
  public var guidanceScale: Double
  /// The steps that are guided.
  public var guidanceInterval: GuidanceInterval
  /// Seed of the run; sample b has `seed + b`, and each clip a seed made from that.
  public var seed: UInt64
  /// Videos to make side by side, at least 1.
  public var sampleCount: Int
  /// Whether a clip is decoded and encoded again before the next continues it. Needs an autoencoder.
  public var reencodesCondition: Bool
  /// What the noise of every clip is turned towards; `nil` leaves it as the seed gives it.
  public var variation: NoiseVariation?
  /// Whether a clip that was made from nothing is put right where its planes came out exchanged; see
  /// ``PlaneOrder``. Needs an autoencoder, and is left out where none is loaded.
  public var ordersPlanes: Bool
  /// Frames over which the difference at a clip's boundary fades where the clip is shown, 0 to
  /// ``longestSeamFade``; 0 shows clips as they are decoded. Latents are the same either way.
  public var seamFade: Int
  /// Frames at the end of the last clip that are those at the beginning of the first, so that the video
  /// goes on from its end where it began; 0 lets it end anywhere. Needs an autoencoder, a first clip that is
  /// made, and a last clip that is another.
  public var closingFrames: Int

  /// The most clips that can be asked for, a year's worth of video and more. Times frames, samples and steps
  /// it is still a number of 63 bits.
  public static let mostClips = 100_000_000
  /// The most frames over which a seam can fade; a clip's own number limits them further.
  public static let longestSeamFade = 64

  /// Describes a run; the defaults are the paper's "100/20-s" for one clip.
  public init(
    clipCount: Int? = 1, firstSampler: SamplerConfiguration = SamplerConfiguration(steps: 100),
    laterSampler: SamplerConfiguration = SamplerConfiguration(steps: 20), guidanceScale: Double = 0,
    seed: UInt64 = 0, sampleCount: Int = 1, reencodesCondition: Bool = false,
    variation: NoiseVariation? = nil, ordersPlanes: Bool = false,
    seamFade: Int = 0, guidanceInterval: GuidanceInterval = .all, closingFrames: Int = 0
  ) {
    self.clipCount = clipCount
    self.firstSampler = firstSampler
    self.laterSampler = laterSampler
    self.guidanceScale = guidanceScale
    self.guidanceInterval = guidanceInterval
    self.seed = seed
    self.sampleCount = sampleCount
    self.reencodesCondition = reencodesCondition
    self.variation = variation
    self.ordersPlanes = ordersPlanes
    self.seamFade = seamFade
    self.closingFrames = closingFrames
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
    guard (0...Self.longestSeamFade).contains(seamFade) else {
      throw ModelError(
        .setting(
          name: "the fade of seams", found: "\(seamFade)",
          expected: "0 to \(Self.longestSeamFade) frames"))
    }
    guard closingFrames >= 0, closingFrames == 0 || clipCount ?? 0 >= 2 else {
      throw ModelError(
        .setting(
          name: "the number of clips of a loop", found: clipCount.map(String.init) ?? "without end",
          expected: "2 or more: the last one leads back to the first"))
    }
    try guidanceInterval.validate()
    try variation?.validate()
    try firstSampler.validate()
    try laterSampler.validate()
  }

  /// The seeds of one clip's samples: those of runs made alone with `seed`, `seed + 1`, ..., so that
  /// the batch never changes a sample.
  public func seeds(ofClip clip: Int) -> [UInt64] {
    (0..<sampleCount).map { ClipSeed.seed(ClipSeed.seed(seed, sample: $0), clip: clip) }
  }
  /// Whether a step of a clip that continues another is guided.
  ///
  /// - Parameter step: Its number among the steps that are taken, from 0.
  public func guides(step: Int) -> Bool {
    Guidance.needsUnconditional(scale: guidanceScale)
      && guidanceInterval.contains(
        step: step + laterSampler.skippedSteps, of: laterSampler.steps)
  }

  /// Whether a clip leads back to the first.
  ///
  /// - Parameter clip: Its number in the run, from 0.
  public func closesLoop(clip: Int) -> Bool { closingFrames > 0 && clip + 1 == clipCount }

  /// For each of one clip's samples what its noise is turned towards.
  func variations(ofClip clip: Int) -> [NoiseVariation]? {
    variation.map { variation in
      (0..<sampleCount).map {
        NoiseVariation(
          seed: ClipSeed.seed(ClipSeed.seed(variation.seed, sample: $0), clip: clip),
          share: variation.share)
      }
    }
  }
}

extension GenerationRequest: Codable {
  private enum CodingKeys: String, CodingKey {
    case clipCount, firstSampler, laterSampler, guidanceScale, seed, sampleCount
    case reencodesCondition, variation, ordersPlanes, seamFade, guidanceInterval, closingFrames
  }

  /// Reads a request. Those of older versions do not speak of what came later, and do without it.
  ///
  /// - Throws: `DecodingError`, and ``ModelError`` for a number that is out of its range, as ``validate()``.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      clipCount: try container.decodeIfPresent(Int.self, forKey: .clipCount),
      firstSampler: try container.decode(SamplerConfiguration.self, forKey: .firstSampler),
      laterSampler: try container.decode(SamplerConfiguration.self, forKey: .laterSampler),
      guidanceScale: try container.decode(Double.self, forKey: .guidanceScale),
      seed: try container.decode(UInt64.self, forKey: .seed),
      sampleCount: try container.decode(Int.self, forKey: .sampleCount),
      reencodesCondition: try container.decode(Bool.self, forKey: .reencodesCondition),
      variation: try container.decodeIfPresent(NoiseVariation.self, forKey: .variation),
      ordersPlanes: try container.decodeIfPresent(Bool.self, forKey: .ordersPlanes) ?? false,
      seamFade: try container.decodeIfPresent(Int.self, forKey: .seamFade) ?? 0,
      guidanceInterval: try container.decodeIfPresent(
        GuidanceInterval.self, forKey: .guidanceInterval) ?? .all,
      closingFrames: try container.decodeIfPresent(Int.self, forKey: .closingFrames) ?? 0)
    try validate()
  }

  /// Writes a request: the same as older versions where it could have been theirs, so that what is known
  /// by its request keeps its name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(clipCount, forKey: .clipCount)
    try container.encode(firstSampler, forKey: .firstSampler)
    try container.encode(laterSampler, forKey: .laterSampler)
    try container.encode(guidanceScale, forKey: .guidanceScale)
    try container.encode(seed, forKey: .seed)
    try container.encode(sampleCount, forKey: .sampleCount)
    try container.encode(reencodesCondition, forKey: .reencodesCondition)
    try container.encodeIfPresent(variation, forKey: .variation)
    if ordersPlanes { try container.encode(true, forKey: .ordersPlanes) }
    if seamFade != 0 { try container.encode(seamFade, forKey: .seamFade) }
    if guidanceInterval != .all {
      try container.encode(guidanceInterval, forKey: .guidanceInterval)
    }
    if closingFrames != 0 { try container.encode(closingFrames, forKey: .closingFrames) }
  }
}
