import VideoDiffusion

/// How decoded clips that follow each other are shown, as far as the settings of their latents tell:
/// seams fade, and a loop's last clip leads to its first.
///
/// Pictures that a run was given for some frames, and footage that it goes on from, are not in latents.
package struct ClipDisplay {
  private let seamFade: Int
  /// Clips that were there before the run, and the fade of the seams between them.
  private let earlier: (clips: Int, seamFade: Int)
  private let request: GenerationRequest?
  private var opening: PixelClip?
  private var lastFrame: [UInt8]?
  private var shownClips = 0

  /// Shows clips with one fade for all seams.
  ///
  /// - Parameter seamFade: Frames over which each seam fades, of a clip of n frames at most n - 1; 0
  ///   leaves it.
  package init(seamFade: Int) {
    self.seamFade = seamFade
    earlier = (0, 0)
    request = nil
  }

  /// Shows clips as the run did that made them.
  ///
  /// - Parameters:
  ///   - settings: What the file of latents says of itself; `nil` for nothing. Fades that cannot be count
  ///     as none.
  ///   - length: Frames over which every seam fades, whatever the settings say; `nil` for what they say.
  ///   - clipFrames: Frames of a clip.
  ///   - closesLoops: Whether a loop's last clip is shown without the frames that are the first clip's.
  package init(
    _ settings: RunSettings?, fading length: Int? = nil, clipFrames: Int, closesLoops: Bool = true
  ) {
    seamFade = length ?? settings?.shownSeamFade ?? 0
    let clips =
      settings?.onlyNew == true ? 0 : max(0, settings?.precedingFrames ?? 0) / max(1, clipFrames)
    earlier = (clips, length ?? settings?.possible(settings?.precedingSeamFade) ?? 0)
    request = closesLoops ? settings?.request : nil
  }

  /// The next clip as it is shown.
  package mutating func show(_ decoded: PixelClip) -> PixelClip {
    defer { shownClips += 1 }
    let clip = shownClips - earlier.clips
    if clip == 0 { opening = decoded }
    var frames = decoded
    if let last = lastFrame {
      if clip > 0, let closing = closing(decoded, clip: clip, after: last) {
        frames = closing
      } else {
        frames = decoded.fadingIn(from: last, over: clip < 0 ? earlier.seamFade : seamFade)
      }
    }
    lastFrame = frames.lastFrame
    return frames
  }

  /// A loop's last clip, without the frames that are the first clip's; `nil` for any other.
  private func closing(_ decoded: PixelClip, clip: Int, after last: [UInt8]) -> PixelClip? {
    guard let request, let opening, request.closesLoop(clip: clip),
      request.closingFrames < decoded.frames
    else { return nil }
    let before = PixelClip(frames: 1, side: decoded.side, bytes: last).values
    return KnownFrames(closing: request.closingFrames, with: opening)
      .directing(decoded, after: before).frames(0..<(decoded.frames - request.closingFrames))
  }
}

extension RunSettings {
  /// Frames over which the seams of what was made are faded; 0 for a number that cannot be.
  package var shownSeamFade: Int {
    possible(request?.seamFade ?? recipe?.runs.last?.settings.seamFade ?? seamFade)
  }

  fileprivate func possible(_ length: Int?) -> Int {
    guard let length, (0...GenerationRequest.longestSeamFade).contains(length) else { return 0 }
    return length
  }

  /// Whether frames of it came from elsewhere, so that latents alone do not give them.
  package var hasKnownFrames: Bool { pins != nil || gap != nil }
}
