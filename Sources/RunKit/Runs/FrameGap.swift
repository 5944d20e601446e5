import Foundation
import MediaIO
import VideoDiffusion

/// Frames that are made between others: after some of one video, and before some of another or the same.
public struct FrameGap: Sendable, Hashable {
  /// A video, an animation or pictures whose frames stand before.
  public let before: String
  /// How many of its frames stand before, from its start; `nil` for all.
  public let beforeCount: Int?
  /// The video whose frames stand after; may be the same.
  public let after: String
  /// The first of its frames that stands after, from 0.
  public let afterStart: Int
  /// Frames to make.
  public let count: Int

  /// A way from the end of one video to the beginning of another.
  public static func bridge(from before: String, to after: String, frames: Int) -> FrameGap {
    FrameGap(before: before, beforeCount: nil, after: after, afterStart: 0, count: frames)
  }

  /// Some frames of a video, made anew.
  ///
  /// - Parameter frames: From 0.
  public static func retake(_ path: String, frames: ClosedRange<Int>) -> FrameGap {
    FrameGap(
      before: path, beforeCount: frames.lowerBound, after: path,
      afterStart: frames.upperBound + 1, count: frames.count)
  }

  /// Reads `20-27`, frames from 0, or one frame.
  ///
  /// - Returns: `nil` for other text.
  public static func range(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
      0 <= first, first <= last, last < 1 << 40
    else { return nil }
    return first...last
  }

  /// Whether frames of one video are made anew.
  public var isRetake: Bool { beforeCount != nil }

  /// The gap as outputs keep it.
  var record: Record {
    Record(
      firstFrame: beforeCount, frames: count,
      after: isRetake ? nil : URL(filePath: after).lastPathComponent)
  }

  /// What outputs keep of a gap.
  public struct Record: Sendable, Hashable, Codable {
    /// The first of the frames that were made anew, from 0; `nil` between two videos.
    public var firstFrame: Int?
    /// Frames that were made.
    public var frames: Int
    /// File name of the video that stands after, where it is another.
    public var after: String?

    /// Describes a gap.
    public init(firstFrame: Int?, frames: Int, after: String? = nil) {
      self.firstFrame = firstFrame
      self.frames = frames
      self.after = after
    }
  }
}

