/// What is stated of a denoiser beyond its weights: by its metadata, a configuration or the user.
struct DenoiserSettings {
  /// Heads of every attention (`num_heads`).
  var headCount: Int?
  /// Channels of each head (`num_head_channels`).
  var headWidth: Int?
  /// `use_new_attention_order`.
  var newAttentionOrder: Bool?
  /// Side R of the latent (`image_size`).
  var side: Int?
  /// Frames S of a clip.
  var frames: Int?
  /// What is predicted.
  var prediction: Prediction?

  init() {}

  /// The settings in this package's own metadata.
  ///
  /// - Throws: ``ModelError`` if one is out of range.
  init(metadata: [String: String]) throws {
    func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
      guard let text = metadata[key] else { return nil }
      guard let number = Int(text), range.contains(number) else {
        throw ModelError(
          .structure(
            "the metadata \(key) is \(text.prefix(40)); expected \(range.lowerBound) to "
              + "\(range.upperBound)"))
      }
      return number
    }
    headCount = try number(Self.headCountKey, NetworkLimits.heads)
    headWidth = try number(Self.headWidthKey, NetworkLimits.width)
    newAttentionOrder = try number(Self.orderKey, 0...1).map { $0 == 1 }
    side = try number(Self.sideKey, NetworkLimits.side)
    frames = try number(Self.framesKey, NetworkLimits.frames)
    prediction = try metadata[Self.predictionKey].map { text in
      guard let prediction = Prediction(rawValue: text) else {
        throw ModelError(
          .structure(
            "the metadata \(Self.predictionKey) is \(text.prefix(40)); expected "
              + Prediction.allCases.map(\.rawValue).joined(separator: " or ")))
      }
      return prediction
    }
  }

  /// The settings of a configuration.
  init(_ configuration: DenoiserConfiguration) {
    headCount = configuration.headCount
    headWidth = configuration.headWidth
    newAttentionOrder = configuration.newAttentionOrder
    side = configuration.geometry.side
    frames = configuration.geometry.frames
    prediction = configuration.prediction
  }

  static let headCountKey = "pvdm.num_heads"
  static let headWidthKey = "pvdm.num_head_channels"
  static let orderKey = "pvdm.use_new_attention_order"
  static let sideKey = "pvdm.image_size"
  static let framesKey = "pvdm.frames"
  static let predictionKey = "pvdm.prediction"

  /// The settings as metadata.
  var metadata: [String: String] {
    var metadata: [String: String] = [:]
    metadata[Self.headWidthKey] = headWidth.map(String.init)
    if headWidth == nil { metadata[Self.headCountKey] = headCount.map(String.init) }
    if newAttentionOrder == true { metadata[Self.orderKey] = "1" }
    metadata[Self.sideKey] = side.map(String.init)
    metadata[Self.framesKey] = frames.map(String.init)
    // Denoisers of the noise have the metadata that they had before there were others.
    if let prediction, prediction != .noise { metadata[Self.predictionKey] = prediction.rawValue }
    return metadata
  }

  /// The settings, and those of `others` where there are none here.
  ///
  /// - Parameters:
  ///   - others: What is stated elsewhere.
  ///   - source: Where these are from, for the error.
  ///   - reference: Where the others are from.
  /// - Throws: ``ModelError`` naming the first that both state differently.
  func joined(
    with others: DenoiserSettings, from source: String, against reference: String
  ) throws -> DenoiserSettings {
    func agreed<Value: Equatable>(_ name: String, _ own: Value?, _ other: Value?) throws -> Value? {
      if let own, let other, own != other {
        throw ModelError(
          .contradiction(
            file: source, setting: name, stated: "\(own)", other: reference, says: "\(other)"))
      }
      return own ?? other
    }
    var result = self
    result.headWidth = try agreed("num_head_channels", headWidth, others.headWidth)
    // Where heads have a width, their number says nothing.
    result.headCount =
      result.headWidth == nil
      ? try agreed("num_heads", headCount, others.headCount) : headCount ?? others.headCount
    result.newAttentionOrder = try agreed(
      "use_new_attention_order", newAttentionOrder, others.newAttentionOrder)
    result.side = try agreed("image_size", side, others.side)
    result.frames = try agreed("frames", frames, others.frames)
    result.prediction = try agreed("prediction", prediction, others.prediction)
    return result
  }

  /// Refuses a configuration that would take the same weights for another network: heads, their order,
  /// the planes and what is predicted leave no trace in the weights' shapes.
  ///
  /// - Parameters:
  ///   - configuration: What is to be built.
  ///   - file: Where these settings are from, for the error.
  /// - Throws: ``ModelError`` naming the first setting that differs.
  func check(against configuration: DenoiserConfiguration, of file: String) throws {
    let wanted = DenoiserSettings(configuration)
    let reference = "the configuration"
    // What is not stated means what it did before it could be.
    var known = self
    known.prediction = prediction ?? .noise
    known.newAttentionOrder = newAttentionOrder ?? false
    _ = try known.joined(with: wanted, from: file, against: reference)
    // Joined, heads of a width and heads of a number complete each other; 0 is no width of their own.
    guard headWidth == wanted.headWidth || headWidth == nil && headCount == nil else {
      throw ModelError(
        .contradiction(
          file: file, setting: "num_head_channels", stated: "\(headWidth ?? 0)", other: reference,
          says: "\(wanted.headWidth ?? 0)"))
    }
  }

  /// Completes what the weights tell.
  ///
  /// - Parameters:
  ///   - weights: The configuration as the weights tell it.
  ///   - tokenCount: Tokens of the buffer `zeros`, if the weights have it.
  ///   - companion: The planes of the autoencoder that the denoiser is used with.
  ///   - notes: Takes what had to be assumed.
  /// - Throws: ``ModelError`` if the settings do not fit each other or the weights.
  func complete(
    _ weights: DenoiserConfiguration, tokenCount: Int?, companion: PlaneGeometry?,
    _ notes: inout [String]
  ) throws -> DenoiserConfiguration {
    var configuration = weights
    configuration.headWidth = headWidth
    configuration.newAttentionOrder = newAttentionOrder ?? false
    configuration.prediction = prediction ?? .noise
    if let headCount {
      configuration.headCount = headCount
    } else if headWidth == nil {
      notes.append(
        "assumed \(configuration.headCount) attention heads, as published: no configuration says it"
      )
    }
    configuration.geometry = try geometry(
      tokenCount: tokenCount, companion, multiple: 1 << (weights.widthMultipliers.count - 1), &notes
    )
    return configuration
  }

  /// The planes, from what is known of their side, their frames and their number of tokens.
  ///
  /// - Parameter multiple: What the side and the frames are multiples of.
  private func geometry(
    tokenCount: Int?, _ companion: PlaneGeometry?, multiple: Int, _ notes: inout [String]
  ) throws -> PlaneGeometry {
    // Two of the three tell the third.
    if let side, let frames {
      return try checked(PlaneGeometry(side: side, frames: frames), tokenCount)
    }
    if let side, let tokenCount {
      guard let frames = PlaneGeometry.frames(tokenCount: tokenCount, side: side),
        NetworkLimits.frames.contains(frames)
      else {
        throw ModelError(
          .structure(
            "image_size is \(side), and zeros has \(tokenCount) tokens; no such planes have as many"
          ))
      }
      if frames != PlaneGeometry.usualFrames {
        notes.append("clips have \(frames) frames, by image_size and the tokens of zeros")
      }
      return PlaneGeometry(side: side, frames: frames)
    }
    // What is stated nowhere may be told by the network that it works with.
    if let companion, side == nil || side == companion.side,
      frames == nil || frames == companion.frames,
      tokenCount == nil || tokenCount == companion.tokenCount
    {
      return companion
    }
    if frames == nil, side == nil, let tokenCount,
      PlaneGeometry.side(tokenCount: tokenCount) == nil
    {
      return try likeliest(tokenCount, multiple: multiple, &notes)
    }
    if frames == nil {
      notes.append(
        "assumed clips of \(PlaneGeometry.usualFrames) frames, as published: neither weights nor "
          + "configuration say it")
    }
    let frames = frames ?? PlaneGeometry.usualFrames
    if let side { return PlaneGeometry(side: side, frames: frames) }
    if let tokenCount {
      guard let side = PlaneGeometry.side(tokenCount: tokenCount, frames: frames) else {
        throw ModelError(
          .structure(
            "zeros has \(tokenCount) tokens; no three planes have as many for clips of \(frames) "
              + "frames"))
      }
      return PlaneGeometry(side: side, frames: frames)
    }
    let side = DenoiserConfiguration.published.geometry.side
    notes.append(
      "assumed latents of side \(side), as published: neither weights nor configuration say it")
    return PlaneGeometry(side: side, frames: frames)
  }

  /// The planes of a number of tokens whose clips are the nearest to the usual ones.
  private func likeliest(
    _ tokenCount: Int, multiple: Int, _ notes: inout [String]
  ) throws -> PlaneGeometry {
    let sides = stride(from: multiple, through: NetworkLimits.side.upperBound, by: multiple)
    let fitting = sides.compactMap { side -> PlaneGeometry? in
      guard let frames = PlaneGeometry.frames(tokenCount: tokenCount, side: side),
        frames.isMultiple(of: multiple), NetworkLimits.frames.contains(frames)
      else { return nil }
      return PlaneGeometry(side: side, frames: frames)
    }
    func distance(_ geometry: PlaneGeometry) -> Double {
      let ratio = Double(geometry.frames) / Double(PlaneGeometry.usualFrames)
      return max(ratio, 1 / ratio)
    }
    guard let best = fitting.min(by: { distance($0) < distance($1) }) else {
      throw ModelError(.structure("zeros has \(tokenCount) tokens; no three planes have as many"))
    }
    notes.append(
      "\(fitting.count == 1 ? "took" : "assumed") clips of \(best.frames) frames and latents of side "
        + "\(best.side), which have the \(tokenCount) tokens of zeros: no configuration says it")
    return best
  }

  private func checked(
    _ geometry: PlaneGeometry, _ tokenCount: Int?
  ) throws -> PlaneGeometry {
    guard tokenCount == nil || tokenCount == geometry.tokenCount else {
      throw ModelError(
        .structure(
          "latents of \(geometry.text) are stated, but zeros has \(tokenCount ?? 0) tokens"))
    }
    return geometry
  }
}
