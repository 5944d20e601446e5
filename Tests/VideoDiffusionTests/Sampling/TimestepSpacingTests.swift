import Foundation
import Testing
import VideoDiffusion

/// Which timesteps a short run visits.
@Suite struct TimestepSpacingTests {
  @Test(arguments: TimestepSpacing.allCases)
  func everyStepCountGivesDecreasingTimesteps(spacing: TimestepSpacing) throws {
    for count in 1...1000 {
      let timesteps = try spacing.timesteps(stepCount: count, schedule: .published)
      #expect(timesteps.count == count + 1)
      #expect(timesteps.last == DiffusionSchedule.cleanTimestep)
      #expect(timesteps[0] == 999)
      #expect(timesteps[count - 1] >= 0)
      #expect(zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 > $1 })
    }
  }

  @Test(arguments: TimestepSpacing.allCases, [1, 2, 7, 50])
  func shortSchedulesWork(spacing: TimestepSpacing, total: Int) throws {
    let schedule = try DiffusionSchedule(stepCount: total)
    for count in 1...total {
      let timesteps = try spacing.timesteps(stepCount: count, schedule: schedule)
      #expect(timesteps.count == count + 1)
      #expect(zip(timesteps, timesteps.dropFirst()).allSatisfy { $0 > $1 })
    }
    let all = try spacing.timesteps(stepCount: total, schedule: schedule)
    #expect(all == Array((-1..<total).reversed()))
  }

  @Test(arguments: TimestepSpacing.allCases, [0, -1, 1001, Int.min, Int.max])
  func otherStepCountsAreRefused(spacing: TimestepSpacing, count: Int) {
    #expect(throws: SamplingError.stepCountOutOfRange(found: count, limit: 1000)) {
      try spacing.timesteps(stepCount: count, schedule: .published)
    }
  }

  @Test func publishedTruncatesTowardZero() throws {
    func published(_ count: Int) throws -> [Int] {
      try TimestepSpacing.published.timesteps(stepCount: count, schedule: .published)
    }
    #expect(try published(1) == [999, -1])
    #expect(try published(6) == [999, 832, 665, 499, 332, 165, -1])
    #expect(try published(7) == [999, 856, 713, 570, 427, 284, 141, -1])
    #expect(try published(8) == [999, 874, 749, 624, 499, 374, 249, 124, -1])
    #expect(try Array(published(400).suffix(4)) == [6, 4, 1, -1])
  }

  @Test func commonSpacingsHaveTheirKnownValues() throws {
    let trailing = try TimestepSpacing.trailing.timesteps(stepCount: 7, schedule: .published)
    #expect(trailing == [999, 856, 713, 570, 428, 285, 142, -1])
    let linear = try TimestepSpacing.linear.timesteps(stepCount: 5, schedule: .published)
    #expect(linear == [999, 749, 500, 250, 0, -1])
    let single = try TimestepSpacing.linear.timesteps(stepCount: 1, schedule: .published)
    #expect(single == [999, -1])
  }

  @Test func karrasFollowsItsRootRule() throws {
    let schedule = DiffusionSchedule.published
    let timesteps = try TimestepSpacing.karras.timesteps(stepCount: 10, schedule: schedule)
    #expect(timesteps[0] == 999 && timesteps[9] == 0)
    func root(_ timestep: Int) -> Double {
      pow(schedule.noiseLevel(at: timestep).noiseToSignal, 1.0 / 7)
    }
    // Even up to the rounding to timesteps.
    let strides = zip(timesteps, timesteps.dropFirst()).dropLast().map { root($0) - root($1) }
    let mean = strides.reduce(0, +) / Double(strides.count)
    #expect(strides.allSatisfy { abs($0 - mean) < 0.3 * mean })
  }
}
