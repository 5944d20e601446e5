import HandwrittenText
import RunKit
import StudioKit
import TerminalUI

/// Chooses what a sweep varies: one setting, or the model, along the columns, another down the rows.
package struct SweepForm: Sendable, Hashable {
  private let wanted: GenerationSettings
  private let models: [ModelReference]
  /// The steps of those that were distilled.
  private let distilledSteps: [ModelReference: Int]
  private var form: Form<Line>
  /// The values that were typed for each, so that going through them loses none.
  private var typed: [Subject: String]
  private var history = UndoHistory<Setup>()

  /// What can be taken back.
  private struct Setup: Sendable, Hashable {
    var fields: [FormField<Line>]
    var typed: [Subject: String]
  }

  /// What stays the same in all cells but for the model: what was asked for, with the steps that
  /// the chosen model leaves no choice of.
  package var base: GenerationSettings { wanted.fitting(distilledSteps: steps(of: choice(.model))) }

  private func steps(of model: Int) -> Int? {
    models.indices.contains(model) ? distilledSteps[models[model]] : nil
  }

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
  /// - Parameters:
  ///   - distilledSteps: The steps of the models that were distilled.
  ///   - last: The form before, whose values are offered again.
  package init(
    base: GenerationSettings, models: [ModelReference], chosen: Int,
    distilledSteps: [ModelReference: Int] = [:], after last: SweepForm? = nil
  ) {
    wanted = base
    self.models = models
    self.distilledSteps = distilledSteps
    let base = base.fitting(
      distilledSteps: models.indices.contains(chosen) ? distilledSteps[models[chosen]] : nil)
    typed = last?.typed ?? [:]
    let subjects = Self.subjects(models)
    let titles = subjects.map(\.title)
    let useful = GenerationSetting.ofSweeps.filter {
      $0.line.fixed(base) == nil && !$0.isDistilled(in: base) && $0 != .laterSteps
        // What a clip without one before it takes no notice of.
        && (base.clipCount != 1 || $0 != .guidance)
    }
    let columns = useful.first { $0 == .steps } ?? useful.first ?? .seed
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
    let before = setup
    guard case .changed(let line) = form.handle(key) else { return }
    history.note(before)
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

  /// Takes the last change back. False if there is none.
  package mutating func undo() -> Bool {
    guard let last = history.undo(from: setup) else { return false }
    setup = last
    return true
  }

  /// Makes the change again that was taken back last. False if there is none.
  package mutating func redo() -> Bool {
    guard let next = history.redo(from: setup) else { return false }
    setup = next
    return true
  }

  private var setup: Setup {
    get { Setup(fields: form.fields, typed: typed) }
    set { (form.fields, typed) = (newValue.fields, newValue.typed) }
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
    let model = models[choice(.model)]
    if let problem = stepsProblem(model, [columns, rows].compactMap { $0 }) {
      return .problem(problem)
    }
    return .sweep(model, columns: columns, rows: rows)
  }

  /// Why some cells could not be made: a distilled model leaves no choice of its steps.
  private func stepsProblem(_ model: ModelReference, _ axes: [SweepAxis]) -> String? {
    let varied = axes.flatMap { axis -> [ModelReference] in
      if case .models(let models) = axis.subject { models } else { [] }
    }
    let chosen = varied.isEmpty ? [model] : varied
    let settings = axes.compactMap(\.setting)
    guard let distilled = chosen.first(where: { distilledSteps[$0] != nil }),
      let steps = distilledSteps[distilled],
      let setting = settings.first(where: { GenerationSetting.ofSteps.contains($0) })
    else { return nil }
    let count = counted(steps, "step")
    return "\(distilled.name) was distilled for \(count) and leaves no choice of \(setting.title)"
  }

  /// The cells that would be made, by their cost.
  package func estimateKeys() -> [AppState.EstimateKey] {
    guard case .sweep(let model, let columns, let rows) = outcome else { return [] }
    let variant = Comparison.Variant(model: model, settings: base)
    let cells = (try? Comparison.cells(variant, columns: columns, rows: rows)) ?? []
    let fits = Comparison.takesOwnSteps(cells.map(\.variant), [columns, rows])
    return cells.map { cell in
      var settings = cell.variant.settings
      if fits { settings = settings.fitting(distilledSteps: distilledSteps[cell.variant.model]) }
      return AppState.EstimateKey(costOf: settings, cell.variant.model)
    }
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
  package func draw(
    in buffer: inout CellBuffer, area: Rectangle, estimate: String, _ keys: KeyChoices
  ) {
    let inner = Border(
      title: "New sweep", footer: "\(keys[.run]) makes it, Esc leaves", isFocused: true
    )
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
        "\(shape)\(counted(count, "video")) of \(clips) with the same seed, one after the "
        + "other.\(time)" + ignoredText
    }
    TextWrap.draw(text, in: &buffer, area: parts[1], style: Style(role))
  }
}
