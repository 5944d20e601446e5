import TerminalUI

/// A strip of pictures under the mouse while its button is held: each picture's length that the mouse moves is
/// a step along it, as if the strip were pulled.
struct DraggedStrip: Sendable {
  /// Where the last step was.
  private var column: Int
  private var row: Int
  /// From one picture to the next.
  private let columnStep: Int
  private let rowStep: Int
  /// A step back and on along the strip, and to the strip above and below; none for what has no others.
  private let along: (back: Step, on: Step)
  private let across: (back: Step, on: Step)?

  /// What a step is.
  enum Step: Sendable, Hashable {
    case key(Key)
    case action(ActionName)
  }

  /// Nil for what is no part of a strip.
  init?(_ target: ClickTarget, column: Int, row: Int) {
    guard case .named(let name) = target.meaning else { return nil }
    switch name.split(separator: " ").first {
    case "clip": (along, across) = ((.key(.left), .key(.right)), (.key(.up), .key(.down)))
    case "ribbon": (along, across) = ((.action(.previous), .action(.next)), nil)
    default: return nil
    }
    (self.column, self.row) = (column, row)
    columnStep = target.area.width + 1
    rowStep = max(target.area.height, 1)
  }

  /// The steps to where the mouse is now.
  mutating func moved(toColumn newColumn: Int, row newRow: Int) -> [Step] {
    let steps = (column - newColumn) / columnStep
    column -= steps * columnStep
    var taken = Array(repeating: steps > 0 ? along.on : along.back, count: abs(steps))
    let rows = (row - newRow) / rowStep
    row -= rows * rowStep
    if let across {
      taken += Array(repeating: rows > 0 ? across.on : across.back, count: abs(rows))
    }
    return taken
  }
}
