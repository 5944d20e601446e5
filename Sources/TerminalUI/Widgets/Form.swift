/// A list of settings, each edited in place.
///
/// `h` and `l` step a value, `<` and `>` by ten steps; Enter, or a digit on a number, types one;
/// Space switches and goes on to the next choice.
public struct Form<ID: Hashable & Sendable>: Sendable, Hashable {
  /// What a key led to.
  public enum Outcome: Sendable, Hashable {
    /// The key means nothing to a form.
    case ignored
    /// The selection or the text being typed changed, but no value.
    case handled
    /// The value of this field changed.
    case changed(id: ID)
  }

  /// The settings from top to bottom. Where others come, the selected one stays selected; if it is gone, what was
  /// typed for it is too.
  public var fields: [FormField<ID>] {
    didSet { keepSelection(of: oldValue) }
  }
  /// The selected field, from 0.
  public private(set) var selected: Int
  /// The text being typed for the selected field, or nil.
  public private(set) var editing: TextInput?
  /// What is wrong with the text typed last, or nil.
  public private(set) var problem: String?

  /// A form with a field selected, from 0.
  public init(fields: [FormField<ID>], selected: Int = 0) {
    self.fields = fields
    self.selected = min(max(selected, 0), max(fields.count - 1, 0))
  }

  /// The selected field.
  public var selectedID: ID? {
    fields.indices.contains(selected) ? fields[selected].id : nil
  }

  /// The field of a name; `nil` if there is none.
  public subscript(id: ID) -> FormField<ID>? {
    get { fields.first { $0.id == id } }
    set {
      guard let newValue, let place = fields.firstIndex(where: { $0.id == id }) else { return }
      fields[place] = newValue
    }
  }

  private mutating func keepSelection(of old: [FormField<ID>]) {
    let id = old.indices.contains(selected) ? old[selected].id : nil
    if fields.indices.contains(selected), fields[selected].id == id { return }
    if let place = fields.firstIndex(where: { $0.id == id }) {
      selected = place
    } else {
      selected = min(selected, max(fields.count - 1, 0))
      (editing, problem) = (nil, nil)
    }
  }

  /// Whether a value is being typed, so that no key means anything else.
  public var isTyping: Bool { editing != nil }

  /// Leaves the value being typed as it was. False if none is.
  public mutating func goBack() -> Bool {
    guard isTyping else { return false }
    editing = nil
    problem = nil
    return true
  }

  /// Handles a key.
  public mutating func handle(_ key: Key) -> Outcome {
    guard fields.indices.contains(selected) else { return .ignored }
    if editing != nil { return handleTyping(key) }
    switch key {
    case .enter: return startTyping(with: nil)
    case .space: return step(by: 1)
    case .character("h"), .left, .character("-"): return step(by: -1)
    case .character("l"), .right, .character("+"): return step(by: 1)
    case .character("<"): return step(by: -10)
    case .character(">"): return step(by: 10)
    default: break
    }
    if let digit = key.digit, takesDigits { return startTyping(with: String(digit)) }
    guard let movement = Movement(key) else { return .ignored }
    selected = movement.applied(to: selected, count: fields.count, page: fields.count)
    return .handled
  }

  /// Whether a digit begins a new value of the selected field.
  public var takesDigits: Bool {
    editing == nil && fields.indices.contains(selected) && fields[selected].value.isNumeric
  }

  /// Replaces the text being typed, as completion does. Without one nothing happens.
  public mutating func setTyped(_ text: String) { editing?.setText(text) }

  /// Inserts pasted text into the field being typed.
  public mutating func paste(_ text: String) { editing?.insert(text) }

  private mutating func step(by steps: Int) -> Outcome {
    problem = nil
    return fields[selected].value.step(by: steps) ? .changed(id: fields[selected].id) : .handled
  }

