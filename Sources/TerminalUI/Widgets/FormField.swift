/// One line of a form: a name and a value that can be changed in place.
public struct FormField<ID: Hashable & Sendable>: Sendable, Hashable, Identifiable {
  /// A name that stays the same whatever the label says.
  public let id: ID
  /// What is shown before the value.
  public var label: String
  /// The value and what it may be.
  public var value: FormValue
  /// What the setting means, shown while the field is selected.
  public var help: String
  /// Text after the value, such as a unit or `locked`.
  public var note: String

  /// A field.
  public init(id: ID, label: String, value: FormValue, help: String = "", note: String = "") {
    self.id = id
    self.label = label
    self.value = value
    self.help = help
    self.note = note
  }
}
