import HandwrittenText
import RunKit
import StudioKit
import TerminalUI

/// Chooses what a sweep varies: one setting, or the model, along the columns, another down the rows.
package struct SweepForm: Sendable, Hashable {
  /// What stays the same in all cells but for the model.
  package let base: GenerationSettings
  private let models: [ModelReference]
  private var form: Form<Line>
  /// The values that were typed for each, so that going through them loses none.
  private var typed: [Subject: String]

  /// What can vary.
  private enum Subject: Sendable, Hashable {
    case setting(GenerationSetting)
    case model

    var title: String {
      switch self {
      case .setting(let setting): setting.title
      case .model: "model"
      }
    }

    var range: String {
      switch self {
      case .setting(let setting): setting.range
      case .model: "names of models, with commas between them"
      }
    }
  }

  /// Its lines.
  private enum Line { case model, columns, columnValues, rows, rowValues }

  /// What can vary here: the model only where there is more than one.
  private var subjects: [Subject] { Self.subjects(models) }

  private static func subjects(_ models: [ModelReference]) -> [Subject] {
    GenerationSetting.ofSweeps.map { .setting($0) } + (models.count > 1 ? [.model] : [])
  }

  /// The values that something begins with.
  private static func example(_ subject: Subject, _ models: [ModelReference]) -> String {
    switch subject {
    case .setting(let setting): setting.sweepExample ?? ""
    case .model: models.prefix(4).map(\.name).joined(separator: ", ")
    }
  }

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
    let subjects = Self.subjects(models)
    let titles = subjects.map(\.title)
    let useful = GenerationSetting.ofSweeps.filter {
      $0.line.fixed(base) == nil && $0 != .laterSteps
    }
    let columns = useful.first { $0 == .steps } ?? useful.first ?? .guidance
    let rows =
      useful.first { $0 == .eta } ?? useful.first { $0 == .sampler && $0 != columns }
    let typed = typed
    func values(_ setting: GenerationSetting?) -> String {
      setting.map { typed[.setting($0)] ?? $0.sweepExample ?? "" } ?? ""
    }
    func place(_ setting: GenerationSetting) -> Int? { subjects.firstIndex(of: .setting(setting)) }
    form = Form(fields: [
      FormField(
        id: .model, label: "model", value: .choice(chosen, of: models.map(\.name)),
        help: "the model of all cells, unless models vary"),
      FormField(
        id: .columns, label: "columns",
        value: .choice(place(columns) ?? 0, of: titles),
        help: "what varies along the columns"),
      FormField(
        id: .columnValues, label: "values", value: .text(values(columns)), help: columns.range),
      FormField(
        id: .rows, label: "rows",
        value: .choice(
          rows.flatMap(place).map { $0 + 1 } ?? 0,
          of: ["none"] + titles),
        help: "what varies down the rows"),
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
    case .columns: follow(columnSubject, .columnValues)
    case .rows: follow(rowSubject, .rowValues)
    case .columnValues: typed[columnSubject] = text(.columnValues)
    case .rowValues: if let rowSubject { typed[rowSubject] = text(.rowValues) }
    case .model: break
    }
  }

  private mutating func follow(_ subject: Subject?, _ values: Line) {
    form[values]?.value =
      subject.map { .text(typed[$0] ?? Self.example($0, models)) } ?? .fixed("-")
    form[values]?.help = subject?.range ?? ""
  }

  package mutating func paste(_ text: String) { form.paste(text) }

  /// Leaves the value being typed as it was. False if none is.
  package mutating func goBack() -> Bool { form.goBack() }

  private func choice(_ line: Line) -> Int {
    if case .choice(let index, _)? = form[line]?.value { index } else { 0 }
  }

  private func text(_ line: Line) -> String { form[line]?.value.text ?? "" }

  private var columnSubject: Subject { subjects[choice(.columns)] }
  private var rowSubject: Subject? {
    choice(.rows) == 0 ? nil : subjects[choice(.rows) - 1]
  }

  private func axis(_ subject: Subject, _ values: Line) -> SweepAxisText.Outcome {
    switch subject {
    case .setting(let setting): SweepAxisText.parse(setting, text(values))
    case .model: SweepAxisText.parse(models: models, text(values))
    }
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
    switch axis(columnSubject, .columnValues) {
    case .axis(let axis): columns = axis
    case .problem(let sentence): return .problem(sentence)
    }
    var rows: SweepAxis?
    if let subject = rowSubject {
      guard subject != columnSubject else {
        return .problem("rows and columns both vary \(subject.title)")
      }
      switch axis(subject, .rowValues) {
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
  package func estimateKeys() -> [AppState.EstimateKey] {
    guard case .sweep(let model, let columns, let rows) = outcome else { return [] }
    let variant = Comparison.Variant(model: model, settings: base)
    let cells = (try? Comparison.cells(variant, columns: columns, rows: rows)) ?? []
    return cells.map { AppState.EstimateKey(costOf: $0.variant.settings, $0.variant.model) }
  }

  /// Whether the base's sampler takes no notice of a setting, in words; empty if it does.
  private var ignoredText: String {
    let settings = [columnSubject, rowSubject].compactMap { subject -> GenerationSetting? in
      if case .setting(let setting)? = subject { setting } else { nil }
    }
    let ignored = settings.filter { setting in
      !settings.contains(.sampler) && setting.line.fixed(base) != nil
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
      let clips = counted(base.clipCount ?? 1, "clip")
      let time = ["", "-", "..."].contains(estimate) ? "" : " They take \(estimate)."
      text =
        "\(shape)\(count) videos of \(clips) with the same seed, one after the other.\(time)"
        + ignoredText
    }
    TextWrap.draw(text, in: &buffer, area: parts[1], style: Style(role))
  }
}
