/// The order in which people number files: `frame2` before `frame10`.
package enum NaturalOrder {
  /// Whether `first` comes before `second`. Runs of digits compare as numbers of any length, all
  /// else by bytes; equal numbers with more leading zeros come later.
  package static func precedes(_ first: String, _ second: String) -> Bool {
    let (left, right) = (Array(first.utf8), Array(second.utf8))
    var (i, j) = (0, 0)
    while i < left.count, j < right.count {
      if isDigit(left[i]), isDigit(right[j]) {
        let (leftDigits, rightDigits) = (digits(of: left, from: &i), digits(of: right, from: &j))
        if leftDigits.count != rightDigits.count { return leftDigits.count < rightDigits.count }
        if !leftDigits.elementsEqual(rightDigits) {
          return leftDigits.lexicographicallyPrecedes(rightDigits)
        }
      } else {
        if left[i] != right[j] { return left[i] < right[j] }
        i += 1
        j += 1
      }
    }
    let (leftRest, rightRest) = (left.count - i, right.count - j)
    if leftRest != rightRest { return leftRest < rightRest }
    return left.count != right.count
      ? left.count < right.count : left.lexicographicallyPrecedes(right)
  }

  /// The digits that begin at `position`, without leading zeros; moves past them.
  private static func digits(of bytes: [UInt8], from position: inout Int) -> ArraySlice<UInt8> {
    var start = position
    while position < bytes.count, isDigit(bytes[position]) { position += 1 }
    while start < position - 1, bytes[start] == UInt8(ascii: "0") { start += 1 }
    return bytes[start..<position]
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
