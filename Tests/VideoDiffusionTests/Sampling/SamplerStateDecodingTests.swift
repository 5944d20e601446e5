import Foundation
import TensorCore
import Testing
import VideoDiffusion

/// Saved states that are damaged: they throw, and never trap.
@Suite struct SamplerStateDecodingTests {
  private let bytes: [UInt8]

  init() throws {
    let model = AnalyticModel(mean: 0.1, deviation: 0.4, schedule: .published)
    let sampler = try Sampler(configuration: SamplerConfiguration(method: .uniPC, steps: 9))
    let start = try sampler.initialState(seed: 12, sampleCount: 2, tokenCount: 3)
    bytes = try model.run(sampler, from: start, steps: 4).encoded()
  }

  private func sealed(_ body: [UInt8]) -> [UInt8] {
    body + withUnsafeBytes(of: FNV1a.hash(body[...]).littleEndian) { Array($0) }
  }

  @Test func everyTruncationIsRefused() {
    for count in 0..<bytes.count {
      #expect(throws: SamplingError.self) {
        try SamplerState(decoding: Array(bytes.prefix(count)))
      }
    }
    // The same with a checksum that fits, so that the fields themselves run out.
    for count in 6..<(bytes.count - 8) {
      #expect(throws: SamplingError.self) {
        try SamplerState(decoding: sealed(Array(bytes.prefix(count))))
      }
    }
  }

  @Test func everyMutationIsNoticed() {
    var random = TorchGenerator(seed: 31)
    for _ in 0..<3000 {
      var mutated = bytes
      let place = Int(random.nextInteger(below: UInt64(bytes.count)))
      mutated[place] ^= UInt8(1 + random.nextInteger(below: 255))
      #expect(throws: SamplingError.self) { try SamplerState(decoding: mutated) }
    }
  }

  @Test func mutationsBehindAFittingChecksumNeverTrap() throws {
    var random = TorchGenerator(seed: 32)
    let body = bytes.dropLast(8)
    let header: UInt64 = 64
    var refused = 0
    for _ in 0..<4000 {
      var mutated = Array(body)
      let reach = random.nextInteger(below: 3) == 0 ? UInt64(body.count) : header
      for _ in 0...random.nextInteger(below: 3) {
        let place = Int(random.nextInteger(below: reach))
        mutated[place] =
          random.nextInteger(below: 2) == 0
          ? UInt8(random.nextInteger(below: 4)) : UInt8(truncatingIfNeeded: random.nextUInt32())
      }
      guard let state = try? SamplerState(decoding: sealed(mutated)) else {
        refused += 1
        continue
      }
      // What is accepted must also be safe to go on from.
      guard let sampler = try? Sampler(configuration: state.configuration) else { continue }
      let zeros = state.latents.map {
        Latent(
          values: [Float](repeating: 0, count: $0.values.count), channels: $0.channels,
          tokenCount: $0.tokenCount)
      }
      _ = try? sampler.step(state, noisePredictions: zeros)
    }
    #expect(refused > 1000)
  }

  @Test func refusalsSayWhy() {
    func damage(_ change: (inout [UInt8]) -> Void) -> StateDamage? {
      var body = Array(bytes.dropLast(8))
      change(&body)
      do {
        _ = try SamplerState(decoding: sealed(body))
        return nil
      } catch {
        guard case .stateDamaged(let damage) = error else { return nil }
        return damage
      }
    }
    #expect(damage { _ in } == nil)
    #expect(damage { $0[0] = 0 } == .notASamplerState)
    #expect(damage { $0[4] = 9 } == .unknownVersion(9))
    #expect(damage { $0.append(0) } == .trailingBytes(1))
    #expect(damage { $0[7] = UInt8(ascii: "x") } == .invalidField(name: "method", value: 0))
    var torn = bytes
    torn[torn.count - 1] ^= 1
    #expect(throws: SamplingError.stateDamaged(.checksumMismatch)) {
      try SamplerState(decoding: torn)
    }
    // The last generator's format word lies one encoded generator before the end.
    let generator = bytes.count - 8 - TorchGenerator.encodedByteCount
    #expect(damage { $0[generator] ^= 1 } == .invalidGenerator(sample: 1))
  }

  @Test func aStateOfTheFirstVersionsIsReadAndDoesNotRecomputeNoiseOrSkipSteps() throws {
    let flag = 6 + 1 + "unipc".utf8.count + 1 + "karras".utf8.count + 4 + 8 + 1
    var body = Array(bytes.dropLast(8))
    #expect(body[flag] == 0)
    for version in [2, 1] as [UInt8] {
      // The third version added a number, the second the flag before it.
      body.removeSubrange(version == 2 ? (flag + 1)..<(flag + 5) : flag..<(flag + 1))
      body[4] = version
      let state = try SamplerState(decoding: sealed(body))
      #expect(try state == SamplerState(decoding: bytes))
      #expect(!state.configuration.recomputesNoise && state.configuration.skippedSteps == 0)
    }
  }

  @Test func moreSkippedStepsThanThereAreAreRefused() {
    let skipped = 6 + 1 + "unipc".utf8.count + 1 + "karras".utf8.count + 4 + 8 + 2
    var body = Array(bytes.dropLast(8))
    body[skipped] = 10
    #expect(
      throws: SamplingError.stateDamaged(.invalidField(name: "skipped steps", value: 10))
    ) { try SamplerState(decoding: sealed(body)) }
  }

  @Test func hugeCountsAllocateNothing() {
    // Step index, samples, channels and tokens lie behind two texts, steps, eta, two flags and the steps
    // left out.
    let counts = 6 + 1 + "unipc".utf8.count + 1 + "karras".utf8.count + 4 + 8 + 2 + 4 + 4
    for field in 0..<3 {
      var body = Array(bytes.dropLast(8))
      for place in 0..<4 { body[counts + 4 * field + place] = 0xFF }
      #expect(throws: SamplingError.self) { try SamplerState(decoding: sealed(body)) }
    }
    var body = Array(bytes.dropLast(8))
    for place in 4..<12 { body[counts + place] = 0xFF }
    #expect(throws: SamplingError.self) { try SamplerState(decoding: sealed(body)) }
  }
}
