import HandwrittenText
import RunKit
import TerminalUI

/// A list of presets to take settings from.
struct PresetPicker: Sendable, Hashable {
  /// What can be done with the list.
  static let section = HelpSection(
    title: "Presets",
    entries: [
      ActionName.presets.row("leave", "back to the settings"),
      ActionName.remove.row("delete", "forget a preset of your own"),
    ])

  private var state = TableState()

  /// Whether a search is being typed.
  var isTyping: Bool { state.search.isTyping }

  /// The selected preset.
  func selected(_ presets: [Preset]) -> Preset? {
    presets.isEmpty ? nil : presets[min(state.selected, presets.count - 1)]
  }

  /// Handles a key.
  ///
  /// - Returns: The preset that was chosen, and what is to be said.
  mutating func handle(
    _ key: Key, _ presets: [Preset]
  ) -> (preset: Preset?, effects: [StudioEffect]) {
    let outcome = state.handle(key, texts: Self.texts(presets), page: Self.page)
    guard case .activated(let index) = outcome else { return (nil, state.effects(of: outcome)) }
    return (presets[index], [])
  }

  /// Inserts pasted text into the search being typed.
  mutating func paste(_ text: String, _ presets: [Preset]) {
    state.paste(text, texts: Self.texts(presets), page: Self.page)
  }

  private static func texts(_ presets: [Preset]) -> [String] {
    presets.map { "\($0.name) \($0.summary)" }
  }

  /// Rows that a page of the list moves by.
  private static let page = 10

  /// Draws the presets, and what the selected one is for.
  func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ presets: [Preset], _ keys: KeyChoices
  ) {
    let inner = Border(
      title: "Presets", footer: "Enter takes  \(keys[.remove]) deletes  Esc leaves", isFocused: true
    )
    .draw(in: &buffer, area: area)
    let width = presets.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
    let parts = Layout.split(inner, .vertical, gap: 1, [.fill(), .fixed(4)])
    let table = Table(
      columns: [
        .init("name", width: .fixed(min(max(width, 8), 20))), .init("settings"),
      ],
      rows: presets.map { preset in
        Table.Row([preset.name, Self.text(preset.settings)])
      }, emptyText: "No presets: \(keys[.savePreset]) keeps the settings under a name")
    table.draw(in: &buffer, area: parts[0], state: state)
    guard let preset = selected(presets) else { return }
    let owner = preset.isBuiltIn ? "comes with the program" : "your own"
    TextWrap.draw(
      preset.summary.isEmpty ? owner : "\(preset.summary) (\(owner))", in: &buffer, area: parts[1],
      style: Style(.secondary))
  }

  private static func text(_ settings: GenerationSettings) -> String {
    let clips = settings.clipCount.map { counted($0, "clip") } ?? "until stopped"
    return "\(settings.shortText)  \(clips)"
  }
}
