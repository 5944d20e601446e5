import Foundation
import TensorCore
import TestSupport
import Testing

/// The generator against numbers drawn by PyTorch.
@Suite struct TorchGeneratorTests {
  static let seeds: [UInt64] = [0, 42, 123_456_789]
  let golden: GoldenFile

  init() throws {
    golden = try GoldenFile(named: "torch-rng.safetensors")
  }

  @Test func firstWordsAreThoseOfTheReferenceImplementation() {
    // Known answers: mt19937 with seed 5489, outputs 1, 2 and 10,000.
    var engine = MersenneTwister(seed: 5489)
    let outputs = (0..<10_000).map { _ in engine.next() }
    #expect(outputs[0] == 3_499_211_612)
    #expect(outputs[1] == 581_869_302)
    #expect(outputs[9_999] == 4_123_659_995)
  }

  @Test(arguments: seeds) func integersThenUniformsAreBitExact(seed: UInt64) throws {
    // The golden set drew both from one generator, integers first.
    var generator = TorchGenerator(seed: seed)
    let integers = generator.integers(below: 1000, count: 64)
    #expect(integers.map(Int.init) == (try golden.ints("seed\(seed)_randint_1000")))
    #expect(generator.uniforms(count: 64) == (try golden.float("seed\(seed)_rand")))
  }

  @Test(
    arguments: seeds, ["randn_10", "randn_17", "randn_3x5x7", "randn_1x4x320", "randn_1x4x2048"])
  func normalsMatch(seed: UInt64, shape: String) throws {
    let expected = try golden.float("seed\(seed)_\(shape)")
    var generator = TorchGenerator(seed: seed)
    #expect(maximumUnitsInLastPlace(generator.normals(count: expected.count), expected) == 0)
  }

  @Test(arguments: seeds) func normalsOfSeveralDrawsMatch(seed: UInt64) throws {
    var generator = TorchGenerator(seed: seed)
    let drawn = (0..<4).flatMap { _ in generator.normals(count: 4 * 320) }
    #expect(maximumUnitsInLastPlace(drawn, try golden.float("seed\(seed)_sequence")) == 0)
  }

  @Test(arguments: seeds) func smallAndLargeDrawsShareTheCachedNormal(seed: UInt64) throws {
    var generator = TorchGenerator(seed: seed)
    for (count, name) in [(5, "a"), (40, "b"), (3, "c")] {
      let expected = try golden.float("seed\(seed)_mixed_\(name)")
      #expect(maximumUnitsInLastPlace(generator.normals(count: count), expected) == 0)
    }
  }

  @Test func onlyTheLowHalfOfASeedReachesTheEngine() {
    var low = TorchGenerator(seed: 7)
    var high = TorchGenerator(seed: 7 + (5 << 32))
    #expect(low != high)
    #expect((0..<700).allSatisfy { _ in low.nextUInt32() == high.nextUInt32() })
  }

  @Test func sixtyFourBitsAreTwoDrawsHighHalfFirst() {
    var words = TorchGenerator(seed: 3)
    var pairs = words
    let high = UInt64(words.nextUInt32())
    let low = UInt64(words.nextUInt32())
    #expect(pairs.random64() == high << 32 | low)
  }

  @Test func largeBoundsTakeSixtyFourBits() {
    let bound: UInt64 = 1 << 28
    var generator = TorchGenerator(seed: 11)
    var reference = generator
    #expect(generator.nextInteger(below: bound) == reference.random64() % bound)
    let smaller = generator.nextInteger(below: bound - 1)
    #expect(smaller == UInt64(reference.nextUInt32()) % (bound - 1))
    #expect(generator == reference)
  }

  @Test func uniformsAreInRangeWithTheRightMoments() {
    var generator = TorchGenerator(seed: 5)
    let floats = generator.uniforms(count: 20_000)
    #expect(floats.allSatisfy { (0..<1).contains($0) })
    let doubles = (0..<20_000).map { _ in generator.nextUniformDouble() }
    #expect(doubles.allSatisfy { (0..<1).contains($0) })
    #expect(abs(doubles.reduce(0, +) / 20_000 - 0.5) < 0.01)
    #expect(abs(floats.reduce(0, +) / 20_000 - 0.5) < 0.01)
  }

  @Test func blockArithmeticStaysNearTheTruth() {
    var generator = TorchGenerator(seed: 99)
    let uniforms = generator.uniforms(count: 16_000)
    var values = uniforms
    values.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: NormalBlock.size) {
        NormalBlock.transform(values, at: start)
      }
    }
    var worst = 0.0
    for start in stride(from: 0, to: values.count, by: 16) {
      for lane in 0..<8 {
        let radius = (-2 * log(1 - Double(uniforms[start + lane]))).squareRoot()
        let angle = 2 * Double.pi * Double(uniforms[start + lane + 8])
        worst = max(worst, abs(radius * cos(angle) - Double(values[start + lane])))
        worst = max(worst, abs(radius * sin(angle) - Double(values[start + lane + 8])))
      }
    }
    #expect(worst < 2e-6)
  }

  @Test func noNormalsAreAnEmptyDraw() {
    var generator = TorchGenerator(seed: 1)
    let before = generator
    #expect(generator.normals(count: 0).isEmpty)
    #expect(generator == before)
  }
}
