/// Finds texts by letters that stand in them in the same order, as command palettes do.
public enum FuzzyMatcher {
  /// A text that matched.
  public struct Match: Sendable, Hashable {
    /// Higher is better.
    public var score: Int
    /// Indices of the matching characters.
    public var positions: [Int]
  }

  /// Matches a text against a query, without regard to case and to spaces in the query.
  ///
  /// - Returns: nil if not all letters are found. Letters at the beginnings of words, and letters
  ///   in a row, score more; so do short texts.
  public static func match(_ query: String, in text: String) -> Match? {
    let wanted = query.lowercased().filter { $0 != " " }.map { $0 }
    guard !wanted.isEmpty else { return Match(score: 0, positions: []) }
    let characters = Array(text)
    var best: Match?
    // Each occurrence of the first letter may begin the best match.
    for start in characters.indices where characters[start].lowercased() == String(wanted[0]) {
      guard let match = match(wanted, in: characters, from: start) else { break }
      if match.score > best?.score ?? .min { best = match }
    }
    return best
  }

  private static func match(
    _ wanted: [Character], in characters: [Character], from start: Int
  ) -> Match? {
    var positions: [Int] = []
    var index = start
    for letter in wanted {
      while index < characters.count, characters[index].lowercased() != String(letter) {
        index += 1
      }
      guard index < characters.count else { return nil }
      positions.append(index)
      index += 1
    }
    var score = -characters.count / 4 - positions[0]
    for (order, position) in positions.enumerated() {
      let beginsWord = position == 0 || !characters[position - 1].isLetter
      score += beginsWord ? 10 : 1
      if order > 0 { score += positions[order - 1] == position - 1 ? 6 : -1 }
    }
    return Match(score: score, positions: positions)
  }

  /// The candidates that match, best first; those with the same score in their given order.
  public static func filter(_ query: String, _ candidates: [String]) -> [(index: Int, match: Match)]
  {
    candidates.enumerated().compactMap { index, text in
      match(query, in: text).map { (index, $0) }
    }
    .sorted { ($0.match.score, $1.index) > ($1.match.score, $0.index) }
  }
}
