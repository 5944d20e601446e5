import RunKit
import TerminalUI
import VideoDiffusion

/// The settings of a run, each edited in place, with its range and meaning. Make, Queue and Compare
/// share it. Changes can be undone.
package struct SettingsForm: Sendable, Hashable {
  /// The settings as they stand.
  package private(set) var settings: GenerationSettings
  private var form: Form<GenerationSetting>
  private var history = UndoHistory<GenerationSettings>()
  /// Step counts to return to when a solver that takes all of them is left.
  private var chosenSteps: Int
  private var chosenLaterSteps: Int

  /// Whether the steps of later clips were given, rather than being as many as those of the first.
  private var givesLaterSteps: Bool

  /// A form for settings.
  package init(settings: GenerationSettings) {
    let standard = GenerationSettings()
    let takesAll = settings.method.takesEveryStep
    chosenSteps = takesAll ? standard.steps : settings.steps
    chosenLaterSteps = takesAll ? standard.laterSteps : settings.laterSteps
    self.settings = settings
    givesLaterSteps = settings.givesLaterSteps
    form = Form(fields: Self.fields(settings))
  }

  private static func fields(_ settings: GenerationSettings) -> [FormField<GenerationSetting>] {
    GenerationSetting.ofForms.map { FormField(id: $0, $0, in: settings) }
  }

  /// Rows that show every field.
  package static let fieldCount = GenerationSetting.ofForms.count

  /// Whether a value is being typed, so that no key means anything else.
  package var isTyping: Bool { form.isTyping }
  /// Whether a digit begins a new value of the selected setting.
  package var takesDigits: Bool { form.takesDigits }

  /// Handles a key: movements select, `h` and `l` step, Enter types.
  package mutating func handle(_ key: Key) -> Form<GenerationSetting>.Outcome {
    let outcome = form.handle(key)
    guard case .changed(let setting) = outcome, let field = form[setting] else { return outcome }
    var changed = settings
    setting.store(field.value, in: &changed)
    // One number means every clip, until two are given.
    if setting == .steps, !givesLaterSteps { changed.laterSteps = changed.steps }
    followSampler(in: &changed)
    replace(with: changed, givesLaterSteps: givesLaterSteps || setting == .laterSteps)
    return outcome
  }

  /// Inserts pasted text into the value being typed.
  package mutating func paste(_ text: String) { form.paste(text) }

  /// Leaves the value being typed as it was. False if none is.
  package mutating func goBack() -> Bool { form.goBack() }

  /// Puts other settings into the form, as a preset does; this can be undone like any change.
  ///
  /// - Parameter gives: Whether they give the steps of later clips; `nil` tells it by the numbers.
  package mutating func replace(
    with new: GenerationSettings, givesLaterSteps gives: Bool? = nil
  ) {
    givesLaterSteps = gives ?? new.givesLaterSteps
    guard new != settings else { return }
    history.note(settings)
    show(new)
  }

  /// Takes the steps that a model leaves no choice of. That is no change of the user's to undo.
  package mutating func fit(_ model: ModelEntry?) {
    let fitted = settings.fitting(model)
    guard fitted != settings else { return }
    givesLaterSteps = fitted.givesLaterSteps
    show(fitted)
  }

  /// What undo would do; `nil` if there is nothing to undo.
  package var undoText: String? {
    guard let last = history.last else { return nil }
    let now = Self.fields(settings)
    let changed = zip(Self.fields(last), now).filter { $0.value.text != $1.value.text }
    guard changed.count == 1, let (old, _) = changed.first else {
      return "brings the settings before back"
    }
    return "sets \(old.label) back to \(old.value.text)"
  }

  /// Takes the last change back. False if there is none.
  package mutating func undo() -> Bool {
    guard let last = history.undo(from: settings) else { return false }
    show(last)
    return true
  }

  /// Makes the change again that was taken back last. False if there is none.
  package mutating func redo() -> Bool {
    guard let next = history.redo(from: settings) else { return false }
    show(next)
    return true
  }

  private mutating func show(_ new: GenerationSettings) {
    settings = new
    if !new.method.takesEveryStep {
      chosenSteps = new.steps
      chosenLaterSteps = new.laterSteps
    }
    form.fields = Self.fields(new)
  }

  /// Some solvers take every step of the schedule; the others return to what was chosen.
  private func followSampler(in changed: inout GenerationSettings) {
    guard changed.method != settings.method else { return }
    if changed.method.takesEveryStep {
      changed.steps = DiffusionSchedule.published.stepCount
      changed.laterSteps = DiffusionSchedule.published.stepCount
    } else if settings.method.takesEveryStep {
      changed.steps = chosenSteps
      changed.laterSteps = chosenLaterSteps
    }
  }

  /// Columns that the labels take in so many columns, for lines around the form to align with.
  package func labelWidth(in width: Int) -> Int { form.labelWidth(in: width) }

  /// Draws the fields, and below them what the selected one means.
  package func draw(in buffer: inout CellBuffer, area: Rectangle, isFocused: Bool = true) {
    form.draw(in: &buffer, area: area, isFocused: isFocused)
  }

  /// The keys of the form, for the menu of what can be done.
  package static let helpSection = HelpSection(
    title: "Settings",
    entries: [
      HelpEntry(keys: Movement.down.keys + Movement.up.keys, name: "", help: "choose a setting"),
      HelpEntry(
        keys: [.character("h"), .character("l"), .left, .right], name: "",
        help: "less and more, or the next choice"),
      HelpEntry(
        keys: [.character("<"), .character(">")], name: "", help: "less and more by ten steps"),
      HelpEntry(keys: [.enter], name: "type", help: "type a value, or take the next choice"),
    ])

  /// The keys of the form, for the line of hints.
  package static let hints = [
    HelpEntry(keys: [.character("h")], name: "less", help: ""),
    HelpEntry(keys: [.character("l")], name: "more", help: ""),
    HelpEntry(keys: [.enter], name: "type", help: ""),
  ]
}
