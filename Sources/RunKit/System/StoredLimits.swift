import Foundation

/// What numbers of a database can be. SQLite keeps any number in any column; beyond these limits none is
/// the program's, and arithmetic on it could fail.
package enum StoredLimits {
  /// Clips, steps, branches and the like.
  package static let counts = 0...1_000_000_000
  /// Characters of a text that is shown.
  package static let characters = 1_000
  /// Seconds before or after 2001, about three thousand years.
  private static let moments = -1e11...1e11

  /// A moment; one that is none, or beyond any calendar, is the nearest.
  package static func moment(_ seconds: Double) -> Date {
    let seconds = seconds.isNaN ? 0 : seconds
    return Date(
      timeIntervalSinceReferenceDate: min(max(seconds, moments.lowerBound), moments.upperBound))
  }

  /// A time that something took, in seconds.
  package static func duration(_ seconds: Double) -> Double {
    seconds.isNaN ? 0 : min(max(seconds, 0), moments.upperBound)
  }

  /// A place in the queue, to which others can be added.
  package static func position(_ place: Int) -> Int { min(max(place, -(1 << 40)), 1 << 40) }

  /// A text that is shown, cut to what anybody reads.
  package static func text(_ text: String) -> String {
    text.utf8.count > characters ? String(text.prefix(characters)) : text
  }
}
