import TOMLKit

extension SettingValue {
  /// A value of TOML; `nil` for a table, a date, or a list of anything but whole numbers.
  package init?(_ value: any TOMLValueConvertible) {
    if let flag = value.bool {
      self = .flag(flag)
    } else if let number = value.int {
      self = .integer(number)
    } else if let number = value.double {
      self = .number(number)
    } else if let text = value.string {
      self = .text(text)
    } else if let array = value.array {
      let numbers = array.compactMap(\.int)
      guard !numbers.isEmpty, numbers.count == array.count else { return nil }
      self = .integers(numbers)
    } else {
      return nil
    }
  }
}
