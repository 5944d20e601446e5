/// Finds the name that was probably meant.
package enum NearestName {
  /// The candidate with the fewest changed letters, if few enough to be a slip.
  package static func find(_ name: String, in candidates: some Sequence<String>) -> String? {
    let limit = max(name.count / 3, 1)
    let best = candidates.map { ($0, distance(name.lowercased(), $0.lowercased())) }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }
    return best.flatMap { $0.1 <= limit ? $0.0 : nil }
  }

  /// Letters to insert, remove, replace or swap with their neighbour (optimal string alignment).
  package static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 1...max(left.count, 1) where !left.isEmpty {
      var current = [row] + Array(repeating: 0, count: right.count)
      for column in 1...max(right.count, 1) where !right.isEmpty {
        let cost = left[row - 1] == right[column - 1] ? 0 : 1
        current[column] = min(
          last[column] + 1, current[column - 1] + 1, last[column - 1] + cost)
        if row > 1, column > 1, left[row - 1] == right[column - 2],
          left[row - 2] == right[column - 1]
        {
          current[column] = min(current[column], beforeLast[column - 2] + 1)
        }
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}
