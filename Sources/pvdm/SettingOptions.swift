import ArgumentParser
import RunKit
import VideoDiffusion

/// Settings that a command takes together.
protocol SettingScope {
  /// The settings, in the order of the help.
  static var settings: [GenerationSetting] { get }
}

/// The options of some settings, each as its row declares it: a new row is a new option.
///
/// The parser finds options by reflection, which here sees the rows in place of properties.
struct SettingOptions<Scope: SettingScope>: ParsableArguments, CustomReflectable {
  /// The values that were given, in their range or not.
  private(set) var given: [GenerationSetting: SettingValue] = [:]

  private static var options: [(setting: GenerationSetting, option: SettingOption)] {
    Scope.settings.map { ($0, SettingOption($0)) }
  }

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: GenerationSetting.Name.self)
    for (setting, option) in Self.options {
      given[setting] = try option.read(container, .init(stringValue: setting.key))
    }
  }

  /// - Throws: `ValidationError` if a whole number is out of its setting's range.
  func checkIntegers() throws {
    for case (let setting, .integer(let number)) in given {
      guard case .integer(let range, _) = setting.domain, !range.contains(number) else { continue }
      throw ValidationError(
        "--\(setting.optionName) is \(range.lowerBound) to \(range.upperBound).")
    }
  }

  var customMirror: Mirror {
    let children: [Mirror.Child] = Self.options.map { ($0.setting.key, $0.option.declaration) }
    return Mirror(self, children: children)
  }
}

/// The option of a setting: what the parser is told of it, and how its value is read.
private struct SettingOption {
  typealias Name = GenerationSetting.Name

  /// An `Option` or a `Flag`.
  let declaration: Any
  /// The value that was given, if one was.
  let read: (KeyedDecodingContainer<Name>, Name) throws -> SettingValue?

  init(_ setting: GenerationSetting) {
    switch setting.domain {
    case .integer: self.init(setting) { (value: Int) in .integer(value) }
    case .number: self.init(setting) { (value: Double) in .number(value) }
    case .variation(let none):
      self.init(setting) { (value: VariationArgument) in .text(value.variation?.text ?? none) }
    case .seed: self.init(setting) { (value: UInt64) in .natural(value) }
    case .choice(let choice, _): self = Self.words(setting, choice)
    case .flag: self.init(flag: setting)
    }
  }

  private init<Value: ExpressibleByArgument>(
    _ setting: GenerationSetting, wrap: @escaping (Value) -> SettingValue
  ) {
    declaration = Option<Value?>(
      name: .customLong(setting.optionName), help: Self.help(setting))
    read = { try $0.decode(Option<Value?>.self, forKey: $1).wrappedValue.map(wrap) }
  }

  private init(flag setting: GenerationSetting) {
    declaration = Flag<Bool?>(
      name: .customLong(setting.optionName), inversion: .prefixedNo, help: Self.help(setting))
    read = { try $0.decode(Flag<Bool?>.self, forKey: $1).wrappedValue.map { .flag($0) } }
  }

  private static func words<Choice: SettingChoice>(
    _ setting: GenerationSetting, _ choice: Choice.Type
  ) -> SettingOption {
    SettingOption(setting) { (word: Word<Choice>) in .text(word.choice.rawValue) }
  }

  private static func help(_ setting: GenerationSetting) -> ArgumentHelp {
    ArgumentHelp(setting.optionHelp ?? setting.meaning)
  }
}

/// A second seed and a share, or nothing.
private struct VariationArgument: ExpressibleByArgument {
  let variation: NoiseVariation?

  init?(argument: String) {
    variation = NoiseVariation(argument)
    if variation == nil, argument != "none" { return nil }
  }
}

/// One of the words of a setting.
private struct Word<Choice: SettingChoice>: ExpressibleByArgument {
  let choice: Choice

  init?(argument: String) {
    guard let choice = Choice(rawValue: argument) else { return nil }
    self.choice = choice
  }

  /// Too many to be listed, the option's help has them in a sentence.
  static var allValueStrings: [String] { Choice.summary == nil ? Choice.words : [] }
  static var defaultCompletionKind: CompletionKind { .list(Choice.words) }
}
