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
    switch buffer.clickMeaning(column: column, row: row) {
    case .press(let key, let times):
      return (0..<times).flatMap { _ in handle(key) }
    case .named(let name):
      status = nil
      return follow(screens[screen].click(name, app)) + refreshed()
    case nil: return []
    }
  }

  /// Puts a path that was completed where it is being typed.
  mutating func complete(_ completion: PathCompletion) {
    switch overlay {
    case .palette(var palette):
      palette.complete(
        completion.typed, to: completion.completed, candidates: completion.candidates)
      overlay = .palette(palette)
    case .prompt(var prompt):
      prompt.complete(completion)
      overlay = .prompt(prompt)
    case .menu, .question, .themes, nil: break
    }
  }
}
