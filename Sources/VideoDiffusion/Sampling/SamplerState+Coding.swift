import Foundation
import TensorCore

// The format, version 3, all numbers little-endian:
//   magic u32, version u16, method text, spacing text, steps u32, eta f64, clamps u8,
//   recomputes noise u8 (not in version 1), skipped steps u32 (not before version 3), step index u32,
//   samples u32, channels u32, tokens u32;
//   per sample: latent f32[C * N], estimates u8, previous u8 (0 or 1), then that many latents,
//   estimates first and newest first, and the generator's own bytes;
//   checksum u64 over everything before it.
// A text is a length byte and as many bytes of UTF-8.
extension SamplerState {
  // "PVDS", read as a little-endian word.
  private static let magic: UInt32 = 0x5344_5650
  private static let version: UInt16 = 3
  private static let checksumByteCount = 8

  /// The whole state as bytes, the same on every machine.
  ///
  /// About 2.5 KB a sample for its generator and 4 bytes a value for its latent, and as much again
  /// for each latent that the solver remembers (at most three).
  public func encoded() -> [UInt8] {
    let shape = samples[0].latent
    var writer = StateWriter()
    let latentsHeld = 1 + samples[0].history.latentCount
    writer.reserve(
      128 + samples.count
        * (shape.values.count * 4 * latentsHeld + TorchGenerator.encodedByteCount + 2))
    writer.write(Self.magic)
    writer.write(Self.version)
    writer.write(configuration.method.rawValue)
    writer.write(configuration.spacing.rawValue)
    writer.write(UInt32(configuration.steps))
    writer.write(configuration.eta.bitPattern)
    writer.write(UInt8(configuration.clampsPrediction ? 1 : 0))
    writer.write(UInt8(configuration.recomputesNoise ? 1 : 0))
    writer.write(UInt32(configuration.skippedSteps))
    writer.write(UInt32(stepIndex))
    writer.write(UInt32(samples.count))
    writer.write(UInt32(shape.channels))
    writer.write(UInt32(shape.tokenCount))
    for sample in samples {
      writer.write(sample.latent.values)
      writer.write(UInt8(sample.history.cleanEstimates.count))
      writer.write(UInt8(sample.history.previousLatent == nil ? 0 : 1))
      for estimate in sample.history.cleanEstimates { writer.write(estimate.values) }
      if let previous = sample.history.previousLatent { writer.write(previous.values) }
      writer.write(sample.generator.encoded())
    }
    writer.write(FNV1a.hash(writer.bytes[...]))
    return writer.bytes
  }

  /// Restores a run that goes on exactly as the encoded one would have.
  ///
  /// - Parameter bytes: what `encoded()` gave.
  /// - Throws: `SamplingError.stateDamaged` for anything else; damaged bytes never trap.
  public init(decoding bytes: [UInt8]) throws(SamplingError) {
    var header = StateReader(bytes[...])
    guard try header.word(UInt32.self) == Self.magic else {
      throw .stateDamaged(.notASamplerState)
    }
    let version = try header.word(UInt16.self)
    guard (1...Self.version).contains(version) else {
      throw .stateDamaged(.unknownVersion(Int(version)))
    }
    guard header.remaining >= Self.checksumByteCount else {
      throw .stateDamaged(
        .truncated(offset: bytes.count - header.remaining, needed: Self.checksumByteCount))
    }
    let end = bytes.count - Self.checksumByteCount
    var checksum = StateReader(bytes[end...])
    guard try checksum.word(UInt64.self) == FNV1a.hash(bytes[..<end]) else {
      throw .stateDamaged(.checksumMismatch)
    }
    var reader = StateReader(bytes[..<end])
    _ = try reader.raw(6)
    try self.init(reading: &reader, version: version)
    guard reader.remaining == 0 else { throw .stateDamaged(.trailingBytes(reader.remaining)) }
  }

