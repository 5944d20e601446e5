import Foundation
import TensorCore
import TestSupport
import Testing

/// The gradients of attention against central differences, for every pattern that the networks use.
@Suite(.onEveryDevice)
struct AttentionGradientTests {
  private func input(_ shape: [Int]) -> GradientCheck.Input {
    var numbers = SeededNumbers(8)
    return GradientCheck.Input(
      name: "qkv", values: numbers.floats(shape.reduce(1, *)), shape: shape)
  }

  private func check(
    tokens: Int, heads: Int, width: Int, _ layout: HeadLayout, _ patterns: [AttentionPattern],
    isRotary: Bool = false, isMeaningful: [Bool]? = nil, _ comment: String = ""
  ) throws {
    var check = try GradientCheck([input([tokens, 3 * heads * width])]) { x, context in
      var numbers = SeededNumbers(5)
      let rotary =
        isRotary
        ? try context.prepareRotary(
          angles: numbers.floats(patterns[0].length * width, scale: 2), width: width) : nil
      return try context.attention(
        x[0], heads: heads, layout: layout, patterns, scale: 1 / Float(width).squareRoot(),
        rotary: rotary)
    }
    check.isMeaningful = isMeaningful
    try check.run(step: 2e-2, tolerance: 0.02, comment)
  }

  @Test(arguments: [HeadLayout.queryKeyValue, .perHead], [false, true])
  func oneSequence(_ layout: HeadLayout, isRotary: Bool) throws {
    for (length, width) in [(1, 4), (5, 8), (16, 64), (50, 20)] where length > 1 {
      try check(
        tokens: length, heads: 2, width: width, layout,
        [AttentionPattern(runs: [0..<length], sequences: 1, outerStride: length)],
        isRotary: isRotary, "\(length) tokens, \(width) channels")
    }
  }

  @Test func sequencesAlongEveryAxisOfAVolume() throws {
    let volume = TokenVolume(depth: 3, height: 4, width: 5)
    for axis in [TokenVolume.Axis.depth, .height, .width] {
      try check(
        tokens: volume.tokenCount, heads: 2, width: 8, .queryKeyValue,
        [volume.sequences(along: axis)], isRotary: true, "\(axis)")
    }
  }

  @Test func planesByThemselvesAndTogether() throws {
    let stack = ImageStack(width: 4, heights: [4, 2, 6])
    let planes = stack.heights.indices.map(stack.tokens(of:))
    for runs in [planes.map { [$0] }, [planes]] {
      try check(
        tokens: 2 * stack.tokenCount, heads: 2, width: 6, .perHead,
        runs.map { AttentionPattern(runs: $0, sequences: 2, outerStride: stack.tokenCount) })
    }
  }

  @Test func onlyTheFirstPositionAsks() throws {
    let length = 7
    let meaningful = (0..<(3 * length * 16)).map { $0 / 16 % length == 0 }
    try check(
      tokens: 3 * length, heads: 2, width: 8, .queryKeyValue,
      [
        AttentionPattern(
          runs: [0..<length], sequences: 3, outerStride: length, queryCount: 1)
      ], isMeaningful: meaningful)
  }

  /// Several blocks of keys and queries, against the same sums in double precision.
  @Test(arguments: KernelSelection.available)
  func longSequencesMatchTheReference(_ kernels: String) throws {
    try KernelSelection.withKernels(kernels) {
      let (length, width) = (421, 24)
      let pattern = AttentionPattern(runs: [0..<length], sequences: 1, outerStride: length)
      let qkv = input([length, 3 * width])
      let check = try GradientCheck([qkv]) {
        try $1.attention($0[0], heads: 1, layout: .perHead, [pattern], scale: 0.2)
      }
      let found = try check.gradients()[0]
      var numbers = SeededNumbers(99)
      let expected = ReferenceAttentionGradient(
        qkv: qkv.values.map(Double.init), length: length, width: width, scale: 0.2
      ).gradient(numbers.floats(length * width).map(Double.init))
      #expect(relativeError(found, from: expected.map { Float($0) }) < 1e-5)
    }
  }
}

/// The gradients of one head's attention in double precision, with all scores at once.
struct ReferenceAttentionGradient {
  let qkv: [Double]
  let length: Int
  let width: Int
  let scale: Double

  private func part(_ part: Int, _ token: Int) -> ArraySlice<Double> {
    let first = (token * 3 + part) * width
    return qkv[first..<(first + width)]
  }

  private func dot(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// - Parameter gradient: `[length, width]`, of the result.
  func gradient(_ gradient: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: qkv.count)
    func add(_ values: ArraySlice<Double>, _ factor: Double, _ part: Int, _ token: Int) {
      let first = (token * 3 + part) * width
      for (offset, value) in values.enumerated() { result[first + offset] += factor * value }
    }
    for query in 0..<length {
      let toResult = gradient[(query * width)..<((query + 1) * width)]
      let exponentials = (0..<length).map { exp(scale * dot(part(0, query), part(1, $0))) }
      let total = exponentials.reduce(0, +)
      let probabilities = exponentials.map { $0 / total }
      let products = (0..<length).map { dot(toResult, part(2, $0)) }
      let mean = zip(probabilities, products).reduce(0) { $0 + $1.0 * $1.1 }
      for key in 0..<length {
        let toScore = scale * probabilities[key] * (products[key] - mean)
        add(part(1, key), toScore, 0, query)
        add(part(0, query), toScore, 1, key)
        add(toResult, probabilities[key], 2, key)
      }
    }
    return result
  }
}
