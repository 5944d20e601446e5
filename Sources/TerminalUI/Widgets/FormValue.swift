/// A value of a form and what it may be.
public enum FormValue: Sendable, Hashable {
  /// A number between two limits; `step` is what one key press adds.
  case number(Double, range: ClosedRange<Double>, step: Double, decimals: Int)
  /// A whole number from 0 on, of up to 64 bits, which `number` could not hold exactly.
  case natural(UInt64)
  /// On or off.
  case toggle(Bool)
  /// One of several words, by its index.
  case choice(Int, of: [String])
  /// Free text.
  case text(String)
  /// Shown, but not to be changed here.
  case fixed(String)

  /// The value as it is shown.
  public var text: String {
    switch self {
    case .number(let number, _, _, let decimals): Self.text(of: number, decimals: decimals)
    case .natural(let number): String(number)
    case .toggle(let isOn): isOn ? "on" : "off"
    case .choice(let index, let words): words.indices.contains(index) ? words[index] : "-"
    case .text(let text), .fixed(let text): text
    }
  }

  /// What the value may be, in words; empty where anything goes.
  public var rangeText: String {
    switch self {
    case .number(_, let range, _, let decimals):
      Self.text(of: range.lowerBound, decimals: decimals) + " to "
        + Self.text(of: range.upperBound, decimals: decimals)
    case .natural: "a whole number from 0 on"
    case .toggle: "on or off"
    case .choice(_, let words): words.joined(separator: ", ")
    case .text, .fixed: ""
    }
  }

  /// Whether a digit begins a new value: of a number, and of a text that is a number or a list of them.
  var isNumeric: Bool {
    switch self {
    case .number, .natural: true
    case .text(let text):
      !text.isEmpty && text.split { $0 == "," || $0 == " " }.allSatisfy { Double($0) != nil }
    case .toggle, .choice, .fixed: false
    }
  }

  /// Whether it is one number, of which nobody wants a part.
  var isOneNumber: Bool {
    if case .text(let text) = self { Double(text) != nil } else { isNumeric }
  }

  /// Moves the value by steps; words and switches go around, numbers stop at their limits.
  ///
  /// - Returns: whether the value changed.
  public mutating func step(by steps: Int) -> Bool {
    let old = self
    switch self {
    case .number(let number, let range, let step, let decimals):
      let moved = min(max(number + Double(steps) * step, range.lowerBound), range.upperBound)
      self = .number(moved, range: range, step: step, decimals: decimals)
    case .natural(let number):
      let distance = UInt64(steps.magnitude)
      let (sum, overflows) = number.addingReportingOverflow(distance)
      let moved = steps < 0 ? number - min(distance, number) : overflows ? .max : sum
      self = .natural(moved)
    case .toggle(let isOn): self = .toggle(steps % 2 == 0 ? isOn : !isOn)
    case .choice(let index, let words):
      guard !words.isEmpty else { return false }
      let moved = ((index + steps) % words.count + words.count) % words.count
      self = .choice(moved, of: words)
    case .text, .fixed: break
    }
    return self != old
  }

  /// Takes a typed value.
  ///
  /// - Returns: nil if it was taken, otherwise a sentence on what is wrong with it.
  public mutating func take(_ typed: String) -> String? {
    switch self {
    case .number(_, let range, let step, let decimals):
      guard let number = Double(typed), number.isFinite else { return "not a number" }
      guard range.contains(number) else { return "must be \(rangeText)" }
      if decimals == 0, number.rounded() != number { return "must be a whole number" }
      self = .number(number, range: range, step: step, decimals: decimals)
    case .natural:
      guard let number = UInt64(typed) else { return "must be a whole number of up to 64 bits" }
      self = .natural(number)
    case .text: self = .text(typed)
    case .choice(_, let words):
      guard let index = words.firstIndex(of: typed) else { return "must be one of \(rangeText)" }
      self = .choice(index, of: words)
    case .toggle, .fixed: break
    }
    return nil
  }

  /// A number with a fixed count of decimals, 0-9.
  package static func text(of number: Double, decimals: Int) -> String {
    let decimals = min(max(decimals, 0), 9)
    let scale = (0..<decimals).reduce(1.0) { result, _ in result * 10 }
    let scaled = (number * scale).rounded()
    guard abs(scaled) < 9e15 else { return "\(number)" }
    let digits = String(Int(abs(scaled)))
    let sign = scaled < 0 ? "-" : ""
    guard decimals > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(decimals + 1 - digits.count, 0)) + digits
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }
}
