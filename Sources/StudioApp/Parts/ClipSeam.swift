import Foundation
import TerminalUI

/// How much a picture changes where one clip goes over to the next, against how much it changes from frame to
/// frame within the next one. At 1 the seam is as smooth as the clip; a cut is far above.
package enum ClipSeam {
  /// The mean absolute change of an 8-bit channel at the seam, divided by the mean of the same within the clip;
  /// `nil` for clips of different sizes, or without two frames.
  package static func ratio(from before: Filmstrip, to clip: Filmstrip) -> Double? {
    guard let last = before.images.last, let first = clip.images.first, clip.images.count > 1,
      let boundary = change(last, first)
    else { return nil }
    let steps = zip(clip.images, clip.images.dropFirst()).compactMap(change)
    guard steps.count == clip.images.count - 1 else { return nil }
    let inside = steps.reduce(0, +) / Double(steps.count)
    // A clip that stands still has no measure of its own.
    return inside > 0 ? boundary / inside : boundary > 0 ? .infinity : 1
  }

  private static func change(_ first: PixelImage, _ second: PixelImage) -> Double? {
    guard first.width == second.width, first.height == second.height else { return nil }
    let sum = first.bytes.withUnsafeBufferPointer { first in
      second.bytes.withUnsafeBufferPointer { second in
        first.indices.reduce(0) { $0 + abs(Int(first[$1]) - Int(second[$1])) }
      }
    }
    return Double(sum) / Double(first.bytes.count)
  }

  /// A ratio in words: `1.4 times the change inside`.
  package static func text(_ ratio: Double) -> String {
    guard ratio.isFinite else { return "a cut; the clip stands still" }
    return "\(FormValue.text(of: ratio, decimals: 1)) times the change inside"
  }
}
