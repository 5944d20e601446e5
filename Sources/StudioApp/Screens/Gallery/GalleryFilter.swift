import Foundation
import StudioKit
import TerminalUI

/// What of the videos the gallery shows: words of which each must fit.
///
/// A word is looked for in titles, models, seeds and dates. `model:`, `seed:`, `date:` and `title:` look in one
/// of them, `date:>2026-11-01` and `date:<2026-11` before and after a day, and `star` and `marked` list those
/// that have a star, on themselves or on a clip, or a mark. `-` before a word lists what does not fit it.
package struct GalleryFilter: Sendable, Hashable {
  /// What a word asks for.
  private enum Test: Sendable, Hashable {
    case anywhere(String)
    case title(String)
    case model(String)
    case seed(String)
    case date(String)
    case before(String)
    case from(String)
    case starred, marked
  }

  private struct Term: Sendable, Hashable {
    var test: Test
    var isWanted: Bool
  }

  private let terms: [Term]

  /// The filter of what was typed.
  package init(_ text: String) {
    terms = text.split(separator: " ").compactMap { word in
      let isWanted = !(word.hasPrefix("-") && word.count > 1)
      return Self.test(String(isWanted ? word : word.dropFirst())).map {
        Term(test: $0, isWanted: isWanted)
      }
    }
  }

  /// Nil for a word whose value is still to be typed.
  private static func test(_ word: String) -> Test? {
    if ["star", "stars", "*", "★"].contains(word.lowercased()) { return .starred }
    if ["mark", "marked"].contains(word.lowercased()) { return .marked }
    guard let colon = word.firstIndex(of: ":"),
      let field = Field(rawValue: word[..<colon].lowercased())
    else { return .anywhere(word) }
    let value = String(word[word.index(after: colon)...])
    guard !value.isEmpty, value != "<", value != ">" else { return nil }
    switch field {
    case .title: return .title(value)
    case .model: return .model(value)
    case .seed: return .seed(value)
    case .date where value.hasPrefix("<"): return .before(String(value.dropFirst()))
    case .date where value.hasPrefix(">"): return .from(String(value.dropFirst()))
    case .date: return .date(value)
    }
  }

  /// What a word before a colon looks in.
  private enum Field: String, CaseIterable { case title, model, seed, date }

  /// Whether a video is listed.
  package func fits(_ video: VideoSummary) -> Bool {
    terms.allSatisfy { fits($0.test, video) == $0.isWanted }
  }

  private func fits(_ test: Test, _ video: VideoSummary) -> Bool {
    func has(_ text: String, _ word: String) -> Bool {
      !SearchState.ranges(of: word, in: text).isEmpty
    }
    let day = GalleryScreen.date(video.modified)
    return switch test {
    case .anywhere(let word):
      has("\(video.title) \(video.modelName) \(video.seed) \(day)", word)
    case .title(let word): has(video.title, word)
    case .model(let word): has(video.modelName, word)
    // Part of a seed is another seed.
    case .seed(let word): "\(video.seed)" == word
    case .date(let word): day.hasPrefix(word)
    // Days are written so that their letters have their order; a month begins with its first day.
    case .before(let word): day < word
    case .from(let word): day >= word
    case .starred: video.isStarred || video.starredClipCount > 0
    case .marked: video.isMarked
    }
  }

  // MARK: Completion

  /// What the word that is being typed may become, the likeliest first.
  package static func completions(of text: String, _ videos: [VideoSummary]) -> [String] {
    let start = text.lastIndex(of: " ").map { text.index(after: $0) } ?? text.startIndex
    let before = text[..<start]
    var word = text[start...]
    let sign = word.hasPrefix("-") ? "-" : ""
    word = word.dropFirst(sign.count)
    let words = Field.allCases.map { "\($0.rawValue):" } + ["star", "marked"]
    let colon = word.firstIndex(of: ":")
    let field = colon.flatMap { Field(rawValue: word[..<$0].lowercased()) }
    let candidates: [String] =
      switch field {
      case nil: words
      case .title: []
      case .model: unique(videos.map { "model:\($0.modelName)" })
      case .seed: unique(videos.map { "seed:\($0.seed)" })
      case .date: unique(videos.map { "date:\(GalleryScreen.date($0.modified).prefix(10))" })
      }
    return candidates.filter {
      $0.count > word.count && $0.lowercased().hasPrefix(word.lowercased()) && !$0.contains(" ")
    }.map { "\(before)\(sign)\($0)" }
  }

  private static func unique(_ words: [String]) -> [String] {
    var seen: Set<String> = []
    return words.filter { seen.insert($0).inserted }
  }
}
