import MediaIO
import RunKit
import StudioKit
import TerminalUI

/// Frames ready to be drawn, in order.
package struct Filmstrip: Sendable, Hashable {
  /// The frames, all of one size.
  package let images: [PixelImage]

  package init(_ images: [RGBImage]) {
    let tones = PixelImage.tones(of: images.lazy.map(\.pixels))
    // A picture that was decoded always has a size that can be drawn.
    self.images = images.compactMap {
      try? PixelImage(width: $0.width, height: $0.height, bytes: $0.pixels, tones: tones)
    }
  }

  /// Some frames of another strip.
  package init(pictures: [PixelImage]) { images = pictures }
}

/// The clips whose frames are in memory. The ones not looked at for longest make room.
package struct FrameShelf: Sendable {
  private var strips: [ClipID: (strip: Filmstrip, use: Int)] = [:]
  /// A small picture of each clip that was ever here, for strips of many clips.
  private var thumbnails: [ClipID: PixelImage] = [:]
  private var uses = 0
  /// How often each clip was brought, or found to be unreadable.
  private var answers: [ClipID: Int] = [:]
  /// Clips whose files cannot be read.
  private var unreadable: Set<ClipID> = []
  /// Clips that are kept.
  package let capacity: Int

  /// Clips of a video that a screen plays at most, the last ones: fewer than are kept, so that none makes
  /// room for another of them.
  package static let playedLimit = 64

  /// - Parameter capacity: Clips to keep.
  package init(capacity: Int = 96) { self.capacity = capacity }

  package subscript(clip: ClipID) -> Filmstrip? { strips[clip]?.strip }

  /// The small picture of a clip; it stays when its frames make room.
  package func thumbnail(_ clip: ClipID) -> PixelImage? { thumbnails[clip] }

  /// Small pictures that are kept, of some 7 KB each.
  private static let thumbnailLimit = 2_048
  /// The longer side of a small picture: what a strip shows of it in pixels.
  package static let thumbnailSide = 48

  package mutating func put(_ frames: ClipFrames) {
    uses += 1
    let strip = Filmstrip(frames.images)
    answers[frames.clip, default: 0] += 1
    unreadable.remove(frames.clip)
    strips[frames.clip] = (strip, uses)
    if thumbnails.count >= Self.thumbnailLimit { thumbnails = [:] }
    if !strip.images.isEmpty {
      thumbnails[frames.clip] = strip.images[strip.images.count / 2].thumbnail(
        side: Self.thumbnailSide)
    }
    while strips.count > capacity, let oldest = strips.min(by: { $0.value.use < $1.value.use }) {
      strips[oldest.key] = nil
    }
  }

  /// Takes what was brought of some clips that were asked for; the others cannot be read.
  package mutating func put(_ frames: [ClipFrames], asked: [ClipID]) {
    for clip in frames { put(clip) }
    for clip in Set(asked).subtracting(frames.map(\.clip)) {
      unreadable.insert(clip)
      answers[clip, default: 0] += 1
    }
  }

  /// Those of some clips that have no small picture yet, and may get one.
  package func missingThumbnails(_ clips: [ClipID]) -> [ClipID] {
    clips.filter { thumbnails[$0] == nil && !unreadable.contains($0) }
  }

  /// Those of some clips whose frames are not here, and may be brought.
  package func missing(_ clips: [ClipID]) -> [ClipID] {
    clips.filter { strips[$0] == nil && !unreadable.contains($0) }
  }

  /// How often it was answered what became of a clip: one that was brought may have made room since.
  func answers(of clip: ClipID) -> Int { answers[clip] ?? 0 }
}

extension PixelImage {
  /// A smaller picture whose longer side has so many pixels, each the mean of those that it stands for; this
  /// one if it is no larger.
  func thumbnail(side: Int) -> PixelImage {
    let longer = max(width, height)
    guard longer > side else { return self }
    let columns = max(width * side / longer, 1)
    let rows = max(height * side / longer, 1)
    var small: [UInt8] = []
    small.reserveCapacity(3 * columns * rows)
    bytes.withUnsafeBufferPointer { bytes in
      for row in 0..<rows {
        let (top, bottom) = (row * height / rows, (row + 1) * height / rows)
        for column in 0..<columns {
          let (left, right) = (column * width / columns, (column + 1) * width / columns)
          let count = (bottom - top) * (right - left)
          for channel in 0..<3 {
            var sum = 0
            for y in top..<bottom {
              for x in left..<right { sum += Int(bytes[3 * (y * width + x) + channel]) }
            }
            small.append(UInt8((sum + count / 2) / count))
          }
        }
      }
    }
    return (try? PixelImage(width: columns, height: rows, bytes: small, tones: tones)) ?? self
  }
}
