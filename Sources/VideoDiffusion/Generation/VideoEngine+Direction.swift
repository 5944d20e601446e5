/// What a clip in progress is directed by: for each sample its known frames and what it is shown after.
struct ClipDirection {
  /// What is known, for each sample.
  let known: [KnownFrames]
  /// The frame that each sample is shown after, `[side, side, 3]`; `nil` for none.
  let before: [[Float]]?
  /// Whether planes of one shape can come out exchanged, which directing from the first step on
  /// prevents: afterwards their frames would be blocks, and nothing could be told from them.
  let mayBeExchanged: Bool

  func directs(step: Int, of count: Int) -> Bool {
    mayBeExchanged || KnownFrames.directs(step: step, of: count)
  }

  func directing(_ clip: PixelClip, sample: Int) -> PixelClip {
    known[sample].directing(clip, after: before?[sample])
  }
}

extension VideoEngine {
  /// What directs a clip of a run.
  ///
  /// - Returns: `nil` where nothing of it is known.
  func direction(
    ofClip clip: Int, _ known: [Int: KnownFrames], _ request: GenerationRequest,
    _ state: GenerationState
  ) throws -> ClipDirection? {
    var frames = known[clip].map { Array(repeating: $0, count: request.sampleCount) }
    if request.closesLoop(clip: clip), let opening = state.opening {
      let closing = try opening.map { try closingFrames(request, opening: $0, known[0]) }
      frames = frames.map { zip($0, closing).map { $0.merging($1) } } ?? closing
    }
    guard let frames else { return nil }
    let before = try state.condition?.map { condition -> [Float] in
      let shown = try decode(condition)
      return (known[clip - 1]?.directing(shown) ?? shown).frame(shown.frames - 1)
    }
    return ClipDirection(
      known: frames, before: before, mayBeExchanged: before == nil && mayExchangePlanes)
  }

  /// What is known of the last clip of a loop: at its end stands the beginning of the first.
  ///
  /// - Parameters:
  ///   - opening: The first clip.
  ///   - known: What was known of that.
  /// - Throws: ``ModelError`` if no autoencoder is loaded or the latent has another shape.
  public func closingFrames(
    _ request: GenerationRequest, opening: Latent, _ known: KnownFrames?
  ) throws -> KnownFrames {
    let decoded = try decode(opening)
    return KnownFrames(
      closing: request.closingFrames, with: known?.directing(decoded) ?? decoded)
  }

  /// Checks that what is known fits the run and the loaded autoencoder.
  func check(
    _ known: [Int: KnownFrames], of request: GenerationRequest, _ start: GenerationState
  ) throws {
    guard let autoencoder = autoencoderConfiguration else {
      throw ModelError(.notLoaded(.autoencoder))
    }
    for (clip, frames) in known {
      guard clip >= 0, clip < request.clipCount ?? .max,
        frames.frames.keys.allSatisfy({ (0..<autoencoder.frames).contains($0) }),
        frames.side == autoencoder.resolution
      else {
        throw ModelError(
          .setting(
            name: "what is known of clip \(clip + 1)",
            found: "frames \(frames.frames.keys.sorted()) of \(frames.side) x \(frames.side)",
            expected: "frames 0 to \(autoencoder.frames - 1) of \(autoencoder.resolution) x "
              + "\(autoencoder.resolution), of a clip that is made"))
      }
    }
    guard request.closingFrames < autoencoder.frames else {
      throw ModelError(
        .setting(
          name: "the frames that close a loop", found: "\(request.closingFrames)",
          expected: "less than the \(autoencoder.frames) of a clip"))
    }
  }
}
