import Foundation
import TestSupport
import Testing
import VideoDiffusion

/// Settings: their names, their ranges and their storage.
@Suite struct SamplerConfigurationTests {
  @Test func methodsHaveTheirNames() {
    let names = SolverMethod.allCases.map(\.rawValue)
    #expect(names == ["ddpm", "ddim", "dpmpp-2m", "dpmpp-2m-sde", "unipc", "distilled"])
    #expect(SolverMethod(rawValue: "euler") == nil)
  }

  @Test func methodsDifferInWhatTheyTake() {
    #expect(Set(SolverMethod.allCases.map(\.title)).count == SolverMethod.allCases.count)
    #expect(SolverMethod.allCases.filter(\.takesEveryStep) == [.ddpm])
    #expect(SolverMethod.allCases.filter(\.usesEta) == [.ddim])
    for method in SolverMethod.allCases {
      #expect(method.defaultSpacing == (method.order == 1 ? .published : .karras))
    }
  }

  @Test(arguments: SolverMethod.allCases) func stepsOutOfRangeAreRefused(method: SolverMethod) {
    for steps in [0, -5, 1001] {
      let configuration = SamplerConfiguration(method: method, steps: steps)
      #expect(throws: SamplingError.stepCountOutOfRange(found: steps, limit: 1000)) {
        try configuration.validate()
      }
      #expect(throws: SamplingError.self) { try Sampler(configuration: configuration) }
    }
    #expect(throws: Never.self) {
      try SamplerConfiguration(method: method, steps: 1000).validate()
    }
  }

  @Test func ancestralSamplingNeedsEveryStep() throws {
    #expect(throws: SamplingError.ancestralNeedsEveryStep(found: 50, schedule: 1000)) {
      try SamplerConfiguration(method: .ddpm, steps: 50).validate()
    }
    let short = try DiffusionSchedule(stepCount: 50)
    try SamplerConfiguration(method: .ddpm, steps: 50).validate(for: short)
  }

  @Test(arguments: [-0.1, 1.1, .infinity, -.infinity, .nan])
  func etaOutOfRangeIsRefused(eta: Double) {
    do {
      try SamplerConfiguration(eta: eta).validate()
      Issue.record("accepted")
    } catch {
      guard case .etaOutOfRange(let found) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(found.bitPattern == eta.bitPattern)
    }
  }

  @Test func settingsSurviveJSON() throws {
    for method in SolverMethod.allCases {
      let configuration = SamplerConfiguration(
        method: method, steps: 20, spacing: .trailing, eta: 0.3, clampsPrediction: false,
        recomputesNoise: true)
      let data = try JSONEncoder().encode(configuration)
      #expect(try JSONDecoder().decode(SamplerConfiguration.self, from: data) == configuration)
    }
  }

  @Test func settingsOfOlderVersionsDoNotRecomputeNoise() throws {
    let text =
      #"{"clampsPrediction":true,"eta":0,"method":"ddim","spacing":"published","steps":50}"#
    let read = try JSONDecoder().decode(SamplerConfiguration.self, from: Data(text.utf8))
    #expect(read == SamplerConfiguration(steps: 50, eta: 0))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    #expect(String(decoding: try encoder.encode(read), as: UTF8.self) == text)
  }

  @Test func guidanceWeighsBothPredictions() {
    let conditional = Latent(values: [1, -2, 0.5, 0], tokenCount: 1)
    let unconditional = Latent(values: [0.5, 1, 0.5, -1], tokenCount: 1)
    func guided(_ scale: Double) -> [Float] {
      Guidance.guided(conditional: conditional, unconditional: unconditional, scale: scale).values
    }
    #expect(guided(1.5) == [1.75, -6.5, 0.5, 1.5])
    #expect(guided(0) == conditional.values)
    #expect(guided(-1) == unconditional.values)
    #expect(!Guidance.needsUnconditional(scale: 0) && Guidance.needsUnconditional(scale: 1.5))
  }

  @Test func clipSeedsAreThoseOfTheOriginal() throws {
    let expected: [UInt64] = [7, 1_496_452_567, 4_097_599_004]  // of the golden long video
    #expect(expected.indices.map { ClipSeed.seed(7, clip: $0) } == expected)
    #expect(ClipSeed.seed(.max, clip: 0) == .max)
    #expect(ClipSeed.seed(.max, clip: 5) < 1 << 32)
    #expect(ClipSeed.seed(.max, sample: 1) == 0)
  }
}
