import RunKit
import TerminalUI

extension StudioModel {
  /// Does what a click on a cell means. What is clicked is what is seen: the screen is drawn once more, without
  /// its pictures, and tells.
  mutating func click(column: Int, row: Int) -> [Errand] {
    var context = ViewContext(
      capabilities: TerminalCapabilities(
        colorMode: .mono, isUTF8: true, isTerminal: true, size: size))
    context.leavesOutImages = true
    var buffer = CellBuffer(columns: size.columns, rows: size.rows)
    draw(context, in: &buffer)
    let target = buffer.target(column: column, row: row)
    draggedStrip = target.flatMap { DraggedStrip($0, column: column, row: row) }
    switch target?.meaning {
    case .press(let key, let times):
      return (0..<times).flatMap { _ in handle(key) }
    case .named(let name):
      status = nil
      return follow(screens[screen].click(name, app)) + refreshed()
    case nil: return []
    }
  }

  /// Lets a strip follow the mouse: what is to the right comes in as it is drawn to the left, and is chosen.
  mutating func drag(column: Int, row: Int) -> [Errand] {
    guard overlay == nil, let steps = draggedStrip?.moved(toColumn: column, row: row) else {
      return []
    }
    return steps.flatMap { step in
      switch step {
      case .key(let key): handle(key)
      case .action(let action): perform(action)
      }
    }
  }

  /// Puts a path that was completed where it is being typed.
  mutating func complete(_ completion: PathCompletion) -> [Errand] {
    switch overlay {
    case .palette(var palette):
      palette.complete(
        completion.typed, to: completion.completed, candidates: completion.candidates)
      overlay = .palette(palette)
    case .prompt(var prompt):
      prompt.take(completion)
      overlay = .prompt(prompt)
      return lookUpFolder()
    case .menu, .question, .themes, nil: break
    }
    return []
  }

  /// Looks up the folder of the path that is asked for, where it is not known.
  mutating func lookUpFolder() -> [Errand] {
    guard case .prompt(let prompt)? = overlay, let folder = prompt.wantedFolder else { return [] }
    return follow([.query(.completePath(folder))])
  }
}
