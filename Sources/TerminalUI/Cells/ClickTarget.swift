/// A part of a grid that can be clicked. Views note them as they draw, so that what is clicked is what is seen.
public struct ClickTarget: Sendable, Hashable {
  /// What a click means.
  public enum Meaning: Sendable, Hashable {
    /// The same as a key, pressed so many times.
    case press(Key, times: Int = 1)
    /// Something that the program knows by this name.
    case named(String)

    /// What a click on a row of a list means, of which one is selected: it goes to the row, and one
    /// on the row that is selected takes it.
    static func row(_ index: Int, selected: Int) -> Meaning {
      let distance = index - selected
      return distance == 0
        ? .press(.enter) : .press(distance < 0 ? .up : .down, times: abs(distance))
    }
  }

  /// The cells.
  public var area: Rectangle
  /// What a click on them means.
  public var meaning: Meaning

  /// A target; its area may lie outside the grid in part.
  public init(area: Rectangle, meaning: Meaning) {
    self.area = area
    self.meaning = meaning
  }
}
