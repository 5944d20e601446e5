import TensorCore
import TestSupport
import Testing

/// Attention within single sequences against all scores held in double precision.
struct AttentionTests {
  /// One sequence of random tokens and what attention must make of it.
  private struct Case {
    var context: ComputeContext
    var x: (tensor: Tensor, values: [Float])
    var length: Int
    var reference: ReferenceAttention

    init(
      length: Int, heads: Int, width: Int, layout: HeadLayout, _ type: ElementType,
      scale: Double? = nil, size: Float = 1, seed: UInt64 = 1
    ) throws {
      self.length = length
      context = try ComputeContext(threadCount: 2)
      var numbers = SeededNumbers(seed &+ UInt64(length * 1000 + width))
      x = try context.rounded(
        numbers.floats(length * 3 * heads * width, scale: size), [length, 3 * heads * width],
        as: type)
      reference = ReferenceAttention(
        heads: heads, width: width, layout: layout,
        scale: scale ?? 1 / Double(width).squareRoot(), angles: nil)
    }

    func run(_ kernels: String?, queryCount: Int? = nil) throws -> [Float] {
      let pattern = AttentionPattern(
        runs: [0..<length], sequences: 1, outerStride: length, queryCount: queryCount)
      let rotary = try reference.angles.map {
        try context.prepareRotary(angles: $0, width: reference.width)
      }
      return try KernelSelection.withKernels(kernels) {
        try context.read(
          context.attention(
            x.tensor, heads: reference.heads, layout: reference.layout, [pattern],
            scale: Float(reference.scale), rotary: rotary
          ))
      }
    }

    var expected: [Double] { reference(x.values, sequences: [Array(0..<length)]) }
  }

  /// The result is rounded; where bfloat16 has dot products, so are the softmax's weights, which counts
  /// twice for values of up to 2.
  private func tolerance(_ kernels: String, _ type: ElementType) -> Double {
    type == .bfloat16 && kernels == "avx512_bf16" ? 1.5 * type.tolerance : type.tolerance
  }

