import RunKit
import TerminalUI
import VideoDiffusion

/// A setting as a line of a form: its name, its range, what it means, and where it is kept.
enum SettingsField: String, CaseIterable {
  case sampler, steps, laterSteps, spacing, eta, recomputeNoise, guidance, clips, seed, keepSeed
  case reencode, precision, threads, preview, previewInterval

  /// Every field with the values of some settings.
  static func fields(for settings: GenerationSettings) -> [FormField] {
    allCases.map { field in
      FormField(
        id: field.rawValue, label: field.label, value: field.value(in: settings),
        help: field.help, note: field.note(in: settings))
    }
  }

  private var label: String {
    switch self {
    case .sampler: "sampler"
    case .steps: "steps"
    case .laterSteps: "then"
    case .spacing: "spacing"
    case .eta: "eta"
    case .recomputeNoise: "recompute"
    case .guidance: "guidance"
    case .clips: "clips"
    case .seed: "seed"
    case .keepSeed: "keep seed"
    case .reencode: "re-encode"
    case .precision: "precision"
    case .threads: "threads"
    case .preview: "preview"
    case .previewInterval: "every"
    }
  }

  private var help: String {
    switch self {
    case .sampler: "the solver that takes the steps"
    case .steps: "denoising steps of the first clip; more are slower and finer"
    case .laterSteps: "steps of each clip that continues another"
    case .spacing: "how the steps are spread over the noise levels"
    case .eta: "share of fresh noise in a DDIM step"
    case .recomputeNoise: "the noise from the clamped estimate: keeps contrast at eta 0"
    case .guidance: "how strongly a clip follows the one before it; 0 is off"
    case .clips: "clips of one video; 0 goes on until it is stopped"
    case .seed: "the same seed and settings make the same video"
    case .keepSeed: "whether the next run takes this seed again"
    case .reencode: "decode and encode a clip again before the next continues it"
    case .precision: "bf16 is faster on some processors, f32 is exact"
    case .threads: "processors to use; 0 is all of them"
    case .preview: "what is shown of a clip in progress"
    case .previewInterval: "steps from one decoded preview to the next"
    }
  }

  private func note(in settings: GenerationSettings) -> String {
    switch self {
    case .steps: "first clip"
    case .laterSteps: "each later clip"
    case .clips: settings.clipCount == nil ? "until stopped" : ""
    case .seed: settings.isSeedLocked ? "locked" : ""
    case .threads: settings.threadCount == nil ? "all" : ""
    case .guidance: settings.clipCount == 1 ? "from clip 2 on" : ""
    case .eta: settings.method.usesEta ? "" : "DDIM only"
    case .recomputeNoise: settings.method.usesEta ? "noise" : "DDIM only"
    case .previewInterval: settings.preview == .decoded ? "steps" : "decoded only"
    case .sampler, .spacing, .keepSeed, .reencode, .precision, .preview: ""
    }
  }

  private func value(in settings: GenerationSettings) -> FormField.Value {
    func whole(_ number: Int, _ range: ClosedRange<Double>, step: Double) -> FormField.Value {
      .number(Double(number), range: range, step: step, decimals: 0)
    }
    func word<Choice: CaseIterable & RawRepresentable>(_ choice: Choice) -> FormField.Value
    where Choice.RawValue == String {
      let words = Choice.allCases.map(\.rawValue)
      return .choice(words.firstIndex(of: choice.rawValue) ?? 0, of: words)
    }
    switch self {
    case .sampler:
      return .choice(
        SolverMethod.allCases.firstIndex(of: settings.method) ?? 0,
        of: SolverMethod.allCases.map(\.title))
    case .steps, .laterSteps:
      let count = self == .steps ? settings.steps : settings.laterSteps
      return settings.method == .ddpm ? .fixed(String(count)) : whole(count, 1...1000, step: 5)
    case .spacing:
      let words = TimestepSpacing.allCases.map(\.rawValue)
      let chosen = settings.spacing.flatMap(TimestepSpacing.allCases.firstIndex)
      return .choice(
        chosen.map { $0 + 1 } ?? 0,
        of: ["auto (\(settings.method.defaultSpacing.rawValue))"] + words)
    case .eta:
      guard settings.method.usesEta else { return .fixed("-") }
      return .number(settings.eta, range: 0...1, step: 0.1, decimals: 2)
    case .recomputeNoise:
      guard settings.method.usesEta else { return .fixed("-") }
      return .toggle(settings.recomputesNoise)
    case .guidance:
      return .number(settings.guidanceScale, range: 0...20, step: 0.5, decimals: 1)
    case .clips: return whole(settings.clipCount ?? 0, 0...1000, step: 1)
    case .seed: return .natural(settings.seed)
    case .keepSeed: return .toggle(settings.isSeedLocked)
    case .reencode: return .toggle(settings.reencodesCondition)
    case .precision: return word(settings.precision)
    case .threads: return whole(settings.threadCount ?? 0, 0...256, step: 1)
    case .preview: return word(settings.preview)
    case .previewInterval: return whole(settings.previewInterval, 1...1000, step: 1)
    }
  }

  /// Keeps an edited value.
  func store(_ value: FormField.Value, in settings: inout GenerationSettings) {
    switch (self, value) {
    case (.sampler, .choice(let index, _)): settings.method = SolverMethod.allCases[index]
    case (.steps, .number(let number, _, _, _)): settings.steps = Int(number)
    case (.laterSteps, .number(let number, _, _, _)): settings.laterSteps = Int(number)
    case (.spacing, .choice(let index, _)):
      settings.spacing = index == 0 ? nil : TimestepSpacing.allCases[index - 1]
    case (.eta, .number(let number, _, _, _)): settings.eta = Self.tidy(number)
    case (.recomputeNoise, .toggle(let isOn)): settings.recomputesNoise = isOn
    case (.guidance, .number(let number, _, _, _)): settings.guidanceScale = Self.tidy(number)
    case (.clips, .number(let number, _, _, _)):
      settings.clipCount = number == 0 ? nil : Int(number)
    case (.seed, .natural(let number)): settings.seed = number
    case (.keepSeed, .toggle(let isOn)): settings.isSeedLocked = isOn
    case (.reencode, .toggle(let isOn)): settings.reencodesCondition = isOn
    case (.precision, .choice(let index, _)): settings.precision = Precision.allCases[index]
    case (.threads, .number(let number, _, _, _)):
      settings.threadCount = number == 0 ? nil : Int(number)
    case (.preview, .choice(let index, _)): settings.preview = PreviewMode.allCases[index]
    case (.previewInterval, .number(let number, _, _, _)): settings.previewInterval = Int(number)
    default: preconditionFailure("a field keeps its kind of value")
    }
  }

  /// Steps of a tenth add up to numbers a little beside those that are shown.
  private static func tidy(_ number: Double) -> Double { (number * 1000).rounded() / 1000 }
}

extension SolverMethod {
  /// What people call the solver.
  package var title: String {
    switch self {
    case .ddpm: "DDPM"
    case .ddim: "DDIM"
    case .dpmSolverPlusPlus2M: "DPM-Solver++ 2M"
    case .dpmSolverPlusPlus2MStochastic: "DPM-Solver++ 2M SDE"
    case .uniPC: "UniPC"
    }
  }
}
