import RunKit
import TerminalUI

extension FormField {
  /// A setting as a line of a form, with its value in some settings.
  init(id: ID, _ setting: GenerationSetting, in settings: GenerationSettings) {
    self.init(
      id: id, label: setting.line.label, value: setting.formValue(in: settings),
      help: setting.line.help, note: setting.line.note(settings))
  }
}

extension GenerationSetting {
  fileprivate func formValue(in settings: GenerationSettings) -> FormValue {
    if let fixed = line.fixed(settings) { return .fixed(fixed) }
    let value = settings[self]
    func number(_ number: Double?, _ range: ClosedRange<Double>) -> FormValue {
      .number(
        number ?? 0, range: range.lowerBound...(line.limit ?? range.upperBound), step: line.step,
        decimals: line.decimals)
    }
    switch domain {
    case .integer(let range, let zero):
      let least = zero == nil ? range.lowerBound : 0
      return number(value.number, Double(least)...Double(range.upperBound))
    case .number(let range): return number(value.number, range)
    case .flag: return .toggle(value.flag ?? false)
    case .seed: return .natural(value.natural ?? 0)
    case .variation: return .text(value.plainText)
    case .choice:
      let offered = offeredWords(keeping: settings[self].name)
      let index = value.name.flatMap { offered.firstIndex(of: $0) }
      return .choice(index ?? 0, of: line.words?(settings) ?? offered)
    }
  }

  /// The words to choose from here.
  ///
  /// - Parameter chosen: Stays among them, whether it is to be had here or not.
  func offeredWords(keeping chosen: String?) -> [String] {
    domain.words.filter { $0 == chosen || line.isOffered($0) }
  }

  /// Keeps an edited value.
  func store(_ value: FormValue, in settings: inout GenerationSettings) {
    switch value {
    case .number(let number, _, _, 0): settings.put(self, .integer(Int(number)))
    case .number(let number, _, _, _):
      // Steps of a tenth add up to numbers a little beside those that are shown.
      settings.put(self, .number((number * 1000).rounded() / 1000))
    case .natural(let number): settings.put(self, .natural(number))
    case .toggle(let isOn): settings.put(self, .flag(isOn))
    case .choice(let index, _):
      settings.put(self, .text(offeredWords(keeping: settings[self].name)[index]))
    case .text(let text): settings.put(self, .text(text))
    case .fixed: break
    }
  }
}
