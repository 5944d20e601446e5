/// Frames a second as an exact fraction, such as 30000/1001.
public struct FrameRate: Sendable, Hashable, CustomStringConvertible {
  /// Frames counted in `denominator` seconds; positive.
  public let numerator: Int
  /// Seconds in which `numerator` frames pass; positive.
  public let denominator: Int

  /// The rate `numerator / denominator` in lowest terms. Both must be positive.
  public init(_ numerator: Int, _ denominator: Int = 1) {
    precondition(numerator > 0 && denominator > 0, "a frame rate is positive")
    let divisor = Self.greatestCommonDivisor(numerator, denominator)
    self.numerator = numerator / divisor
    self.denominator = denominator / divisor
  }

  /// The fraction nearest to a decimal rate: whole numbers and the 1/1.001 family (29.97 is
  /// 30000/1001) exactly, others to a thousandth. Nil unless the rate lies in 0.001...1000.
  public init?(framesPerSecond: Double) {
    guard framesPerSecond >= 0.001, framesPerSecond <= 1000 else { return nil }
    let whole = framesPerSecond.rounded()
    let broadcast = (framesPerSecond * 1.001).rounded()
    if abs(framesPerSecond - whole) < 1e-6 {
      self.init(Int(whole))
    } else if broadcast >= 1, abs(framesPerSecond - broadcast / 1.001) < 0.005 {
      self.init(Int(broadcast) * 1000, 1001)
    } else {
      self.init(Int((framesPerSecond * 1000).rounded()), 1000)
    }
  }

  /// The rate as a decimal, in frames a second.
  public var framesPerSecond: Double { Double(numerator) / Double(denominator) }

  /// `25` or `30000/1001`.
  public var description: String {
    denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
  }

  private static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
    var (larger, smaller) = (first, second)
    while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
    return larger
  }
}
