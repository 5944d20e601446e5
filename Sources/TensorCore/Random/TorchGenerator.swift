import Foundation

/// PyTorch's CPU random generator: the same seed gives the same numbers as `torch.manual_seed`.
///
/// Integers and uniforms are equal bit for bit; normals follow PyTorch's rules, including the one
/// for fewer than 16 values and the arithmetic of its vector kernel (see `NormalBlock`). The whole
/// state is a value: a copy continues independently, and `encoded()` restores it bit for bit.
///
/// Source: PyTorch's `CPUGeneratorImpl`, `DistributionsHelper` and `DistributionTemplates`, of
/// which only the behaviour is reproduced.
public struct TorchGenerator: Sendable, Hashable {
  /// The seed that the generator was made from.
  public let seed: UInt64
  package var engine: MersenneTwister
  /// The second value of the last scalar Box-Muller pair, not yet given out.
  package var cachedNormal: Double?

  /// A generator as after `torch.manual_seed(seed)`.
  ///
  /// - Parameter seed: any 64 bits. As in PyTorch only the low 32 reach the engine, so seeds that
  ///   differ above them draw the same numbers.
  public init(seed: UInt64) {
    self.seed = seed
    self.engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
  }

  init(seed: UInt64, engine: MersenneTwister, cachedNormal: Double?) {
    self.seed = seed
    self.engine = engine
    self.cachedNormal = cachedNormal
  }

  /// The next 32 random bits (PyTorch's `random()`).
  public mutating func nextUInt32() -> UInt32 {
    engine.next()
  }

  /// The next 64 random bits (PyTorch's `random64()`): two draws, the first in the high half.
  public mutating func random64() -> UInt64 {
    let high = UInt64(engine.next())
    return high << 32 | UInt64(engine.next())
  }

  /// A uniform number in [0, 1) with 24 random bits: one element of a float32 `torch.rand`.
  public mutating func nextUniformFloat() -> Float {
    Float(engine.next() & 0x00FF_FFFF) * 0x1p-24
  }

  /// A uniform number in [0, 1) with 53 random bits: one element of a float64 `torch.rand`.
  public mutating func nextUniformDouble() -> Double {
    Double(random64() & ((1 << 53) - 1)) * 0x1p-53
  }

  /// `torch.rand(count)` in float32: `count` uniform numbers in [0, 1).
  ///
  /// - Parameter count: how many; negative is a programmer's mistake.
  public mutating func uniforms(count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { values, initialized in
      for index in 0..<count { values.initializeElement(at: index, to: nextUniformFloat()) }
      initialized = count
    }
  }

  /// One element of `torch.randint(bound, ...)`: an integer in `0..<bound`.
  ///
  /// PyTorch takes a remainder, with 64 random bits for bounds of 2^28 and more and 32 below, and
  /// accepts the slight skew; so does this.
  ///
  /// - Parameter bound: exclusive upper end, at least 1.
  public mutating func nextInteger(below bound: UInt64) -> UInt64 {
    precondition(bound > 0, "randint needs a positive bound")
    return bound >= 1 << 28 ? random64() % bound : UInt64(nextUInt32()) % bound
  }

  /// `torch.randint(bound, [count])`: `count` integers in `0..<bound`.
  ///
  /// - Parameters:
  ///   - bound: exclusive upper end, at least 1.
  ///   - count: how many; negative is a programmer's mistake.
  public mutating func integers(below bound: UInt64, count: Int) -> [UInt64] {
    (0..<count).map { _ in nextInteger(below: bound) }
  }

  /// `torch.randn(count)` in float32: `count` standard normals, in row-major order of any shape.
  ///
  /// Fewer than 16 values come one by one from double-precision Box-Muller pairs, whose second
  /// half waits in the generator for the next such draw. From 16 on, blocks of 16 uniforms are
  /// transformed together; when `count` is not a multiple of 16 the last 16 values are drawn anew,
  /// overlapping the block before. One draw of 40 is therefore not two draws of 20.
  ///
  /// - Parameter count: how many; negative is a programmer's mistake.
  public mutating func normals(count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { values, initialized in
      let values = UnsafeMutableBufferPointer(rebasing: values[..<count])
      values.initialize(repeating: 0)
      fillNormals(values)
      initialized = count
    }
  }

  private mutating func fillNormals(_ values: UnsafeMutableBufferPointer<Float>) {
    let count = values.count
    guard count >= NormalBlock.size else {
      for index in 0..<count { values[index] = Float(nextNormalDouble()) }
      return
    }
    for index in 0..<count { values[index] = nextUniformFloat() }
    for start in stride(from: 0, through: count - NormalBlock.size, by: NormalBlock.size) {
      NormalBlock.transform(values, at: start)
    }
    if count % NormalBlock.size != 0 {
      let start = count - NormalBlock.size
      for index in start..<count { values[index] = nextUniformFloat() }
      NormalBlock.transform(values, at: start)
    }
  }

  /// One standard normal in float64, from the scalar path that small draws use.
  public mutating func nextNormalDouble() -> Double {
    if let cached = cachedNormal {
      cachedNormal = nil
      return cached
    }
    let angle = 2 * Double.pi * nextUniformDouble()
    let radius = (-2 * log1p(-nextUniformDouble())).squareRoot()
    cachedNormal = radius * sin(angle)
    return radius * cos(angle)
  }
}
