extension RandomAccessCollection {
  /// The first index whose element satisfies `belongsToSecond`, where all later ones do too.
  func partitioningIndex(_ belongsToSecond: (Element) -> Bool) -> Index {
    var (first, count) = (startIndex, count)
    while count > 0 {
      let middle = index(first, offsetBy: count / 2)
      if belongsToSecond(self[middle]) {
        count /= 2
      } else {
        first = index(after: middle)
        count -= count / 2 + 1
      }
    }
    return first
  }
}
