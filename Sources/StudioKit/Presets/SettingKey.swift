import VideoDiffusion

/// The settings of a run by the names that preset files use, with what each means and may be.
public enum SettingKey: String, Sendable, Hashable, Codable, CaseIterable {
  case sampler
  case spacing
  case steps
  case laterSteps = "later_steps"
  case eta
  case guidance
  case clips
  case seed
  case reencode
  case precision
  case threads
  case preview
  case previewEvery = "preview_every"

  /// What people call it.
  public var title: String {
    switch self {
    case .laterSteps: "later steps"
    case .reencode: "re-encoding"
    case .previewEvery: "steps between previews"
    default: rawValue
    }
  }

  /// What it does: a sentence without a full stop.
  public var meaning: String {
    switch self {
    case .sampler: "The solver that takes the steps"
    case .spacing: "How the steps are spread over the noise levels"
    case .steps: "Steps of a clip made from nothing; ddpm always takes 1000"
    case .laterSteps: "Steps of each clip that continues another; ddpm always takes 1000"
    case .eta: "Share of fresh noise in each ddim step"
    case .guidance: "How strongly a clip follows the one before it; above 0 doubles the work"
    case .clips: "Clips to make, of 16 frames each"
    case .seed:
      "The same seed and settings make the same video; leave it out for a new one each time"
    case .reencode: "Whether each clip is decoded and encoded again before the next continues it"
    case .precision: "Precision of the networks: f32 is the reference, bf16 the faster"
    case .threads: "Threads to compute with"
    case .preview: "What is shown of a clip in progress"
    case .previewEvery: "Steps from one decoded preview to the next"
    }
  }

  /// The values that it may have, after "expected".
  public var range: String {
    switch self {
    case .sampler: Self.list(SolverMethod.allCases.map(\.rawValue))
    case .spacing: Self.list(["default"] + TimestepSpacing.allCases.map(\.rawValue))
    case .steps, .laterSteps, .previewEvery: "a whole number from 1 to 1000"
    case .eta: "a number from 0 to 1"
    case .guidance: "a number of 0 or more"
    case .clips: "a whole number; 0 goes on until it is stopped"
    case .seed: "a whole number of 0 or more"
    case .reencode: "true or false"
    case .precision: Self.list(Precision.allCases.map(\.rawValue))
    case .threads: "a whole number up to 4096; 0 takes all processors"
    case .preview: Self.list(PreviewMode.allCases.map(\.rawValue))
    }
  }

  private static func list(_ names: [String]) -> String {
    names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }
}

/// A value as files and command lines give it.
public enum SettingValue: Sendable, Hashable {
  case text(String)
  case integer(Int)
  case number(Double)
  case flag(Bool)

  /// The value as TOML writes it.
  public var text: String {
    switch self {
    case .text(let text): text.quotedForTOML
    case .integer(let number): String(number)
    case .number(let number): String(number)
    case .flag(let flag): String(flag)
    }
  }

  /// The value as people read it.
  public var plainText: String {
    if case .text(let text) = self { return text }
    return text
  }

  fileprivate var integer: Int? {
    if case .integer(let value) = self { value } else { nil }
  }

  fileprivate var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  fileprivate var name: String? {
    if case .text(let text) = self { text } else { nil }
  }
}

extension GenerationSettings {
  /// A setting's value.
  public subscript(key: SettingKey) -> SettingValue {
    switch key {
    case .sampler: .text(method.rawValue)
    case .spacing: .text(spacing?.rawValue ?? "default")
    case .steps: .integer(steps)
    case .laterSteps: .integer(laterSteps)
    case .eta: .number(eta)
    case .guidance: .number(guidanceScale)
    case .clips: .integer(clipCount ?? 0)
    // TOML's whole numbers have 63 bits.
    case .seed: Int(exactly: seed).map { .integer($0) } ?? .text(String(seed))
    case .reencode: .flag(reencodesCondition)
    case .precision: .text(precision.rawValue)
    case .threads: .integer(threadCount ?? 0)
    case .preview: .text(preview.rawValue)
    case .previewEvery: .integer(previewInterval)
    }
  }

  /// Changes a setting. A seed that is given is kept from run to run.
  ///
  /// - Returns: `false`, changing nothing, if the value is of another kind or out of range; see
  ///   ``SettingKey/range``.
  public mutating func set(_ key: SettingKey, to value: SettingValue) -> Bool {
    switch key {
    case .sampler: return assign(\.method, value.name.flatMap(SolverMethod.init(rawValue:)))
    case .spacing:
      let named = value.name.flatMap(TimestepSpacing.init(rawValue:))
      guard named != nil || value.name == "default" else { return false }
      spacing = named
      return true
    case .steps: return assign(\.steps, value.integer, in: 1...1000)
    case .laterSteps: return assign(\.laterSteps, value.integer, in: 1...1000)
    case .eta: return assign(\.eta, value.number, in: 0...1)
    case .guidance:
      return assign(\.guidanceScale, value.number, in: 0...Double.greatestFiniteMagnitude)
    case .clips:
      return assign(\.clipCount, value.integer.map { $0 == 0 ? nil : $0 }, in: 1...Int.max)
    case .seed:
      let number =
        value.integer.flatMap { UInt64(exactly: $0) } ?? value.name.flatMap { UInt64($0) }
      if number != nil { isSeedLocked = true }
      return assign(\.seed, number)
    case .reencode:
      if case .flag(let flag) = value { return assign(\.reencodesCondition, flag) }
      return false
    case .precision: return assign(\.precision, value.name.flatMap(Precision.init(rawValue:)))
    case .threads:
      return assign(\.threadCount, value.integer.map { $0 == 0 ? nil : $0 }, in: 1...4096)
    case .preview: return assign(\.preview, value.name.flatMap(PreviewMode.init(rawValue:)))
    case .previewEvery: return assign(\.previewInterval, value.integer, in: 1...1000)
    }
  }

  private mutating func assign<Value>(
    _ path: WritableKeyPath<GenerationSettings, Value>, _ value: Value?
  ) -> Bool {
    guard let value else { return false }
    self[keyPath: path] = value
    return true
  }

  private mutating func assign<Value: Comparable>(
    _ path: WritableKeyPath<GenerationSettings, Value>, _ value: Value?,
    in range: ClosedRange<Value>
  ) -> Bool {
    guard let value, range.contains(value) else { return false }
    self[keyPath: path] = value
    return true
  }

  /// The same for a setting whose `nil` has a meaning of its own.
  private mutating func assign(
    _ path: WritableKeyPath<GenerationSettings, Int?>, _ value: Int??, in range: ClosedRange<Int>
  ) -> Bool {
    guard let value, value.map(range.contains) ?? true else { return false }
    self[keyPath: path] = value
    return true
  }
}
