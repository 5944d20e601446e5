/// Sixteen uniforms to sixteen normals, with the arithmetic of PyTorch's AVX2 kernel.
///
/// PyTorch computes log, sine and cosine here with the single-precision polynomials of the Cephes
/// library (Moshier, "Methods and Programs for Mathematical Functions", 1989), and its compiler
/// contracts neighbouring products and sums into fused ones. A correctly rounded logarithm would be
/// nearer to the truth, yet up to 3 units in the last place away from what PyTorch draws, so every
/// fused and unfused operation below stands where the original's machine code has it.
package enum NormalBlock {
  /// Values transformed together.
  package static let size = 16

  /// Box and Muller's transform in place: values `j` and `j + 8` of the block become a pair.
  ///
  /// - Parameters:
  ///   - values: uniforms in [0, 1) with 24 bits; becomes standard normals.
  ///   - start: first value of the block; `start + 16` values must exist.
  package static func transform(_ values: UnsafeMutableBufferPointer<Float>, at start: Int) {
    let half = size / 2
    // `Float.pi` is rounded toward zero; the original's constant is 2 pi rounded to nearest.
    let fullTurn = Float(2 * Double.pi)
    for lane in start..<(start + half) {
      // 1 - u is never 0, so the logarithm is finite.
      let radius = (-2 * logarithm(1 - values[lane])).squareRoot()
      let (sine, cosine) = sineAndCosine(fullTurn * values[lane + half])
      // The original ends in a fused `value * 1 + 0`, which turns -0 into 0.
      values[lane] = radius * cosine + 0
      values[lane + half] = radius * sine + 0
    }
  }

  /// The natural logarithm for normal, positive arguments.
  static func logarithm(_ argument: Float) -> Float {
    let bits = argument.bitPattern
    var exponent = Float(Int32(bits >> 23) - 0x7F) + 1
    var mantissa = Float(bitPattern: (bits & 0x007F_FFFF) | 0x3F00_0000)
    if mantissa < 0.707106781186547524 {
      exponent -= 1
      mantissa = (mantissa - 1) + mantissa
    } else {
      mantissa -= 1
    }
    let square = mantissa * mantissa
    var series = polynomial(
      7.0376836292e-2,
      (
        -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1
      ), at: mantissa)
    series *= mantissa
    // ln 2 is split in two parts, the larger of which has few bits and multiplies exactly.
    series = (exponent * -2.12194440e-4).addingProduct(series, square)
    series = series.addingProduct(square, -0.5)
    return (mantissa + series).addingProduct(exponent, 0.693359375)
  }

  /// Sine and cosine for arguments in [0, 2 pi].
  static func sineAndCosine(_ argument: Float) -> (sine: Float, cosine: Float) {
    // The octant, made even: the reduced argument lies in [-pi/4, pi/4].
    let octant = (Int32(argument * 1.27323954473516) + 1) & ~1
    let turns = Float(octant)
    // pi/4 in three parts, so that the reduction loses no bits.
    let reduced =
      argument
      .addingProduct(turns, -0.78515625)
      .addingProduct(turns, -2.4187564849853515625e-4)
      .addingProduct(turns, -3.77489497744594108e-8)
    let square = reduced * reduced

    var even = Float(2.443315711809948e-5)
    even = Float(-1.388731625493765e-3).addingProduct(even, square)
    even = Float(4.166664568298827e-2).addingProduct(even, square)
    even *= square
    even = (-(square * 0.5)).addingProduct(even, square) + 1

    var odd = Float(-1.9515295891e-4)
    odd = Float(8.3321608736e-3).addingProduct(odd, square)
    odd = Float(-1.6666654611e-1).addingProduct(odd, square)
    odd = reduced.addingProduct(odd * square, reduced)

    let swapped = octant & 2 != 0
    let sine = swapped ? even : odd
    let cosine = swapped ? odd : even
    return (
      octant & 4 == 0 ? sine : -sine,
      (octant - 2) & 4 == 0 ? -cosine : cosine
    )
  }

  // Horner's rule with fused steps; a tuple keeps the coefficients out of the heap.
  private static func polynomial(
    _ leading: Float,
    _ rest: (Float, Float, Float, Float, Float, Float, Float, Float),
    at value: Float
  ) -> Float {
    var sum = rest.0.addingProduct(leading, value)
    sum = rest.1.addingProduct(sum, value)
    sum = rest.2.addingProduct(sum, value)
    sum = rest.3.addingProduct(sum, value)
    sum = rest.4.addingProduct(sum, value)
    sum = rest.5.addingProduct(sum, value)
    sum = rest.6.addingProduct(sum, value)
    return rest.7.addingProduct(sum, value)
  }
}
