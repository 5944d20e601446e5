/// A row of tabs, chosen by their numbers.
public struct Tabs: Sendable, Hashable {
  /// The titles from left to right, at most nine.
  public var titles: [String]
  /// The tab that is shown, from 0.
  public var selected: Int

  /// The numbers that choose them, one for each title.
  public var numbers: [Int]
  /// What stands before the numbers, such as `F` where function keys choose the tabs.
  public var prefix: String

  /// Tabs with one shown.
  ///
  /// - Parameter numbers: `nil` counts them from 1.
  public init(
    _ titles: [String], selected: Int = 0, numbers: [Int]? = nil, prefix: String = ""
  ) {
    self.prefix = prefix
    self.titles = titles
    self.selected = selected
    self.numbers = numbers ?? Array(1..<(titles.count + 1))
  }

  /// Handles a digit.
  ///
  /// - Returns: whether the key was one for a tab.
  public mutating func handle(_ key: Key) -> Bool {
    guard let digit = key.typedCharacter?.wholeNumberValue,
      let index = numbers.firstIndex(of: digit)
    else { return false }
    selected = index
    return true
  }

  /// Draws the tabs in the first row of an area. Where they do not all fit, the others than the
  /// selected one keep only their number.
  public func draw(in buffer: inout CellBuffer, area: Rectangle) {
    guard !area.isEmpty else { return }
    let row = Rectangle(column: area.column, row: area.row, width: area.width, height: 1)
    buffer.fill(row, style: Style(.tab))
    // A prefix takes the place of the blank, so that every title stays.
    let keys = numbers.map { prefix.isEmpty ? " \($0)" : "\(prefix)\($0)" }
    let full = zip(keys, titles).map { "\($0) \($1) " }
    let needed = full.reduce(0) { $0 + CharacterWidth.columns(of: $1) }
    var column = area.column
    for index in titles.indices {
      let isSelected = index == selected
      let start = column
      let text = needed <= area.width || isSelected ? full[index] : "\(keys[index]) "
      column = buffer.write(
        text, column: column, row: area.row, style: Style(isSelected ? .tabActive : .tab),
        clip: area)
      buffer.addTarget(
        Rectangle(column: start, row: area.row, width: column - start, height: 1),
        .press(Key(.function(numbers[index]))))
    }
  }
}
