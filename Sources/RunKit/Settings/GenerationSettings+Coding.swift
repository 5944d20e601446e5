extension GenerationSettings: Codable {
  /// Reads settings; what an older version of the program did not store has its usual value.
  ///
  /// - Throws: `DecodingError` if a setting is out of its range, so that whatever was read can be
  ///   counted with.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: GenerationSetting.Name.self)
    self.init()
    for setting in GenerationSetting.all { try setting.storage.decode(&self, container) }
    if let problem = problems.first {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: problem.sentence))
    }
  }

  /// Stores settings; one that makes no choice is left out.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: GenerationSetting.Name.self)
    for setting in GenerationSetting.all { try setting.storage.encode(self, &container) }
  }
}
