/// How the numbers of an optimiser's parameters are divided among ranks.
///
/// Parameters that follow each other make up a *bucket*, which is sent as one; each rank has a *shard* of
/// every bucket, and a shard is made of *segments* of parameters. The shards of a bucket are equally long,
/// the last but for what the bucket lacks.
struct ShardLayout {
  /// Parameters that are sent together.
  struct Bucket {
    /// Their indices.
    let parameters: Range<Int>
    /// Numbers of all of them.
    let count: Int
    /// Numbers of a rank's shard.
    let shardCount: Int
  }

  /// Part of one parameter in a shard.
  struct Segment {
    /// The parameter's index.
    let parameter: Int
    /// Its numbers, counted row-major.
    let range: Range<Int>
    /// Where they are in the shard.
    let place: Int
  }

  /// All buckets, in the order of the parameters.
  let buckets: [Bucket]
  /// Where each parameter begins in its bucket.
  let places: [Int]
  private let counts: [Int]

  /// - Parameters:
  ///   - counts: Numbers of each parameter.
  ///   - ranks: How many ranks there are.
  ///   - bucketCount: Numbers of a bucket, which it exceeds only for a parameter that is larger.
  init(_ counts: [Int], ranks: Int, bucketCount: Int) {
    self.counts = counts
    var buckets: [Bucket] = []
    var places: [Int] = []
    var (first, sum) = (0, 0)
    func close(before end: Int) {
      guard end > first else { return }
      buckets.append(
        Bucket(parameters: first..<end, count: sum, shardCount: (sum + ranks - 1) / ranks))
      (first, sum) = (end, 0)
    }
    for (index, count) in counts.enumerated() {
      if sum + count > bucketCount { close(before: index) }
      places.append(sum)
      sum += count
    }
    close(before: counts.count)
    self.buckets = buckets
    self.places = places
  }

  /// The segments of a rank's shard, in order.
  func segments(of bucket: Bucket, rank: Int) -> [Segment] {
    let shard = (rank * bucket.shardCount)..<((rank + 1) * bucket.shardCount)
    return bucket.parameters.compactMap { parameter in
      let whole = places[parameter]..<(places[parameter] + counts[parameter])
      let part = whole.clamped(to: shard)
      guard !part.isEmpty else { return nil }
      return Segment(
        parameter: parameter,
        range: (part.lowerBound - whole.lowerBound)..<(part.upperBound - whole.lowerBound),
        place: part.lowerBound - shard.lowerBound)
    }
  }
}
