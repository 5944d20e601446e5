/// The largest difference between results and a reference: absolute where the reference is below 1,
/// relative above. Infinite if counts differ or a result is not a number.
public func deviation(_ results: [Float], from reference: [Double]) -> Double {
  guard results.count == reference.count else { return .infinity }
  var largest = 0.0
  for (result, expected) in zip(results, reference) {
    let difference = abs(Double(result) - expected) / max(1, abs(expected))
    // A comparison that fails for NaN must not hide it.
    if !(difference <= largest) { largest = difference.isNaN ? .infinity : difference }
  }
  return largest
}

/// The largest absolute difference; infinite if counts differ or a difference is not a number.
public func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  var largest: Float = 0
  for (x, y) in zip(a, b) where !(abs(x - y) <= largest) {
    largest = (x - y).isNaN ? .infinity : abs(x - y)
  }
  return largest
}

/// The root mean square of the difference, relative to that of the reference.
public func relativeError(_ results: [Float], from reference: [Float]) -> Double {
  guard results.count == reference.count else { return .infinity }
  var difference = 0.0
  var size = 0.0
  for (x, y) in zip(results, reference) {
    difference += Double(x - y) * Double(x - y)
    size += Double(y) * Double(y)
  }
  return (difference / size).squareRoot()
}
