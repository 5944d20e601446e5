import HandwrittenText
import RunKit
import TerminalUI

/// What made a video, run by run, in the place of Make's form.
struct RecipeView {
  private let recipe: Recipe
  private let row: TableState
  private let estimate: String

  init(_ recipe: Recipe, row: TableState, estimate: String) {
    self.recipe = recipe
    self.row = row
    self.estimate = estimate
  }

  /// What the screen's keys do while a recipe is there.
  static let hints = [
    HelpEntry(keys: [.enter], name: "one run's", help: "the settings of the selected run alone"),
    HelpEntry(keys: [.escape], name: "form", help: "leave the recipe for the form"),
  ]

  static let helpSection = HelpSection(
    title: "A recipe",
    entries: [
      HelpEntry(keys: Movement.down.keys + Movement.up.keys, name: "", help: "choose a run")
    ] + hints)

  /// A run in words: `clips 1 to 4  seed 17  DDIM 100/20`.
  static func text(of run: Recipe.Run) -> String {
    "\(run.clipText)  seed \(run.seed)  \(settingsText(of: run))"
  }

  /// A run's settings, and where it leads.
  private static func settingsText(of run: Recipe.Run) -> String {
    (run.lead.map { "\($0.text), " } ?? "") + run.lockedSettings.shortText
  }

  private var title: String {
    let count = recipe.generated.count
    return "Recipe of \(counted(count, "run"))"
  }

  func draw(in buffer: inout CellBuffer, area: Rectangle, isFocused: Bool) {
    let inner = Border(
      title: title, subtitle: counted(recipe.clipCount, "clip"), isFocused: isFocused
    ).draw(in: &buffer, area: area).inset(left: 1, right: 1)
    let models = Set(recipe.generated.map(\.model)).sorted().joined(separator: ", ")
    let rows = Layout.split(inner, .vertical, [.fixed(3), .fill(), .fixed(4), .fixed(1)])
    FactList([
      .init("model", models, role: .accent), .init("begins with", recipe.start),
    ]).draw(in: &buffer, area: rows[0])
    Table(
      columns: [
        .init("clips", width: .fixed(7)), .init("seed", width: .fixed(10), alignsRight: true),
        .init("settings"),
      ],
      rows: recipe.generated.map { run in
        let last = run.firstClip + run.clipCount
        return Table.Row([
          run.clipCount == 1 ? "\(last)" : "\(run.firstClip + 1)-\(last)", "\(run.seed)",
          Self.settingsText(of: run),
        ])
      }
    ).draw(in: &buffer, area: rows[1], state: row, isFocused: isFocused)
    TextWrap.draw(
      "r makes the video again, each clip bit for bit. Enter takes the selected run's settings, "
        + "Esc goes back to the form.", in: &buffer, area: rows[2], style: Style(.secondary))
    FactList([.init("estimate", estimate, role: .accent)]).draw(in: &buffer, area: rows[3])
  }
}
