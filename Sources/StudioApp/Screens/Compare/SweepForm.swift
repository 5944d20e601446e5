import RunKit
import StudioKit
import TerminalUI

/// Chooses what a sweep varies: one setting along the columns, another down the rows.
package struct SweepForm: Sendable, Hashable {
  /// What stays the same in all cells but for the model.
  package let base: GenerationSettings
  private let models: [ModelReference]
  private var form: Form<Line>

  /// Its lines.
  private enum Line { case model, columns, columnValues, rows, rowValues }

  private static let settings = GenerationSetting.ofSweeps

  /// A form over models that can be used, of which one is chosen, by its index.
  package init(base: GenerationSettings, models: [ModelReference], chosen: Int) {
    self.base = base
    self.models = models
    let titles = Self.settings.map(\.title)
    form = Form(fields: [
      FormField(
        id: .model, label: "model", value: .choice(chosen, of: models.map(\.name)),
        help: "the model of all cells"),
      FormField(
        id: .columns, label: "columns", value: .choice(0, of: titles),
        help: "the setting that varies along the columns"),
      FormField(
        id: .columnValues, label: "values",
        value: .text(GenerationSetting.steps.sweepExample ?? ""),
        help: GenerationSetting.steps.range),
      FormField(
        id: .rows, label: "rows",
        value: .choice(1 + (Self.settings.firstIndex(of: .eta) ?? -1), of: ["none"] + titles),
        help: "the setting that varies down the rows"),
      FormField(
        id: .rowValues, label: "values", value: .text(GenerationSetting.eta.sweepExample ?? ""),
        help: GenerationSetting.eta.range),
    ])
  }

  /// Whether a value is being typed.
  package var isTyping: Bool { form.isTyping }

  /// Handles a key; values follow the setting that they belong to.
  package mutating func handle(_ key: Key) {
    guard case .changed(let line) = form.handle(key) else { return }
    switch line {
    case .columns: follow(columnSetting, .columnValues)
    case .rows: follow(rowSetting, .rowValues)
    case .model, .columnValues, .rowValues: break
    }
  }

  private mutating func follow(_ setting: GenerationSetting?, _ values: Line) {
    form[values]?.value = setting.map { .text($0.sweepExample ?? "") } ?? .fixed("-")
    form[values]?.help = setting?.range ?? ""
  }

  package mutating func paste(_ text: String) { form.paste(text) }

  /// Leaves the value being typed as it was. False if none is.
  package mutating func goBack() -> Bool { form.goBack() }

  private func choice(_ line: Line) -> Int {
    if case .choice(let index, _)? = form[line]?.value { index } else { 0 }
  }

  private func text(_ line: Line) -> String { form[line]?.value.text ?? "" }

  private var columnSetting: GenerationSetting { Self.settings[choice(.columns)] }
  private var rowSetting: GenerationSetting? {
    choice(.rows) == 0 ? nil : Self.settings[choice(.rows) - 1]
  }

  /// The sweep that was chosen, or what is wrong with it.
  package enum Outcome: Sendable, Hashable {
    case sweep(ModelReference, columns: SweepAxis, rows: SweepAxis?)
    case problem(String)
  }

  /// What was chosen.
  package var outcome: Outcome {
    guard models.indices.contains(choice(.model)) else { return .problem("no model can be used") }
    let columns: SweepAxis
    switch SweepAxisText.parse(columnSetting, text(.columnValues)) {
    case .axis(let axis): columns = axis
    case .problem(let sentence): return .problem(sentence)
    }
    var rows: SweepAxis?
    if let setting = rowSetting {
      guard setting != columnSetting else {
        return .problem("rows and columns both vary \(setting.title)")
      }
      switch SweepAxisText.parse(setting, text(.rowValues)) {
      case .axis(let axis): rows = axis
      case .problem(let sentence): return .problem(sentence)
      }
    }
    let count = columns.values.count * (rows?.values.count ?? 1)
    guard count <= Comparison.cellLimit else {
      return .problem("\(count) cells are more than the \(Comparison.cellLimit) that fit")
    }
    return .sweep(models[choice(.model)], columns: columns, rows: rows)
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
