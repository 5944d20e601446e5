import TestSupport
import Testing
import VideoDiffusion

/// The tables against those of the original.
@Suite struct DiffusionScheduleTests {
  static let tables: [(String, @Sendable (DiffusionSchedule) -> [Float])] = [
    ("betas", { $0.betas }),
    ("alphas_cumprod", { $0.alphasCumulative }),
    ("sqrt_recip_alphas_cumprod", { $0.squareRootReciprocalAlphasCumulative }),
    ("sqrt_recipm1_alphas_cumprod", { $0.squareRootReciprocalMinusOneAlphasCumulative }),
    ("posterior_mean_coef1", { $0.posteriorMeanCleanCoefficients }),
    ("posterior_mean_coef2", { $0.posteriorMeanNoisyCoefficients }),
    ("posterior_log_variance_clipped", { $0.posteriorLogVariancesClipped }),
  ]

  @Test func tablesAreBitExact() throws {
    let golden = try GoldenFile(named: "schedule-1000.safetensors")
    #expect(golden.keys == Self.tables.map(\.0).sorted())
    for (name, table) in Self.tables {
      let found = table(.published)
      #expect(maximumUnitsInLastPlace(found, try golden.float(name)) == 0, "\(name)")
    }
  }

  @Test func noisingTablesAreConsistent() {
    let schedule = DiffusionSchedule.published
    for timestep in 0..<1000 {
      let signal = schedule.squareRootAlphasCumulative[timestep]
      let noise = schedule.squareRootOneMinusAlphasCumulative[timestep]
      #expect(abs(signal * signal + noise * noise - 1) < 1e-6)
      #expect(abs(signal * signal - schedule.alphasCumulative[timestep]) < 1e-6)
    }
  }

  @Test func noiseLevelsFallTowardClean() {
    let schedule = DiffusionSchedule.published
    let levels = (-1..<1000).map { schedule.noiseLevel(at: $0) }
    #expect(levels[0].signal == 1 && levels[0].noise == 0)
    #expect(levels[0].halfLogSignalToNoise == .infinity)
    for (lower, higher) in zip(levels, levels.dropFirst()) {
      #expect(lower.noiseToSignal < higher.noiseToSignal)
      #expect(lower.halfLogSignalToNoise > higher.halfLogSignalToNoise)
    }
  }

  @Test func otherLengthsKeepTheEndsOfBeta() throws {
    let schedule = try DiffusionSchedule(stepCount: 50)
    #expect(schedule.betas.count == 50)
    #expect(schedule.betas[0] == DiffusionSchedule.published.betas[0])
    #expect(schedule.betas[49] == DiffusionSchedule.published.betas[999])
    #expect(try DiffusionSchedule(stepCount: 1).betas == [schedule.betas[0]])
  }

  @Test func parametersOutOfRangeAreRefused() {
    for count in [0, -1, DiffusionSchedule.maximumStepCount + 1] {
      #expect(
        throws: SamplingError.scheduleStepCountOutOfRange(
          found: count, limit: DiffusionSchedule.maximumStepCount)
      ) { try DiffusionSchedule(stepCount: count) }
    }
    for (start, end) in [(0, 0.1), (-0.1, 0.1), (0.2, 0.1), (0.1, 1), (.nan, 0.1), (0.1, .nan)] {
      #expect(throws: SamplingError.self) {
        try DiffusionSchedule(stepCount: 10, betaStart: start, betaEnd: end)
      }
    }
  }
}