  /// Reads everything between the version and the checksum. The checksum guards against damage
  /// only, so every field is still judged by itself.
  private init(reading reader: inout StateReader, version: UInt16) throws(SamplingError) {
    let configuration = try Self.readConfiguration(&reader, version: version)
    let stepIndex = Int(try reader.word(UInt32.self))
    guard stepIndex <= configuration.stepsTaken else {
      throw Self.invalid("step index", UInt64(stepIndex))
    }
    let sampleCount = Int(try reader.word(UInt32.self))
    guard sampleCount > 0 else { throw Self.invalid("samples", 0) }
    let channels = Int(try reader.word(UInt32.self))
    guard channels > 0 else { throw Self.invalid("channels", 0) }
    let tokenCount = Int(try reader.word(UInt32.self))
    let (valueCount, overflows) = channels.multipliedReportingOverflow(by: tokenCount)
    guard valueCount > 0, !overflows else { throw Self.invalid("tokens", UInt64(tokenCount)) }

    var samples: [SampleState] = []
    for index in 0..<sampleCount {
      func latent() throws(SamplingError) -> Latent {
        Latent(
          values: try reader.floats(valueCount), channels: channels, tokenCount: tokenCount)
      }
      let current = try latent()
      let estimateCount = try reader.word(UInt8.self)
      let hasPrevious = try Self.readFlag(&reader, name: "previous latent")
      var estimates: [Latent] = []
      for _ in 0..<estimateCount { estimates.append(try latent()) }
      let previous = hasPrevious ? try latent() : nil
      let generatorBytes = try reader.raw(TorchGenerator.encodedByteCount)
      guard let generator = try? TorchGenerator(decoding: generatorBytes) else {
        throw .stateDamaged(.invalidGenerator(sample: index))
      }
      samples.append(
        SampleState(
          latent: current,
          history: SolverHistory(cleanEstimates: estimates, previousLatent: previous),
          generator: generator))
    }
    self.init(configuration: configuration, stepIndex: stepIndex, samples: samples)
  }

  private static func readConfiguration(
    _ reader: inout StateReader, version: UInt16
  ) throws(SamplingError) -> SamplerConfiguration {
    guard let method = SolverMethod(rawValue: try reader.text()) else {
      throw invalid("method", 0)
    }
    guard let spacing = TimestepSpacing(rawValue: try reader.text()) else {
      throw invalid("spacing", 0)
    }
    let steps = Int(try reader.word(UInt32.self))
    guard (1...DiffusionSchedule.maximumStepCount).contains(steps) else {
      throw invalid("steps", UInt64(steps))
    }
    let eta = Double(bitPattern: try reader.word(UInt64.self))
    guard (0...1).contains(eta) else { throw invalid("eta", eta.bitPattern) }
    let clamps = try readFlag(&reader, name: "clamps")
    let recomputes = version > 1 ? try readFlag(&reader, name: "recomputes noise") : false
    let skipped = version > 2 ? Int(try reader.word(UInt32.self)) : 0
    guard skipped <= steps else { throw invalid("skipped steps", UInt64(skipped)) }
    return SamplerConfiguration(
      method: method, steps: steps, spacing: spacing, eta: eta, clampsPrediction: clamps,
      recomputesNoise: recomputes, skippedSteps: skipped)
  }

  private static func readFlag(
    _ reader: inout StateReader, name: String
  ) throws(SamplingError) -> Bool {
    let flag = try reader.word(UInt8.self)
    guard flag <= 1 else { throw invalid(name, UInt64(flag)) }
    return flag == 1
  }

  private static func invalid(_ name: String, _ value: UInt64) -> SamplingError {
    .stateDamaged(.invalidField(name: name, value: value))
  }
}

extension SamplerState: Codable {
  /// Encodes the bytes of `encoded()` as one data value.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Data(encoded()))
  }

  /// Decodes what `encode(to:)` wrote; a damaged state throws `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let bytes = [UInt8](try container.decode(Data.self))
    do {
      try self.init(decoding: bytes)
    } catch {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "not a saved sampler state",
          underlyingError: error))
    }
  }
}
