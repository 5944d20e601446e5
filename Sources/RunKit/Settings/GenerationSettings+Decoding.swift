import VideoDiffusion

extension GenerationSettings {
  enum CodingKeys: String, CodingKey {
    case method, spacing, steps, laterSteps, eta, recomputesNoise, guidanceScale, clipCount, seed
    case isSeedLocked, reencodesCondition, precision, threadCount, preview, previewInterval
  }

  /// Reads settings; what an older version of the program did not store has its usual value.
  ///
  /// - Throws: `DecodingError` if a setting is out of its range, so that whatever was read can be
  ///   counted with.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ usual: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: key) ?? usual
    }
    self.init()
    method = try value(.method, method)
    spacing = try container.decodeIfPresent(TimestepSpacing.self, forKey: .spacing)
    steps = try value(.steps, steps)
    laterSteps = try value(.laterSteps, laterSteps)
    eta = try value(.eta, eta)
    recomputesNoise = try value(.recomputesNoise, recomputesNoise)
    guidanceScale = try value(.guidanceScale, guidanceScale)
    clipCount = try container.decodeIfPresent(Int.self, forKey: .clipCount)
    seed = try value(.seed, seed)
    isSeedLocked = try value(.isSeedLocked, isSeedLocked)
    reencodesCondition = try value(.reencodesCondition, reencodesCondition)
    precision = try value(.precision, precision)
    threadCount = try container.decodeIfPresent(Int.self, forKey: .threadCount)
    preview = try value(.preview, preview)
    previewInterval = try value(.previewInterval, previewInterval)
    if let problem = problems.first {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: problem.sentence))
    }
  }
}
