/// A number with 5 significant digits, which is more than a time is worth.
package func rounded(_ value: Double) -> Double { Double(value.formattedDigits(5)) ?? value }

extension Double {
  fileprivate func formattedDigits(_ digits: Int) -> String {
    guard self != 0, isFinite else { return String(self) }
    var exponent = 0
    var magnitude = abs(self)
    while magnitude >= 10 {
      magnitude /= 10
      exponent += 1
    }
    while magnitude < 1 {
      magnitude *= 10
      exponent -= 1
    }
    var mantissa = magnitude
    for _ in 1..<digits { mantissa *= 10 }
    return "\(self < 0 ? "-" : "")\(Int(mantissa.rounded()))e\(exponent - digits + 1)"
  }
}

extension Collection<Double> {
  /// The median of at least one number.
  package var median: Double {
    let sorted = sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
