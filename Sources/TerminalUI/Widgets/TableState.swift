/// Which row of a list or table is selected, which rows are seen, and the search in it.
public struct TableState: Sendable, Hashable {
  /// The selected row, from 0; 0 for an empty list.
  public var selected: Int
  /// The first row that is seen.
  public private(set) var offset = 0
  /// The search.
  public private(set) var search = SearchState()

  /// A row selected, and nothing scrolled.
  public init(selected: Int = 0) { self.selected = selected }

  /// What a key led to.
  public enum Outcome: Sendable, Hashable {
    /// The key means nothing to a list.
    case ignored
    /// The selection, or the search, may have changed.
    case changed
    /// No row matches what was searched for.
    case unmatched
    /// Enter on a row.
    case activated(Int)
  }

  /// Handles a key.
  ///
  /// - Parameters:
  ///   - texts: one text for each row, for the search.
  ///   - page: rows that are seen at once.
  public mutating func handle(
    _ key: Key, texts: some RandomAccessCollection<String>, page: Int
  ) -> Outcome {
    switch search.handle(key) {
    case .changed:
      followTyping(texts: texts, page: page)
      return .changed
    case .find(let forward):
      let found = search.match(
        in: texts, from: selected, forward: forward, includingStart: key == .enter)
      selected = found ?? selected
      scroll(count: texts.count, page: page)
      return found == nil ? .unmatched : .changed
    case .ignored: break
    }
    if key == .enter, texts.count > 0 { return .activated(selected) }
    guard let movement = Movement(key), movement != .left, movement != .right else {
      return .ignored
    }
    selected = movement.applied(to: selected, count: texts.count, page: page)
    scroll(count: texts.count, page: page)
    return .changed
  }

  /// Inserts pasted text into the search being typed. While none is, nothing happens.
  public mutating func paste(
    _ text: String, texts: some RandomAccessCollection<String>, page: Int
  ) {
    search.paste(text)
    followTyping(texts: texts, page: page)
  }

  /// Goes to the nearest match of a search while it is typed.
  private mutating func followTyping(
    texts: some RandomAccessCollection<String>, page: Int
  ) {
    if search.isTyping,
      let found = search.match(in: texts, from: selected, forward: true, includingStart: true)
    {
      selected = found
    }
    scroll(count: texts.count, page: page)
  }

  /// Brings the selection within the rows there are, and into view.
  public mutating func scroll(count: Int, page: Int) {
    selected = min(max(selected, 0), max(count - 1, 0))
    offset = Self.offset(offset, selected: selected, count: count, page: page)
  }

  /// The first row to draw with the selection in view.
  static func offset(_ offset: Int, selected: Int, count: Int, page: Int) -> Int {
    guard page > 0 else { return 0 }
    let lowest = max(selected - page + 1, 0)
    let visible = min(max(offset, lowest), selected)
    return min(visible, max(count - page, 0))
  }
}
