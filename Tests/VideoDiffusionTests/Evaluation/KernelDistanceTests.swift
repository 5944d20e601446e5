import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The kernel distance against an independent value and its own properties.
@Suite struct KernelDistanceTests {
  private static func features(_ count: Int, _ width: Int, seed: UInt64) -> [[Float]] {
    var numbers = SeededNumbers(seed)
    return (0..<count).map { _ in numbers.floats(width, scale: 3) }
  }

  /// The estimate as it is written, pair by pair.
  private static func estimate(_ a: [[Float]], _ b: [[Float]]) -> Double {
    func kernel(_ x: [Float], _ y: [Float]) -> Double {
      let product = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let sum = product / Double(x.count) + 1
      return sum * sum * sum
    }
    func within(_ set: [[Float]]) -> Double {
      var sum = 0.0
      for i in set.indices {
        for j in set.indices where i != j { sum += kernel(set[i], set[j]) }
      }
      return sum / Double(set.count * (set.count - 1))
    }
    var between = 0.0
    for x in a { for y in b { between += kernel(x, y) } }
    return within(a) + within(b) - 2 * between / Double(a.count * b.count)
  }

  @Test(
    "what NumPy computes of the golden features is met within 1e-9",
    .enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
  func golden() throws {
    let golden = try GoldenFile(named: "evaluation.safetensors")
    func rows(_ name: String) throws -> [[Float]] {
      let (values, shape) = (try golden.float(name), try golden.shape(name))
      return (0..<shape[0]).map { Array(values[($0 * shape[1])..<(($0 + 1) * shape[1])]) }
    }
    // u(k(a, a)) + u(k(b, b)) - 2 mean(k(a, b)) with k = lambda x, y: (x @ y.T / d + 1) ** 3
    let expected = 288.03180246395414
    let distance = try KernelDistance(rows("frechet_a"), rows("frechet_b"))
    #expect(abs(distance.value - expected) < 1e-9 * abs(expected))
  }

  @Test("the estimate is that of all pairs, and its bounds hold it", arguments: [(2, 3), (20, 31)])
  func pairs(first: Int, second: Int) throws {
    let (a, b) = (Self.features(first, 7, seed: 1), Self.features(second, 7, seed: 2))
    let distance = try KernelDistance(a, b)
    let expected = Self.estimate(a, b)
    #expect(abs(distance.value - expected) < 1e-9 * max(abs(expected), 1))
    #expect(distance.interval.lowerBound < distance.interval.upperBound)
    let back = try KernelDistance(b, a)
    #expect(abs(back.value - distance.value) < 1e-9 * max(abs(expected), 1))
    #expect(try KernelDistance(a, b) == distance)
    // Two clips leave no choice of resamplings.
    guard first > 2 else { return }
    #expect(distance.interval.contains(distance.value))
    #expect(try KernelDistance(a, b, seed: 1).interval != distance.interval)
  }

  @Test("sets of one kind are about 0 apart, by few clips or many, and others are not")
  func kinds() throws {
    for count in [10, 200] {
      let set = Self.features(count, 6, seed: 3)
      let alike = try KernelDistance(set, Self.features(count, 6, seed: 4))
      let other = try KernelDistance(
        set, Self.features(count, 6, seed: 5).map { $0.map { $0 + 4 } })
      #expect(alike.interval.contains(0), "\(alike)")
      #expect(!other.interval.contains(0) && other.value > 10 * abs(alike.value), "\(other)")
    }
    let few = try KernelDistance(Self.features(10, 6, seed: 3), Self.features(10, 6, seed: 4))
    let many = try KernelDistance(Self.features(200, 6, seed: 3), Self.features(200, 6, seed: 4))
    func width(_ distance: KernelDistance) -> Double {
      distance.interval.upperBound - distance.interval.lowerBound
    }
    #expect(width(many) < width(few) / 2)
  }

  @Test("too few clips, lengths that differ and values that are no numbers are refused")
  func refused() {
    let set = Self.features(4, 3, seed: 1)
    #expect(throws: EvaluationError.tooFewForCovariance(clips: 1, of: "the first set")) {
      try KernelDistance([set[0]], set)
    }
    #expect(throws: EvaluationError.tooFewForCovariance(clips: 0, of: "the second set")) {
      try KernelDistance(set, [])
    }
    #expect(throws: EvaluationError.featureCounts(3, 2)) {
      try KernelDistance(set, [[1, 2], [3, 4]])
    }
    #expect(throws: EvaluationError.featureNotFinite(clip: 1)) {
      try KernelDistance(set, [[1, 2, 3], [1, .nan, 3]])
    }
  }
}