  @Test(arguments: KernelSelection.available, [4, 7, 12, 32, 64, 128])
  func everyLengthAndWidthMatchesTheReference(_ kernels: String, width: Int) throws {
    // 400 is more than a tile of queries; 129 more than a block of keys.
    for length in [1, 15, 16, 17, 129] + (width <= 32 ? [400] : []) {
      for (layout, type) in [
        (HeadLayout.perHead, ElementType.float32), (.queryKeyValue, .float32),
        (.perHead, .bfloat16),
      ] {
        let it = try Case(
          length: length, heads: width <= 32 ? 2 : 1, width: width, layout: layout, type, size: 2)
        #expect(
          deviation(try it.run(kernels), from: it.expected) < tolerance(kernels, type),
          "length \(length), \(layout), \(type)")
      }
    }
  }

  @Test(arguments: KernelSelection.available)
  func longSequencesOfSeveralTilesMatchTheReference(_ kernels: String) throws {
    let it = try Case(length: 900, heads: 1, width: 8, layout: .perHead, .float32, size: 3)
    #expect(deviation(try it.run(kernels), from: it.expected) < 1e-5)
  }

  @Test(arguments: KernelSelection.available, [HeadLayout.perHead, .queryKeyValue])
  func headsDoNotMix(_ kernels: String, _ layout: HeadLayout) throws {
    let it = try Case(length: 21, heads: 5, width: 6, layout: layout, .float32, size: 2)
    #expect(deviation(try it.run(kernels), from: it.expected) < 1e-5)
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func rotaryTablesTurnQueriesAndKeysByPosition(_ kernels: String, _ type: ElementType) throws {
    for (length, width) in [(1, 4), (16, 64), (40, 12)] {
      var it = try Case(length: length, heads: 2, width: width, layout: .queryKeyValue, type)
      var numbers = SeededNumbers(8)
      // Neighbouring channels have angles of their own, as in the autoencoder's time attention.
      it.reference.angles = numbers.floats(length * width, scale: 3)
      #expect(
        deviation(try it.run(kernels), from: it.expected) < type.tolerance,
        "length \(length), width \(width)")
    }
  }

  @Test(arguments: KernelSelection.available)
  func largeScoresStayFinite(_ kernels: String) throws {
    // Products of 16 channels in -1 ... 1, scaled so that scores reach beyond 80 either way.
    let it = try Case(
      length: 140, heads: 1, width: 16, layout: .perHead, .float32, scale: 50, seed: 3)
    let query = it.x.values[..<16]
    let scores: [Float] = (0..<140).map { token in
      let key = it.x.values[(token * 48 + 16)..<(token * 48 + 32)]
      return Float(it.reference.scale) * zip(query, key).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(scores.contains { $0 > 80 } && scores.contains { $0 < -80 }, "the test's premise")
    // Scores of 100 are rounded to 100 / 2^24 before they go to the exponential.
    #expect(deviation(try it.run(kernels), from: it.expected) < 1e-4)
  }

  /// The running reference of the scores must follow them, be it in small steps or in large ones, and
  /// must not be needed again when they fall.
  @Test(arguments: KernelSelection.available, [Float(0.2), 2, -2])
  func scoresMayGrowOrFallAlongTheSequence(_ kernels: String, growth: Float) throws {
    for type in ElementType.kernelPrecisions {
      try checkGrowingScores(kernels, growth, type)
    }
  }

  private func checkGrowingScores(_ kernels: String, _ growth: Float, _ type: ElementType) throws {
    var it = try Case(length: 400, heads: 1, width: 8, layout: .perHead, type)
    var values = it.x.values
    for token in 0..<400 {
      for channel in 0..<8 {
        let query = token * 24 + channel
        let key = query + 8
        values[query] = abs(values[query])
        values[key] = abs(values[key]) * growth * Float(token - 100) / 10
      }
    }
    it.x = try it.context.rounded(values, [400, 24], as: type)
    #expect(
      deviation(try it.run(kernels), from: it.expected)
        < (type == .float32 ? 2e-5 : tolerance(kernels, type)))
  }

  /// Queries are computed in groups, which differ with the threads: one whose scores outgrow their
  /// reference must not change its neighbours.
  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func threadsChangeNoBitWhereScoresGrow(_ kernels: String, _ type: ElementType) throws {
    var it = try Case(length: 400, heads: 1, width: 8, layout: .perHead, type)
    var values = it.x.values
    for token in 0..<400 {
      for channel in 0..<8 { values[token * 24 + 8 + channel] *= Float(token) / 10 }
    }
    it.x = try it.context.rounded(values, [400, 24], as: type)
    let two = try it.run(kernels)
    for threads in [1, 3, 16] {
      it.context = try ComputeContext(threadCount: threads)
      // A tensor serves the context that made it.
      it.x = try it.context.rounded(values, [400, 24], as: type)
      #expect(try it.run(kernels) == two, "\(threads) threads")
    }
  }

  @Test(arguments: KernelSelection.available)
  func hugeScoresPickTheBestKey(_ kernels: String) throws {
    let it = try Case(
      length: 33, heads: 1, width: 4, layout: .perHead, .float32, scale: 1e6, seed: 4)
    #expect(deviation(try it.run(kernels), from: it.expected) < 1e-4)
  }

  @Test(arguments: KernelSelection.available, [1, 16, 17, 129, 400])
  func aSingleQuerySeesTheWholeSequence(_ kernels: String, length: Int) throws {
    let it = try Case(length: length, heads: 4, width: 4, layout: .queryKeyValue, .float32)
    let first = Array(try it.run(kernels, queryCount: 1).prefix(16))
    #expect(deviation(first, from: Array(it.expected.prefix(16))) < 1e-5)
  }

  @Test(arguments: KernelSelection.available)
  func theOrderOfTokensMakesNoDifference(_ kernels: String) throws {
    let length = 150
    let it = try Case(length: length, heads: 2, width: 8, layout: .perHead, .float32, size: 2)
    var numbers = SeededNumbers(6)
    let order = Array(0..<length).shuffled(using: &numbers)
    var shuffled = it
    shuffled.x.tensor = try it.context.tensor(
      order.flatMap { it.x.values[($0 * 48)..<($0 * 48 + 48)] }, shape: [length, 48])
    let straight = try it.run(kernels)
    let expected = order.flatMap { straight[($0 * 16)..<($0 * 16 + 16)] }
    #expect(largestDifference(try shuffled.run(kernels), expected) < 1e-6)
  }
}
