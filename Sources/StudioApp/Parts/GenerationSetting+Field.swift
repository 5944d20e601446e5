import RunKit
import TerminalUI
import VideoDiffusion

extension FormField {
  /// A setting as a line of a form, with its value in some settings.
  init(id: ID, _ setting: GenerationSetting, in settings: GenerationSettings) {
    self.init(
      id: id, label: setting.line.label, value: setting.formValue(in: settings),
      help: setting.isDistilled(in: settings)
        ? "what the denoiser was distilled for; it takes nothing else" : setting.line.help,
      note: setting.line.note(settings))
  }
}

extension GenerationSettings {
  /// These settings with what a model leaves no choice of; as they are where its denoiser is not
  /// known.
  func fitting(_ model: ModelEntry?) -> GenerationSettings {
    guard let denoiser = model?.denoiser else { return self }
    return fitting(distilledSteps: denoiser.distilledSteps)
  }
}

extension GenerationSetting {
  /// Whether some settings leave no choice of it, since they are a distilled denoiser's.
  func isDistilled(in settings: GenerationSettings) -> Bool {
    settings.method == .distilled && Self.ofSteps.contains(self)
  }

  fileprivate func formValue(in settings: GenerationSettings) -> FormValue {
    if let fixed = line.fixed(settings) { return .fixed(fixed) }
    let value = freeValue(in: settings)
    return isDistilled(in: settings) ? .fixed(value.text) : value
  }

  /// The value with what it may be, where there is a choice.
  private func freeValue(in settings: GenerationSettings) -> FormValue {
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
      let offered = zip(domain.words, line.words?(settings) ?? domain.words)
        .filter { isOffered($0.0, keeping: value.name) }
      return .choice(
        offered.firstIndex { $0.0 == value.name } ?? 0, of: offered.map { $0.1 })
    }
  }

  /// The words to choose from here.
  ///
  /// - Parameter chosen: Stays among them, whether it is to be had here or not.
  func offeredWords(keeping chosen: String?) -> [String] {
    domain.words.filter { isOffered($0, keeping: chosen) }
  }

  /// The sampler of distilled denoisers comes with a model that has one, and is of no use to
  /// another.
  private func isOffered(_ word: String, keeping chosen: String?) -> Bool {
    if word == chosen { return true }
    return line.isOffered(word)
      && !(self == .sampler && word == SolverMethod.distilled.rawValue)
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
