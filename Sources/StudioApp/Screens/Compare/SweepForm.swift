import RunKit
import StudioKit
import TerminalUI

/// Chooses what a sweep varies: one setting along the columns, another down the rows.
package struct SweepForm: Sendable, Hashable {
  /// What stays the same in all cells but for the model.
  package let base: GenerationSettings
  private let models: [ModelReference]
  private var form: Form<Line>
  /// The values that were typed for each setting, so that going through the settings loses none.
  private var typed: [GenerationSetting: String]

  /// Its lines.
  private enum Line { case model, columns, columnValues, rows, rowValues }

  private static let settings = GenerationSetting.ofSweeps

  /// A form over models that can be used, of which one is chosen, by its index. It begins with settings
  /// that the sampler of the base does not ignore.
  ///
  /// - Parameter last: The form before, whose values are offered again.
  package init(
    base: GenerationSettings, models: [ModelReference], chosen: Int, after last: SweepForm? = nil
  ) {
    self.base = base
    self.models = models
    typed = last?.typed ?? [:]
    let titles = Self.settings.map(\.title)
    let useful = Self.settings.filter { $0.line.fixed(base) == nil && $0 != .laterSteps }
    let columns = useful.first { $0 == .steps } ?? useful.first ?? .guidance
    let rows =
      useful.first { $0 == .eta } ?? useful.first { $0 == .sampler && $0 != columns }
    let typed = typed
    func values(_ setting: GenerationSetting?) -> String {
      setting.map { typed[$0] ?? $0.sweepExample ?? "" } ?? ""
    }
    form = Form(fields: [
      FormField(
        id: .model, label: "model", value: .choice(chosen, of: models.map(\.name)),
        help: "the model of all cells"),
      FormField(
        id: .columns, label: "columns",
        value: .choice(Self.settings.firstIndex(of: columns) ?? 0, of: titles),
        help: "the setting that varies along the columns"),
      FormField(
        id: .columnValues, label: "values", value: .text(values(columns)), help: columns.range),
      FormField(
        id: .rows, label: "rows",
        value: .choice(
          rows.flatMap { Self.settings.firstIndex(of: $0) }.map { $0 + 1 } ?? 0,
          of: ["none"] + titles),
        help: "the setting that varies down the rows"),
      FormField(
        id: .rowValues, label: "values", value: .text(values(rows)), help: rows?.range ?? ""),
    ])
  }

  /// What can be done with it.
  package static let section = HelpSection(
    title: "A sweep", entries: [ActionName.run.row("make it", "make the sweep")])

  /// Whether a value is being typed.
  package var isTyping: Bool { form.isTyping }

  /// Whether a digit begins a new value of the selected line.
  package var takesDigits: Bool { form.takesDigits }

  /// Handles a key; values follow the setting that they belong to.
  package mutating func handle(_ key: Key) {
    guard case .changed(let line) = form.handle(key) else { return }
    switch line {
    case .columns: follow(columnSetting, .columnValues)
    case .rows: follow(rowSetting, .rowValues)
    case .columnValues: typed[columnSetting] = text(.columnValues)
    case .rowValues: if let rowSetting { typed[rowSetting] = text(.rowValues) }
    case .model: break
    }
  }

  private mutating func follow(_ setting: GenerationSetting?, _ values: Line) {
    form[values]?.value =
      setting.map { .text(typed[$0] ?? $0.sweepExample ?? "") } ?? .fixed("-")
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

  /// The cells that would be made, by their cost.
  func estimateKeys() -> [AppState.EstimateKey] {
    guard case .sweep(let model, let columns, let rows) = outcome else { return [] }
    let variant = Comparison.Variant(model: model, settings: base)
    let cells = (try? Comparison.cells(variant, columns: columns, rows: rows)) ?? []
    return cells.map { AppState.EstimateKey(costOf: $0.variant.settings, model) }
  }

  /// Whether the base's sampler takes no notice of a setting, in words; empty if it does.
  private var ignoredText: String {
    let ignored = [columnSetting, rowSetting].compactMap { $0 }.filter { setting in
      setting != .sampler && columnSetting != .sampler && rowSetting != .sampler
        && setting.line.fixed(base) != nil
    }
    return ignored.isEmpty
      ? ""
      : " \(base.method.title) takes no notice of \(ignored.map(\.title).joined(separator: ", "))."
  }

  /// Draws the fields, and below them what would be made and what that takes.
  package func draw(in buffer: inout CellBuffer, area: Rectangle, estimate: String = "") {
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
      let time = ["", "-", "..."].contains(estimate) ? "" : " They take \(estimate)."
      text =
        "\(shape)\(count) videos of \(clips) with the same seed, one after the other.\(time)"
        + ignoredText
    }
    TextWrap.draw(text, in: &buffer, area: parts[1], style: Style(role))
  }
}
