import EvaluationKit
import RunKit
import TerminalUI

/// The evaluation that is set up, each setting edited in place. Changes can be undone.
package struct EvaluateForm: Sendable, Hashable {
  /// The evaluation as it stands.
  package private(set) var task: EvaluateTask
  private var models: [ModelEntry] = []
  private var presets: [Preset] = []
  private var weights = WeightLibrary.empty
  private var form: Form<EvaluateLine>
  private var history = UndoHistory<EvaluateTask>()

  /// A form for an evaluation.
  package init(_ task: EvaluateTask) {
    self.task = task
    form = Form(
      fields: EvaluateField.fields(.init(task: task, models: [], presets: [], weights: weights)))
  }

  /// Whether a value is being typed, so that no key means anything else.
  package var isTyping: Bool { form.isTyping }

  /// Whether a digit begins a new value of the selected line.
  package var takesDigits: Bool { form.takesDigits }

  /// Follows the models and presets there are.
  package mutating func follow(_ app: AppState) {
    guard models != app.models || presets != app.presets || weights != app.weights else { return }
    (models, presets, weights) = (app.models, app.presets, app.weights)
    // What is being typed is not to be disturbed: the next change shows them.
    if !isTyping { show(task) }
  }

  /// Handles a key: movements select, `h` and `l` step, Enter types.
  ///
  /// - Returns: Whether the evaluation changed.
  package mutating func handle(_ key: Key) -> Bool {
    guard case .changed(let line) = form.handle(key), let value = form[line]?.value else {
      return false
    }
    var source = EvaluateField.Source(
      task: task, models: models, presets: presets, weights: weights)
    switch line {
    case .own(let field): field.store(value, in: &source)
    case .setting(let setting):
      let gives = source.task.settings.givesLaterSteps
      setting.store(value, in: &source.task.settings)
      if setting == .steps, !gives { source.task.settings.laterSteps = source.task.settings.steps }
    }
    replace(with: source.task)
    return true
  }

  /// What the selected line is about.
  package var subject: EvaluationInput? {
    guard case .own(let field)? = form.selectedID else { return nil }
    return EvaluationInput(rawValue: field.rawValue)
  }

  /// Inserts pasted text into the value being typed.
  package mutating func paste(_ text: String) { form.paste(text) }

  /// Leaves the value being typed as it was. False if none is.
  package mutating func goBack() -> Bool { form.goBack() }

  /// Puts another evaluation into the form; this can be undone like any change.
  package mutating func replace(with new: EvaluateTask) {
    if fitted(new) != task { history.note(task) }
    show(new)
  }

  /// Takes the last change back. False if there is none.
  package mutating func undo() -> Bool {
    guard let last = history.undo(from: task) else { return false }
    show(last)
    return true
  }

  /// Makes the change again that was taken back last. False if there is none.
  package mutating func redo() -> Bool {
    guard let next = history.redo(from: task) else { return false }
    show(next)
    return true
  }

  /// An evaluation with the steps that its model leaves no choice of.
  private func fitted(_ task: EvaluateTask) -> EvaluateTask {
    guard task.generates else { return task }
    var task = task
    task.settings = task.settings.fitting(models.first { $0.reference == task.model })
    return task
  }

  private mutating func show(_ new: EvaluateTask) {
    task = fitted(new)
    let fields = EvaluateField.fields(
      .init(task: task, models: models, presets: presets, weights: weights))
    form = Form(fields: fields, selected: form.selected)
  }

  /// Columns that the labels take, for lines around the form to align with.
  package func labelWidth(in width: Int) -> Int { form.labelWidth(in: width) }

  /// Rows that show every field with the help of the selected one.
  package var rows: Int { form.fields.count + 4 }

  /// Draws the fields, and below them what the selected one means.
  package func draw(in buffer: inout CellBuffer, area: Rectangle, isFocused: Bool) {
    form.draw(in: &buffer, area: area, isFocused: isFocused)
  }
}
