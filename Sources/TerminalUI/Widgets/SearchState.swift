/// A search within a list or a log: typed after `/`, repeated with `n` and `N`.
public struct SearchState: Sendable, Hashable {
  /// The line being typed, or nil while none is.
  public private(set) var input: TextInput?
  /// What is searched for; empty for nothing.
  public private(set) var query = ""
  private var history: [String] = []

  /// No search.
  public init() {}

  /// Whether keys go to the search line.
  public var isTyping: Bool { input != nil }

  /// What a key led to.
  public enum Outcome: Sendable, Hashable {
    case ignored
    /// The query, or the line being typed, changed.
    case changed
    /// Go to the next match after the selection, or before it.
    case find(forward: Bool)
  }

  /// Handles a key.
  public mutating func handle(_ key: Key) -> Outcome {
    guard var line = input else { return handleCommand(key) }
    switch line.handle(key) {
    case .submitted(let text):
      query = text
      line.remember()
      history = line.history
      input = nil
      return text.isEmpty ? .changed : .find(forward: true)
    case .cancelled:
      input = nil
      query = ""
    case .edited:
      input = line
      query = line.text
    case .ignored: return .changed
    }
    return .changed
  }

  /// Inserts pasted text into the line being typed. While none is, nothing happens.
  public mutating func paste(_ text: String) {
    input?.insert(text)
    if let input { query = input.text }
  }

  private mutating func handleCommand(_ key: Key) -> Outcome {
    switch key {
    case .character("/"):
      input = TextInput(history: history)
      return .changed
    case .character("n") where !query.isEmpty: return .find(forward: true)
    case .character("N") where !query.isEmpty: return .find(forward: false)
    default: return .ignored
    }
  }

  /// The index of the next text that holds the query, searching from `start` and around the end;
  /// nil if there is none.
  public func match(
    in texts: some RandomAccessCollection<String>, from start: Int, forward: Bool,
    includingStart: Bool = false
  ) -> Int? {
    let count = texts.count
    guard count > 0, !query.isEmpty else { return nil }
    let first = includingStart ? 0 : 1
    for step in first..<(count + first) {
      let offset = ((start + (forward ? step : -step)) % count + count) % count
      if Self.ranges(of: query, in: texts[texts.index(texts.startIndex, offsetBy: offset)]).first
        != nil
      {
        return offset
      }
    }
    return nil
  }

  /// Where a query stands in a text, in columns. Capitals matter only if the query has any.
  public static func ranges(of query: String, in text: String) -> [Range<Int>] {
    guard !query.isEmpty else { return [] }
    let matchesCase = query.contains(where: \.isUppercase)
    let characters = Array(text).map { matchesCase ? String($0) : $0.lowercased() }
    let wanted = Array(query).map { matchesCase ? String($0) : $0.lowercased() }
    var ranges: [Range<Int>] = []
    var index = 0
    while index + wanted.count <= characters.count {
      if characters[index..<(index + wanted.count)].elementsEqual(wanted) {
        let start = CharacterWidth.columns(of: text.prefix(index))
        let width = CharacterWidth.columns(of: text.dropFirst(index).prefix(wanted.count))
        ranges.append(start..<(start + width))
        index += wanted.count
      } else {
        index += 1
      }
    }
    return ranges
  }
}
