/// What can go wrong when sampling is set up, stepped or resumed.
public enum SamplingError: Error, Hashable, Sendable {
  /// A schedule needs at least one step; `limit` keeps tables and timesteps in reasonable bounds.
  case scheduleStepCountOutOfRange(found: Int, limit: Int)
  /// Beta's ends must be finite with `0 < start <= end < 1`.
  case betaRangeInvalid(start: Double, end: Double)
  /// The number of sampling steps must be in `1...limit`.
  case stepCountOutOfRange(found: Int, limit: Int)
  /// DDPM walks every step of its schedule.
  case ancestralNeedsEveryStep(found: Int, schedule: Int)
  /// Eta must be in `0...1`; NaN is out of range too.
  case etaOutOfRange(Double)
  /// The number of steps that are left out must be in `0...limit`.
  case skippedStepsOutOfRange(found: Int, limit: Int)
  /// A batch needs at least one sample, and a sample at least one token.
  case emptyBatch(samples: Int, tokens: Int)
  /// The samples given for a step, and those in the state, differ in number.
  case sampleCountMismatch(expected: Int, found: Int)
  /// Sample `sample` has another shape than the rest of the state.
  case shapeMismatch(sample: Int, expectedValues: Int, foundValues: Int)
  /// The network's prediction for sample `sample` holds NaN or infinity.
  case predictionNotFinite(sample: Int, timestep: Int)
  /// All `steps` steps are done.
  case alreadyFinished(steps: Int)
  /// The state was made under other settings than the sampler's.
  case configurationMismatch(state: SamplerConfiguration, sampler: SamplerConfiguration)
  /// The solver's memory in the state does not fit its step.
  case historyMismatch(sample: Int, expected: Int, found: Int)
  /// The bytes of a saved state were refused.
  case stateDamaged(StateDamage)
}

/// Why the bytes of a saved `SamplerState` were refused.
public enum StateDamage: Hashable, Sendable {
  /// The first bytes are not those of a sampler state.
  case notASamplerState
  /// A version of the format that this build does not read.
  case unknownVersion(Int)
  /// The bytes end before `needed` more could be read at `offset`.
  case truncated(offset: Int, needed: Int)
  /// Bytes are left over after the last field.
  case trailingBytes(Int)
  /// The checksum over all other bytes does not match.
  case checksumMismatch
  /// A field holds a value outside its range.
  case invalidField(name: String, value: UInt64)
  /// The random generator of sample `sample` could not be restored.
  case invalidGenerator(sample: Int)
}
