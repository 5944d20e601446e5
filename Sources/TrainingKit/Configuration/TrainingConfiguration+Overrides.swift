import HandwrittenText

extension TrainingConfiguration {
  /// Changes a setting to what was typed, for example `diffusion_training.steps` to `100`.
  ///
  /// Settings that depend on each other may be changed one after the other; ``validate()`` then says
  /// whether they fit.
  ///
  /// - Parameters:
  ///   - name: The full name, or the part after the period where that is clear.
  ///   - stage: The stage that is trained, whose table a short name such as `steps` means.
  /// - Throws: ``TrainingConfigurationError`` if there is no such setting, the name is not clear, or
  ///   the value is of another kind or out of range.
  public mutating func set(
    _ name: String, to text: String, stage: TrainingStage? = nil
  ) throws {
    let setting = try Self.setting(name, stage: stage)
    guard setting.set(typed: text, in: &self) else {
      throw TrainingConfigurationError(
        .value(
          setting: setting.name, found: text.isEmpty ? "empty" : text, expected: setting.range))
    }
  }

  /// Applies assignments such as `denoiser.base_width=64`, and checks that the whole can be used.
  ///
  /// - Throws: ``TrainingConfigurationError``.
  public mutating func apply(_ assignments: [String], stage: TrainingStage? = nil) throws {
    for assignment in assignments {
      guard let equals = assignment.firstIndex(of: "=") else {
        throw TrainingConfigurationError(.noValue(assignment))
      }
      let name = assignment[..<equals].filter { $0 != " " }
      let text = assignment[assignment.index(after: equals)...]
      try set(name, to: String(text), stage: stage)
    }
    if !assignments.isEmpty { try validate() }
  }

  private static func setting(_ name: String, stage: TrainingStage?) throws -> TrainingSetting {
    if let setting = TrainingSetting.named(name) { return setting }
    let sameKey = TrainingSetting.all.filter { $0.key == name }
    let table = stage.map(TrainingSetting.Table.init)
    if let ofStage = sameKey.first(where: { $0.table == table }) { return ofStage }
    if sameKey.count == 1, let only = sameKey.first { return only }
    if sameKey.count > 1 {
      throw TrainingConfigurationError(
        .ambiguousSetting(name, candidates: sameKey.map(\.name)))
    }
    let names = TrainingSetting.all.map(\.name)
    let suggestion =
      NearestName.find(name, in: names)
      ?? NearestName.find(name, in: TrainingSetting.all.map(\.key))
    throw TrainingConfigurationError(.unknownSetting(name, suggestion: suggestion))
  }
}
