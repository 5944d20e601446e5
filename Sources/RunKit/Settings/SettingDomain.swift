import VideoDiffusion

/// The values that a setting may have.
package enum SettingDomain: Sendable {
  /// A whole number. Where 0 stands for no choice, `zero` says what that does, such as "takes all
  /// processors".
  case integer(ClosedRange<Int>, zero: String? = nil)
  /// A number; an upper limit of the greatest there is stands for none.
  case number(ClosedRange<Double>)
  /// Yes or no.
  case flag
  /// A whole number of 64 bits. TOML's have 63, so that a larger one is a text.
  case seed
  /// A second seed with a share from 0 to 1, such as `7:0.2`; `word` stands for no choice.
  case variation(none: String)
  /// One of a few words; `open` is the one that makes no choice, where there is such.
  case choice(any SettingChoice.Type, open: String? = nil)

  /// The value that makes no choice; `nil` where one is always made.
  var none: SettingValue? {
    switch self {
    case .integer(_, let zero): zero == nil ? nil : .integer(0)
    case .variation(let word): .text(word)
    case .choice(_, let open): open.map { .text($0) }
    case .number, .flag, .seed: nil
    }
  }

  /// The words to choose from, the open one first; empty where there are none.
  package var words: [String] {
    guard case .choice(let choice, let open) = self else { return [] }
    return (open.map { [$0] } ?? []) + choice.words
  }

  /// The values in words, after "expected".
  var text: String {
    switch self {
    case .integer(let range, let zero?):
      "a whole number" + (range.upperBound == .max ? "" : " up to \(range.upperBound)")
        + "; 0 \(zero)"
    case .integer(let range, nil):
      "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range) where range.upperBound == .greatestFiniteMagnitude:
      "a number of \(Self.short(range.lowerBound)) or more"
    case .number(let range):
      "a number from \(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))"
    case .flag: "true or false"
    case .seed: "a whole number of 0 or more"
    case .variation(let word):
      "a seed and a share from 0 to 1, such as 7:0.2, or \(word)"
    case .choice(let choice, _): choice.summary ?? words.joinedAsChoice
    }
  }

  /// A limit without the decimals that it does not need.
  private static func short(_ number: Double) -> String {
    Int(exactly: number).map { String($0) } ?? String(number)
  }

  /// Whether a value is one of them.
  package func contains(_ value: SettingValue) -> Bool {
    if value == none { return true }
    return switch self {
    case .integer(let range, _): value.integer.map { range.contains($0) } ?? false
    case .number(let range): value.number.map { range.contains($0) } ?? false
    case .flag: value.flag != nil
    case .seed: value.natural != nil
    case .variation: value.name.flatMap { NoiseVariation($0) } != nil
    case .choice(let choice, _): value.name.map { choice.words.contains($0) } ?? false
    }
  }

  /// What a person typed as a value; `nil` if it is of another kind.
  package func value(typed text: String) -> SettingValue? {
    switch self {
    case .integer: Int(text).map { .integer($0) }
    case .number: Double(text).map { .number($0) }
    case .flag: Bool(text).map { .flag($0) }
    case .seed: UInt64(text).map { .natural($0) }
    case .variation, .choice: .text(text)
    }
  }
}

/// A type whose cases are the words of a setting.
package protocol SettingChoice: RawRepresentable<String>, CaseIterable, Codable, Sendable {
  /// The words in a sentence, where they are too many to be listed.
  static var summary: String? { get }
}

extension SettingChoice {
  package static var summary: String? { nil }

  /// The words, in the order of the cases.
  package static var words: [String] { allCases.map(\.rawValue) }
}

extension [String] {
  /// Such as `a, b or c`.
  package var joinedAsChoice: String {
    count < 2 ? first ?? "" : dropLast().joined(separator: ", ") + " or " + self[count - 1]
  }
}
