import RunKit
import StudioKit
import TerminalUI

/// Chooses what a sweep varies: one setting along the columns, another down the rows.
package struct SweepForm: Sendable, Hashable {
  /// What stays the same in all cells but for the model.
  package let base: GenerationSettings
  private let models: [ModelReference]
  private var form: Form

  private static let settings = SweepAxis.Setting.allCases

  /// A form over models that can be used, of which one is chosen, by its index.
  package init(base: GenerationSettings, models: [ModelReference], chosen: Int) {
    self.base = base
    self.models = models
    let titles = Self.settings.map(\.title)
    form = Form(fields: [
      FormField(
        id: "model", label: "model", value: .choice(chosen, of: models.map(\.name)),
        help: "the model of all cells"),
      FormField(
        id: "columns", label: "columns", value: .choice(0, of: titles),
        help: "the setting that varies along the columns"),
      FormField(
        id: "columnValues", label: "values", value: .text(SweepAxis.Setting.steps.example),
        help: SweepAxis.Setting.steps.key.range),
      FormField(
        id: "rows", label: "rows",
        value: .choice(1 + (Self.settings.firstIndex(of: .eta) ?? -1), of: ["none"] + titles),
        help: "the setting that varies down the rows"),
      FormField(
        id: "rowValues", label: "values", value: .text(SweepAxis.Setting.eta.example),
        help: SweepAxis.Setting.eta.key.range),
    ])
  }

  /// Whether a value is being typed.
  package var isTyping: Bool { form.editing != nil }

  /// Handles a key; values follow the setting that they belong to.
  package mutating func handle(_ key: Key) -> Form.Outcome {
    let outcome = form.handle(key)
    switch outcome {
    case .changed(id: "columns"): follow(columnSetting, values: 2)
    case .changed(id: "rows"): follow(rowSetting, values: 4)
    default: break
    }
    return outcome
  }

  private mutating func follow(_ setting: SweepAxis.Setting?, values field: Int) {
    form.fields[field].value = setting.map { .text($0.example) } ?? .fixed("-")
    form.fields[field].help = setting?.key.range ?? ""
  }

  package mutating func paste(_ text: String) { form.paste(text) }

  /// Leaves the value being typed as it was. False if none is.
  package mutating func goBack() -> Bool {
    guard isTyping else { return false }
    _ = form.handle(.escape)
    return true
  }

  private func choice(_ field: Int) -> Int {
    if case .choice(let index, _) = form.fields[field].value { index } else { 0 }
  }

  private var columnSetting: SweepAxis.Setting { Self.settings[choice(1)] }
  private var rowSetting: SweepAxis.Setting? {
    choice(3) == 0 ? nil : Self.settings[choice(3) - 1]
  }

  /// The sweep that was chosen, or what is wrong with it.
  package enum Outcome: Sendable, Hashable {
    case sweep(ModelReference, columns: SweepAxis, rows: SweepAxis?)
    case problem(String)
  }

  /// What was chosen.
  package var outcome: Outcome {
    guard models.indices.contains(choice(0)) else { return .problem("no model can be used") }
    let columns: SweepAxis
    switch SweepAxisText.parse(columnSetting, form.fields[2].valueText) {
    case .axis(let axis): columns = axis
    case .problem(let sentence): return .problem(sentence)
    }
    var rows: SweepAxis?
    if let setting = rowSetting {
      guard setting != columnSetting else {
        return .problem("rows and columns both vary \(setting.title)")
      }
      switch SweepAxisText.parse(setting, form.fields[4].valueText) {
      case .axis(let axis): rows = axis
      case .problem(let sentence): return .problem(sentence)
      }
    }
    let count = columns.values.count * (rows?.values.count ?? 1)
    guard count <= Comparison.cellLimit else {
      return .problem("\(count) cells are more than the \(Comparison.cellLimit) that fit")
    }
    return .sweep(models[choice(0)], columns: columns, rows: rows)
  }

  /// Draws the fields, and below them what would be made.
  package func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let inner = Border(title: "New sweep", footer: "r makes it, Esc leaves", isFocused: true)
      .draw(in: &buffer, area: area).inset(left: 1, right: 1)
    let parts = Layout.split(inner, .vertical, gap: 1, [.fixed(7), .fill()])
    form.draw(in: &buffer, area: parts[0])
    let text: String
    var role = Role.secondary
    switch outcome {
    case .problem(let sentence):
      (text, role) = (sentence + ".", .error)
    case .sweep(_, let columns, let rows):
      let count = columns.values.count * (rows?.values.count ?? 1)
      let shape = rows.map { "\(columns.values.count) by \($0.values.count), " } ?? ""
      let clips = base.clipCount.map { "\($0) clip\($0 == 1 ? "" : "s")" } ?? "1 clip"
      text = "\(shape)\(count) videos of \(clips) with the same seed, made one after the other."
    }
    TextWrap.draw(text, in: &buffer, area: parts[1], style: Style(role))
  }
}
