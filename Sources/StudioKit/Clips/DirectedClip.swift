import MediaIO
import RunKit
import VideoDiffusion

/// A clip that leads somewhere, as far as it is known before it is made: from the frames of the clips around it,
/// as they are shown.
struct DirectedClip {
  /// What is known of it.
  let known: KnownFrames
  /// What it continues.
  let beginning: Beginning
  /// Its frames that are shown.
  let shown: Range<Int>
  /// What it is in the tree.
  let source: Clip.Source

  /// What a clip continues.
  enum Beginning {
    /// The clip before it.
    case clip
    /// Frames that end earlier than those of the clip before, since the last ones are a part of the clip itself;
    /// `nil` where there are too few, or the model continues nothing.
    case frames(PixelClip?)
  }

  /// Reads what stands around a clip.
  ///
  /// - Parameters:
  ///   - path: The clips before it, from the start of the video; at least one.
  ///   - autoencoder: Of the model that makes it.
  ///   - continues: Whether that model can continue a clip.
  /// - Throws: ``StudioError`` if the clips are of another size than the model's or the gap has no room in a
  ///   clip, and what reading throws.
  init(
    _ lead: ClipLead, after path: [ClipID], files: ClipFiles,
    _ autoencoder: AutoencoderConfiguration, continues: Bool
  ) throws {
    let (frames, side) = (autoencoder.frames, autoencoder.resolution)
    switch lead {
    case .clip(let target, let count):
      let gap = try GapClip(
        before: Self.lastFrames(2 * frames, of: path, files, side: side),
        after: Self.values(files.images(target), side: side), count: count, frames: frames,
        side: side, continues: continues)
      (known, beginning, shown) = (gap.known, .frames(gap.condition), gap.new)
      source = .bridge(to: target, frames: count)
    case .start:
      let count = min(GenerationJob.loopFrames, frames - 1)
      let opening = try Self.values(files.images(path[0]), side: side).prefix(frames)
      var known = KnownFrames(side: side)
      for (number, frame) in opening.prefix(count).enumerated() {
        known.know(frame, at: frames - count + number)
      }
      self.known = known
      beginning = .clip
      shown = 0..<(frames - count)
      source = .loop(frames: count)
    }
  }

  /// As many frames as a clip has, from the end of what is shown of some clips; `nil` if there are fewer.
  static func window(
    of path: [ClipID], _ files: ClipFiles, _ autoencoder: AutoencoderConfiguration
  ) throws -> PixelClip? {
    let (frames, side) = (autoencoder.frames, autoencoder.resolution)
    let last = try lastFrames(frames, of: path, files, side: side)
    guard last.count == frames else { return nil }
    return PixelClip(frames: frames, side: side, values: last.flatMap { $0 })
  }

  /// The last frames of clips one after the other, in order; all where there are fewer.
  private static func lastFrames(
    _ count: Int, of path: [ClipID], _ files: ClipFiles, side: Int
  ) throws -> [[Float]] {
    var last: [[Float]] = []
    for clip in path.reversed() where last.count < count {
      last = try values(files.images(clip), side: side) + last
    }
    return last.suffix(count)
  }

  private static func values(_ images: [RGBImage], side: Int) throws -> [[Float]] {
    try images.map { image in
      guard image.width == side, image.height == side else {
        throw StudioError(
          nil,
          .option(
            name: "the size of the clips", found: "\(image.width) x \(image.height)",
            expected: "\(side) x \(side), which the model makes"))
      }
      return PixelClip(frames: 1, side: side, bytes: image.pixels).values
    }
  }
}
