import Foundation
import TerminalUI

/// How two pictures differ: in decibels, and as a picture.
package enum PictureDifference {
  /// The mean of the squared differences of all 8-bit channel values, 0 to 65,025; `nil` for
  /// pictures of different sizes.
  package static func meanSquaredError(_ first: PixelImage, _ second: PixelImage) -> Double? {
    guard first.width == second.width, first.height == second.height else { return nil }
    let sum = first.bytes.withUnsafeBufferPointer { first in
      second.bytes.withUnsafeBufferPointer { second in
        first.indices.reduce(0) { sum, index in
          let difference = Int(first[index]) - Int(second[index])
          return sum + difference * difference
        }
      }
    }
    return Double(sum) / Double(first.bytes.count)
  }

  /// The peak signal to noise ratio of 8-bit pictures, `10 log10(255^2 / MSE)` in dB; infinite for
  /// equal ones, `nil` for ones of different sizes.
  package static func decibels(_ first: PixelImage, _ second: PixelImage) -> Double? {
    meanSquaredError(first, second).map(decibels)
  }

  /// The ratio over the frames that two clips both have, from the mean of the frames' errors; `nil`
  /// without such frames or where sizes differ.
  package static func decibels(_ first: [PixelImage], _ second: [PixelImage]) -> Double? {
    let errors = zip(first, second).compactMap { meanSquaredError($0, $1) }
    guard !errors.isEmpty, errors.count == min(first.count, second.count) else { return nil }
    return decibels(meanSquaredError: errors.reduce(0, +) / Double(errors.count))
  }

  private static func decibels(meanSquaredError error: Double) -> Double {
    error > 0 ? 10 * log10(255 * 255 / error) : .infinity
  }

  /// The absolute difference of each channel, times a factor and cut at white; `nil` for pictures
  /// of different sizes.
  package static func picture(
    _ first: PixelImage, _ second: PixelImage, amplified factor: Int
  ) -> PixelImage? {
    guard first.width == second.width, first.height == second.height else { return nil }
    let bytes = zip(first.bytes, second.bytes).map { a, b in
      UInt8(min(abs(Int(a) - Int(b)) * max(factor, 0), 255))
    }
    return try? PixelImage(width: first.width, height: first.height, bytes: bytes)
  }

  /// A ratio as it is written: `28.4 dB`, or `equal`.
  package static func text(_ decibels: Double?) -> String {
    guard let decibels else { return "other size" }
    return decibels.isFinite ? "\(FormValue.text(of: decibels, decimals: 1)) dB" : "equal"
  }
}