  private mutating func startTyping(with text: String?) -> Outcome {
    switch fields[selected].value {
    case .number, .natural, .text:
      // A text is more often mended than replaced.
      editing = TextInput(
        text: text ?? fields[selected].value.text,
        isSelected: text == nil && fields[selected].value.isOneNumber)
      problem = nil
      return .handled
    case .toggle, .choice: return step(by: 1)
    case .fixed: return .handled
    }
  }

  private mutating func handleTyping(_ key: Key) -> Outcome {
    guard let outcome = editing?.handle(key) else { return .ignored }
    switch outcome {
    case .submitted(let text):
      let old = fields[selected].value
      problem = fields[selected].value.take(text)
      // A wrong value stays to be mended.
      guard problem == nil else { return .handled }
      editing = nil
      return fields[selected].value == old ? .handled : .changed(id: fields[selected].id)
    case .cancelled: _ = goBack()
    case .edited: problem = nil
    case .ignored: break
    }
    return .handled
  }

  /// Columns that the labels take in so many columns, for lines around the form to align with.
  public func labelWidth(in width: Int) -> Int {
    min(fields.map { CharacterWidth.columns(of: $0.label) }.max() ?? 0, width / 2)
  }

  /// Draws the fields, and below them what the selected one means or what is wrong with it.
  public func draw(in buffer: inout CellBuffer, area: Rectangle, isFocused: Bool = true) {
    guard !area.isEmpty else { return }
    let help = TextWrap.lines(helpText, width: area.width)
    // Where the fields need every row, some are still worth giving up, if enough are left.
    let least = area.height >= 16 ? 3 : area.height >= 6 ? 1 : 0
    let free = max(area.height - fields.count, least)
    let helpRows = min(free, max(help.count, 1))
    let page = area.height - helpRows
    let offset = TableState.offset(0, selected: selected, count: fields.count, page: page)
    let labelWidth = labelWidth(in: area.width)
    for (index, field) in fields.enumerated().dropFirst(offset).prefix(page) {
      let line = Rectangle(
        column: area.column, row: area.row + index - offset, width: area.width, height: 1)
      draw(field, at: index, line: line, labelWidth: labelWidth, isFocused: isFocused, &buffer)
      // While a value is typed, the keys are those of the text.
      if isFocused, editing == nil { buffer.addTarget(line, .row(index, selected: selected)) }
    }
    // Close to the fields, so that the eye need not wander in a tall window.
    let helpTop = min(page, fields.count + 1)
    TextWrap.draw(
      helpText, in: &buffer, area: area.inset(top: helpTop),
      style: Style(problem == nil ? .secondary : .error))
  }

  /// What is wrong with the text typed last, else what the selected field means.
  private var helpText: String {
    guard fields.indices.contains(selected) else { return "" }
    let parts = [fields[selected].help, fields[selected].value.rangeText].filter { !$0.isEmpty }
    return problem ?? parts.joined(separator: ": ")
  }

  private func draw(
    _ field: FormField<ID>, at index: Int, line: Rectangle, labelWidth: Int, isFocused: Bool,
    _ buffer: inout CellBuffer
  ) {
    let isSelected = index == selected
    let selection: Role = isFocused ? .selection : .selectionInactive
    let style = Style(isSelected ? selection : .text)
    buffer.fill(line, style: style)
    buffer.write(
      CharacterWidth.truncate(field.label, to: labelWidth), column: line.column, row: line.row,
      style: isSelected ? style : Style(.secondary), clip: line)
    let place = line.inset(left: labelWidth + 1)
    if isSelected, let editing {
      editing.draw(in: &buffer, area: place, isFocused: isFocused)
      return
    }
    let end = buffer.write(
      field.value.text, column: place.column, row: place.row, style: style, clip: place)
    if !field.note.isEmpty {
      buffer.write(
        "  \(field.note)", column: end, row: place.row,
        style: isSelected ? style : Style(.secondary), clip: place)
    }
  }
}
