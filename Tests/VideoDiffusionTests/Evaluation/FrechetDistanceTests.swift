import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The Frechet distance against the golden value and its own properties.
struct FrechetDistanceTests {
  private static func features(_ count: Int, _ width: Int, seed: UInt64) -> [[Float]] {
    var numbers = SeededNumbers(seed)
    return (0..<count).map { _ in numbers.floats(width, scale: 3) }
  }

  @Test(
    "the golden distance is met within 1e-6")
  func golden() throws {
    let golden = try GoldenFile(named: "evaluation.safetensors")
    func rows(_ name: String) throws -> [[Float]] {
      let (values, shape) = (try golden.float(name), try golden.shape(name))
      return (0..<shape[0]).map { Array(values[($0 * shape[1])..<(($0 + 1) * shape[1])]) }
    }
    let distance = try FrechetDistance.between(rows("frechet_a"), rows("frechet_b"))
    let entry = try #require(golden.checkpoint.tensors.first { $0.name == "frechet" })
    let expected = try golden.checkpoint.withBytes(of: entry) {
      $0.loadUnaligned(as: Double.self)
    }
    #expect(abs(distance - expected) / expected < 1e-6)
  }

  @Test(
    "a set is at distance 0 from itself, in any order, with few clips or many", arguments: [3, 50])
  func itself(count: Int) throws {
    let set = Self.features(count, 12, seed: 1)
    #expect(abs(try FrechetDistance.between(set, set)) < 1e-6)
    #expect(abs(try FrechetDistance.between(set, set.reversed())) < 1e-6)
  }

  @Test("the distance is symmetric")
  func symmetric() throws {
    let (a, b) = (Self.features(40, 12, seed: 1), Self.features(30, 12, seed: 2))
    let there = try FrechetDistance.between(a, b)
    let back = try FrechetDistance.between(b, a)
    #expect(there > 0.1 && abs(there - back) < 1e-8 * there)
  }

  @Test("sets that differ by a shift are at its squared length")
  func shift() throws {
    let set = Self.features(60, 8, seed: 3)
    let shifted = set.map { row in row.enumerated().map { $1 + ($0 == 2 ? 4 : $0 == 5 ? -3 : 0) } }
    #expect(abs(try FrechetDistance.between(set, shifted) - 25) < 1e-4)
  }

  @Test("a set that is twice as wide is at the sum of the variances")
  func scale() throws {
    // With mean 0 and covariance S against 4 S: trace(S + 4 S - 2 * 2 S) = trace(S).
    var set = Self.features(60, 6, seed: 4)
    set += set.map { $0.map { -$0 } }
    let squares = set.flatMap { $0 }.reduce(0.0) { $0 + Double($1) * Double($1) }
    let variance = squares / Double(set.count - 1)
    let distance = try FrechetDistance.between(set, set.map { $0.map { 2 * $0 } })
    #expect(abs(distance - variance) < 1e-4)
  }

  @Test("too few clips, other lengths and damaged features are refused")
  func faults() {
    let set = Self.features(5, 4, seed: 1)
    #expect(throws: EvaluationError.tooFewForCovariance(clips: 1, of: "the second set")) {
      try FrechetDistance.between(set, [set[0]])
    }
    #expect(throws: EvaluationError.tooFewForCovariance(clips: 0, of: "the first set")) {
      try FrechetDistance.between([], set)
    }
    #expect(throws: EvaluationError.featureCounts(4, 3)) {
      try FrechetDistance.between(set, set.map { Array($0.prefix(3)) })
    }
    var damaged = set
    damaged[3][1] = .infinity
    #expect(throws: EvaluationError.featureNotFinite(clip: 3)) {
      try FrechetDistance.between(set, damaged)
    }
  }
}
