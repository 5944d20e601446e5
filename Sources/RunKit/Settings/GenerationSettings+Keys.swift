import VideoDiffusion

extension GenerationSettings {
  /// A setting's value.
  public subscript(key: SettingKey) -> SettingValue {
    switch key {
    case .sampler: .text(method.rawValue)
    case .spacing: .text(spacing?.rawValue ?? "default")
    case .steps: .integer(steps)
    case .laterSteps: .integer(laterSteps)
    case .eta: .number(eta)
    case .recomputeNoise: .flag(recomputesNoise)
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
    case .recomputeNoise:
      if case .flag(let flag) = value { return assign(\.recomputesNoise, flag) }
      return false
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
