import Testing
import TrainingKit

/// The pace from which a training's remaining time is told.
struct StepPaceTests {
  private func pace(_ durations: [Double]) -> Double? {
    var pace = StepPace()
    for duration in durations { pace.note(duration) }
    return pace.seconds
  }

  @Test func thereIsNoneBeforeTheFirstStep() { #expect(pace([]) == nil) }

  @Test func theFirstStepCountsOnlyWhileItIsAlone() {
    #expect(pace([9]) == 9)
    #expect(pace([9, 1]) == 1)
    #expect(pace([9, 1, 3]) == 2)
  }

  @Test func itFollowsAMachineThatBecomesSlower() throws {
    let seconds = try #require(
      pace([Double](repeating: 1, count: 1000) + [Double](repeating: 2, count: 200)))
    #expect((1.95...2).contains(seconds))
  }

  @Test func aSuspendedProcessHardlyMatters() throws {
    let seconds = try #require(
      pace([Double](repeating: 1, count: 100) + [3600] + [Double](repeating: 1, count: 50)))
    #expect((1...1.1).contains(seconds))
    // As soon as there is a step to compare with.
    let early = try #require(pace([1, 3600] + [Double](repeating: 1, count: 100)))
    #expect((1...1.2).contains(early))
  }
}
