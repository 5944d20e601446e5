import RunKit
import StudioKit
import TerminalUI

/// Chooses two to four models or settings to compare.
package struct VariantEditor: Sendable, Hashable {
  /// The variants; their seeds are made equal when they are run.
  package private(set) var variants: [Comparison.Variant]
  /// The selected one, from 0.
  package private(set) var selected = 0
  /// Whether keys go to the settings of the selected one.
  package private(set) var editsSettings = false
  private var form: SettingsForm

  /// Variants at least and at most.
  package static let limits = 2...4

  /// An editor of variants, of which there is at least one; a single one is doubled.
  package init(_ variants: [Comparison.Variant]) {
    precondition(!variants.isEmpty, "there is something to vary")
    self.variants = variants.count == 1 ? variants + variants : variants
    form = SettingsForm(settings: variants[0].settings)
  }

  /// What can be done with the variants.
  package static let section = HelpSection(
    title: "Variants",
    entries: [
      ActionName.run.row("make them", "make the comparison"),
      ActionName.settings.row("settings", "edit settings, and back", also: [.tab, .enter]),
      ActionName.add.row("add", "add a copy of this one"),
      ActionName.remove.row("remove", "take this one away"),
    ])

  /// What can be done while the settings of one are edited.
  package static let formSection = HelpSection(
    title: "A variant's settings",
    entries: [
      ActionName.run.row("make them", "make the comparison"),
      ActionName.settings.row("variants", "back to the variants", also: [.tab]),
    ])

  static let movements = HelpSection(
    title: "Moving",
    entries: [
      HelpEntry(
        keys: [.character("l"), .right, .character("h"), .left], name: "model",
        help: "the next model, and the one before"),
      HelpEntry(
        keys: [.character("j"), .down, .character("k"), .up], name: "",
        help: "the next variant, and the one before"),
    ])

  package var isTyping: Bool { form.isTyping }
  package var takesDigits: Bool { editsSettings && form.takesDigits }

  package mutating func paste(_ text: String) { form.paste(text) }

  /// Leaves the value being typed, then the settings. False if neither was entered.
  package mutating func goBack() -> Bool {
    if form.goBack() { return true }
    defer { editsSettings = false }
    return editsSettings
  }

  /// Takes the last change of the selected one's settings back, or makes it again. False if there
  /// is none.
  package mutating func undo(_ app: AppState) -> Bool {
    guard form.undo() else { return false }
    takeSettings(app)
    return true
  }

  package mutating func redo(_ app: AppState) -> Bool {
    guard form.redo() else { return false }
    takeSettings(app)
    return true
  }

  /// Takes the form's settings, with the steps that the selected one's model leaves no choice of.
  private mutating func takeSettings(_ app: AppState) {
    form.fit(app.models.first { $0.reference == variants[selected].model })
    variants[selected].settings = form.settings
  }

  /// Handles a key that is no action.
  package mutating func take(_ key: Key, _ app: AppState) {
    if editsSettings {
      if form.handle(key) != .ignored { variants[selected].settings = form.settings }
      return
    }
    switch Movement(key) {
    case .left: changeModel(by: -1, app)
    case .right: changeModel(by: 1, app)
    case .up: select(selected - 1)
    case .down: select(selected + 1)
    default: break
    }
  }

  /// Does an action of the tables but for making the comparison.
  ///
  /// - Returns: `nil` for another.
  package mutating func perform(_ action: ActionName, _ keys: KeyChoices) -> [StudioEffect]? {
    switch action {
    case .settings: editsSettings.toggle()
    case .add:
      guard variants.count < Self.limits.upperBound else {
        return [
          .notify(
            Notice(
              .information, "\(variants.count) variants are as many as can be compared",
              remedy: "\(keys[.remove]) takes one away"))
        ]
      }
      variants.insert(variants[selected], at: selected + 1)
      select(selected + 1)
    case .remove:
      guard variants.count > Self.limits.lowerBound else {
        return [
          .notify(Notice(.information, "a comparison is of \(variants.count) variants at least"))
        ]
      }
      variants.remove(at: selected)
      select(selected)
    default: return nil
    }
    return []
  }

  private mutating func select(_ index: Int) {
    selected = min(max(index, 0), variants.count - 1)
    form = SettingsForm(settings: variants[selected].settings)
  }

  private mutating func changeModel(by step: Int, _ app: AppState) {
    let models = app.models.filter(\.canGenerate).map(\.reference)
    guard !models.isEmpty else { return }
    let index = models.firstIndex(of: variants[selected].model) ?? -1
    variants[selected].model = models[(index + step + models.count) % models.count]
    takeSettings(app)
  }

  /// The settings of each variant in which they differ; models have a column of their own.
  private var settingsLabels: [String] {
    guard Set(variants.map(\.settings)).count > 1 else { return variants.map { _ in "" } }
    return Comparison.labels(
      of: variants.map { .init(model: variants[0].model, settings: $0.settings) })
  }

  /// Draws the variants on the left and the settings of the selected one on the right.
  package func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let isWide = area.width >= 80
    let parts =
      isWide
      ? Layout.split(area, .horizontal, [.fraction(0.5), .fill()])
      : [editsSettings ? .init(column: 0, row: 0, width: 0, height: 0) : area, area]
    let labels = settingsLabels
    if isWide || !editsSettings {
      let inner = Border(
        title: "Variants", subtitle: "all with the seed of A", isFocused: !editsSettings
      ).draw(in: &buffer, area: parts[0])
      let rows = variants.indices.map { index in
        Table.Row([Comparison.letter(index), variants[index].model.name, labels[index]])
      }
      Table(
        columns: [.init("", width: .fixed(1)), .init("model"), .init("differs in")], rows: rows
      ).draw(
        in: &buffer, area: inner.inset(left: 1, right: 1), state: TableState(selected: selected),
        isFocused: !editsSettings)
    }
    if isWide || editsSettings {
      let inner = Border(
        title: "Settings of \(Comparison.letter(selected))", isFocused: editsSettings
      ).draw(in: &buffer, area: parts[1])
      form.draw(in: &buffer, area: inner.inset(left: 1, right: 1), isFocused: editsSettings)
    }
  }
}

extension Comparison {
  /// A letter for a variant: A, B, C, D.
  static func letter(_ index: Int) -> String { String(UnicodeScalar(UInt8(65 + index % 26))) }
}