/// The clip that a gap is made in: what is known of it, what it continues, and which of it is new.
package struct GapClip {
  /// The frames around the gap.
  package let known: KnownFrames
  /// The whole clip before this one, where there is footage of it.
  package let condition: PixelClip?
  /// The new frames of the clip.
  package let new: Range<Int>
  /// Frames that stand before the gap.
  private(set) var preceding = 0
  /// What there is to know of the footage, in sentences.
  private(set) var notes: [String] = []

  /// Puts as many frames on both sides as the clip has room for around a gap; where little stands on one
  /// side, more of the other.
  ///
  /// - Parameters:
  ///   - before: Frames before the gap, `[side, side, 3]` each, in -1 ... 1: the last `2 * frames` of them, or
  ///     all where there are fewer.
  ///   - after: The frames after it, likewise the first `frames` of them.
  ///   - count: Frames to make.
  ///   - frames: Frames of a clip.
  ///   - side: Height and width in pixels.
  ///   - continues: Whether the model can continue a clip.
  /// - Throws: ``StudioError`` if the gap is longer than a clip leaves room for, or no frame stands around it.
  package init(
    before: [[Float]], after: [[Float]], count: Int, frames: Int, side: Int, continues: Bool
  ) throws {
    try Self.check(count, frames: frames, nil)
    let room = frames - count
    let leading = min(before.count, room - min(after.count, room - room / 2))
    let trailing = min(after.count, room - leading)
    guard leading + trailing > 0 else { throw StudioError(nil, .tooShort(frames: 0, needed: 1)) }
    var known = KnownFrames(side: side)
    for (number, frame) in before.suffix(leading).enumerated() { known.know(frame, at: number) }
    for (number, frame) in after.prefix(trailing).enumerated() {
      known.know(frame, at: leading + count + number)
    }
    self.known = known
    new = leading..<(leading + count)
    let earlier = before.dropLast(leading).suffix(frames)
    condition =
      continues && earlier.count == frames
      ? PixelClip(frames: frames, side: side, values: earlier.flatMap { $0 }) : nil
  }

  /// Checks that a clip has room for as many new frames beside a known one.
  ///
  /// - Throws: ``StudioError``.
  package static func check(_ count: Int, frames: Int, _ path: String?) throws {
    guard (1..<frames).contains(count) else {
      throw StudioError(
        path,
        .option(
          name: "the number of frames to make", found: "\(count)",
          expected: "1 to \(frames - 1): a clip has \(frames), and one at least is known"))
    }
  }

  /// Reads what stands around a gap.
  ///
  /// - Parameters:
  ///   - frames: Frames of a clip.
  ///   - side: Height and width in pixels, which frames are cropped and resized to.
  ///   - continues: Whether the model can continue a clip.
  /// - Throws: ``StudioError`` if the gap is longer than a clip leaves room for, no frame stands
  ///   around it, or the video has no such frames; and what reading throws.
  init(_ gap: FrameGap, frames: Int, side: Int, continues: Bool) throws {
    try Self.check(gap.count, frames: frames, gap.before)
    let preparation = FramePreparation(resolution: side)
    func levels(_ image: RGBImage) -> [Float] {
      preparation.preparedValues(image).map { $0 / 127.5 - 1 }
    }
    let after = try Self.reader(gap.after)
    let total = try after.frameCount()
    if let first = gap.beforeCount, gap.afterStart > total {
      throw StudioError(
        gap.before, .noSuchFrame(first: first, last: gap.afterStart - 1, frames: total))
    }
    let before = try Self.reader(gap.before)
    var last: [[Float]] = []
    let wanted = 2 * frames
    let count = try gap.beforeCount ?? before.frameCount()
    try before.seek(toFrame: max(count - wanted, 0))
    // Read to the end where it is one, since damage leaves fewer frames than packets promise.
    while gap.beforeCount.map({ before.position < $0 }) ?? true,
      let image = try before.nextFrame()
    {
      last.append(levels(image))
      if last.count > wanted { last.removeFirst() }
    }
    let preceding = gap.beforeCount ?? before.position
    var next: [[Float]] = []
    if gap.afterStart < total {
      next = try after.frames(
        from: gap.afterStart, count: min(total - gap.afterStart, frames - gap.count),
        preparing: levels)
    }
    guard !last.isEmpty || !next.isEmpty else {
      throw StudioError(gap.before, .tooShort(frames: 0, needed: 1))
    }
    try self.init(
      before: last, after: next, count: gap.count, frames: frames, side: side,
      continues: continues)
    self.preceding = preceding
    notes =
      before.warnings.map(\.description) + (gap.isRetake ? [] : after.warnings.map(\.description))
  }

  private static func reader(_ path: String) throws -> VideoReader {
    guard case .video(let reader) = try ClipInput(path: path) else {
      throw StudioError(path, .noFrames)
    }
    return reader
  }

  /// Visits frames of a video in order, prepared, a few at a time.
  ///
  /// - Parameters:
  ///   - first: Where to begin, from 0.
  ///   - count: How many; `nil` for all that follow.
  static func visit(
    _ path: String, from first: Int, count: Int?, side: Int,
    _ body: ([RGBImage]) throws -> Void
  ) throws {
    let reader = try reader(path)
    let preparation = FramePreparation(resolution: side)
    if count == 0 { return }
    if first > 0 { try reader.seek(toFrame: first) }
    var left = count ?? .max
    while left > 0 {
      var batch: [RGBImage] = []
      while batch.count < min(left, 16), let frame = try reader.nextFrame() {
        batch.append(preparation.prepared(frame))
      }
      if batch.isEmpty { return }
      left -= batch.count
      try body(batch)
    }
  }
}
