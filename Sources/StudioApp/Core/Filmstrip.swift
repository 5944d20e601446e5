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
  private var uses = 0
  private let capacity: Int

  /// Clips of a video that a screen plays at most, the last ones: fewer than are kept, so that none makes
  /// room for another of them.
  package static let playedLimit = 64

  /// - Parameter capacity: Clips to keep.
  package init(capacity: Int = 96) { self.capacity = capacity }

  package subscript(clip: ClipID) -> Filmstrip? { strips[clip]?.strip }

  package mutating func put(_ frames: ClipFrames) {
    uses += 1
    strips[frames.clip] = (Filmstrip(frames.images), uses)
    while strips.count > capacity, let oldest = strips.min(by: { $0.value.use < $1.value.use }) {
      strips[oldest.key] = nil
    }
  }

  /// Those of some clips whose frames are not here.
  package func missing(_ clips: [ClipID]) -> [ClipID] { clips.filter { strips[$0] == nil } }
}
