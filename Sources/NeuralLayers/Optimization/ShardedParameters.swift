import MessagePassing
import TensorCore

/// The parameters of a network that several ranks train: each rank adds up the gradients of its share of
/// the numbers, in the order of ranks, optimises those, and gives them to the others.
///
/// What an optimiser remembers is therefore held once over all ranks, in place of once in each (Rajbhandari
/// et al. 2020, stage 1). The sums are those of one process that adds the ranks' gradients in their order,
/// bit for bit.
final class ShardedParameters {
  /// The segments of this rank as parameters of their own, whose gradients are the sums.
  let segments: [Parameter]
  private let parameters: [Parameter]
  private let sharing: GradientSharing
  private let layout: ShardLayout
  /// The segments of every bucket's shard, with their indices in `segments`.
  private let shards: [[(index: Int, segment: ShardLayout.Segment)]]
  private let context: ComputeContext
  /// Buckets whose gradients are under way.
  private var sent: [SentBucket?]

  private struct SentBucket {
    let own: RankMemory
    let all: RankMemory
    let transfer: Transfer
  }

  private var ranks: any Communicator { sharing.ranks }

  init(_ parameters: [Parameter], _ sharing: GradientSharing, _ context: ComputeContext) throws {
    self.parameters = parameters
    self.sharing = sharing
    self.context = context
    layout = ShardLayout(
      parameters.map(\.tensor.count), ranks: sharing.ranks.size, bucketCount: sharing.bucketCount)
    var segments: [Parameter] = []
    var shards: [[(index: Int, segment: ShardLayout.Segment)]] = []
    for bucket in layout.buckets {
      var shard: [(index: Int, segment: ShardLayout.Segment)] = []
      for segment in layout.segments(of: bucket, rank: sharing.ranks.rank) {
        let whole = parameters[segment.parameter]
        let values = try context.read(whole.tensor)[segment.range]
        shard.append((segments.count, segment))
        segments.append(
          try Parameter(
            name: whole.name, shape: [segment.range.count], values: values, context))
      }
      shards.append(shard)
    }
    self.segments = segments
    self.shards = shards
    sent = layout.buckets.map { _ in nil }
  }

  // MARK: Gradients

  /// Bytes of the message from one rank to another: a shard, then for each parameter of the bucket whether
  /// there is a gradient.
  private func messageSize(_ bucket: ShardLayout.Bucket) -> Int {
    let size = bucket.shardCount * sharing.elementType.byteCount + bucket.parameters.count
    return (size + 15) / 16 * 16
  }

  /// Sends what has gathered for a bucket's parameters, which forget it.
  private func send(_ index: Int) throws {
    let bucket = layout.buckets[index]
    let size = messageSize(bucket)
    let width = sharing.elementType.byteCount
    let own = RankMemory(byteCount: size * ranks.size)
    var hasGradient: [Bool] = []
    var gradients: [Tensor?] = []
    for parameter in parameters[bucket.parameters] {
      let gradient = try parameter.takeGradient().map {
        try context.convert($0, to: sharing.elementType)
      }
      gradients.append(gradient)
      hasGradient.append(gradient != nil)
    }
    for rank in 0..<ranks.size {
      let start = rank * size
      for segment in layout.segments(of: bucket, rank: rank) {
        guard let gradient = gradients[segment.parameter - bucket.parameters.lowerBound] else {
          continue
        }
        let place = start + segment.place * width
        try context.read(
          segment.range, of: gradient,
          into: UnsafeMutableRawBufferPointer(
            rebasing: own.bytes[place..<(place + segment.range.count * width)]))
      }
      for (number, has) in hasGradient.enumerated() {
        own.bytes[start + bucket.shardCount * width + number] = has ? 1 : 0
      }
    }
    let all = RankMemory(byteCount: size * ranks.size)
    sent[index] = SentBucket(
      own: own, all: all,
      transfer: ranks.exchange(UnsafeRawBufferPointer(own.bytes), into: all.bytes))
  }

  /// Sends the buckets of which every gradient is whole, while others are still computed. The last layers'
  /// are the first to be so, and buckets leave in that order, the same in every rank: one that waits lets
  /// those before it wait.
  ///
  /// - Returns: Whether all have left.
  /// - Throws: `TensorError` if memory is short.
  func sendWhole() throws -> Bool {
    for index in layout.buckets.indices.reversed() where sent[index] == nil {
      guard !parameters[layout.buckets[index].parameters].contains(where: \.isAwaited) else {
        return false
      }
      try send(index)
    }
    return true
  }

  /// Sends the gradients that have not left yet, and adds up what all ranks have for this one's segments.
  ///
  /// - Throws: `CommunicationError`, or `TensorError` if memory is short.
  func addGradients() throws {
    for index in layout.buckets.indices.reversed() where sent[index] == nil { try send(index) }
    for parameter in parameters { parameter.clearGradient() }
    for index in layout.buckets.indices.reversed() {
      guard let bucket = sent[index] else { continue }
      sent[index] = nil
      try bucket.transfer.wait()
      try add(bucket.all.bytes, of: index)
    }
  }

  /// The sums over ranks of one bucket.
  private func add(_ received: UnsafeMutableRawBufferPointer, of index: Int) throws {
    let bucket = layout.buckets[index]
    let size = messageSize(bucket)
    let width = sharing.elementType.byteCount
    for (number, segment) in shards[index] {
      let flag = bucket.shardCount * width + segment.parameter - bucket.parameters.lowerBound
      var sum: [Float]?
      for rank in 0..<ranks.size where received[rank * size + flag] == 1 {
        let start = rank * size + segment.place * width
        let part = UnsafeRawBufferPointer(
          rebasing: received[start..<(start + segment.range.count * width)])
        add(part, to: &sum)
      }
      if let sum {
        segments[number].setGradient(try context.tensor(sum, shape: [sum.count]))
      }
    }
  }

  private func add(_ part: UnsafeRawBufferPointer, to sum: inout [Float]?) {
    let count = part.count / sharing.elementType.byteCount
    func add(_ value: (Int) -> Float) {
      guard sum != nil else {
        sum = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
          for index in 0..<count { buffer[index] = value(index) }
          initialized = count
        }
        return
      }
      sum?.withUnsafeMutableBufferPointer { buffer in
        for index in 0..<count { buffer[index] += value(index) }
      }
    }
    if sharing.elementType == .float32 {
      let numbers = part.assumingMemoryBound(to: Float.self)
      add { numbers[$0] }
    } else {
      let numbers = part.assumingMemoryBound(to: UInt16.self)
      add { Float(bitPattern: UInt32(numbers[$0]) << 16) }
    }
  }

  // MARK: Values

  /// Gives every rank's segments, which have learnt, to all.
  ///
  /// - Throws: `CommunicationError`, or `TensorError` if memory is short.
  func publish() throws {
    var waiting: [(index: Int, gathering: SentBucket)] = []
    func take() throws {
      let (index, gathering) = waiting.removeFirst()
      try gathering.transfer.wait()
      let numbers = gathering.all.bytes.assumingMemoryBound(to: Float.self)
      for parameter in layout.buckets[index].parameters {
        let place = layout.places[parameter]
        let whole = parameters[parameter]
        whole.setValues(
          UnsafeBufferPointer(rebasing: numbers[place..<(place + whole.tensor.count)]))
      }
    }
    for index in layout.buckets.indices {
      waiting.append((index, try gather(index) { segments[$0].tensor }))
      if waiting.count > Self.bucketsAhead { try take() }
    }
    while !waiting.isEmpty { try take() }
  }

  /// Buckets that are gathered while one is taken, so that few are in memory twice.
  private static let bucketsAhead = 3

  /// Begins to gather the whole of a bucket.
  ///
  /// - Parameter tensor: The numbers of one of this rank's segments.
  private func gather(_ index: Int, _ tensor: (Int) throws -> Tensor) throws -> SentBucket {
    let bucket = layout.buckets[index]
    let size = bucket.shardCount * MemoryLayout<Float>.size
    let own = RankMemory(byteCount: size)
    for (number, segment) in shards[index] {
      let place = segment.place * MemoryLayout<Float>.size
      let length = segment.range.count * MemoryLayout<Float>.size
      try context.read(
        0..<segment.range.count, of: tensor(number),
        into: UnsafeMutableRawBufferPointer(rebasing: own.bytes[place..<(place + length)]))
    }
    let all = RankMemory(byteCount: size * ranks.size)
    let transfer = ranks.gather(
      UnsafeRawBufferPointer(rebasing: own.bytes[..<size]), into: all.bytes)
    return SentBucket(own: own, all: all, transfer: transfer)
  }

  // MARK: State

  /// What was gathered last for a checkpoint: numbers of one bucket, by their kinds.
  private var gathered: (bucket: Int, kinds: [String: RankMemory]) = (-1, [:])

  /// The whole of what each rank has in part for a parameter, such as its moments. All ranks ask for the
  /// same in the same order, that of the parameters, so that each bucket is gathered once.
  ///
  /// - Parameters:
  ///   - kind: Names it.
  ///   - index: The parameter's.
  ///   - tensor: The numbers of one of this rank's segments.
  /// - Throws: `CommunicationError`, or `TensorError` if memory is short.
  func whole(_ kind: String, of index: Int, _ tensor: (Int) -> Tensor) throws -> [Float] {
    guard
      let bucket = layout.buckets.firstIndex(where: { $0.parameters.contains(index) })
    else { preconditionFailure("every parameter is in a bucket") }
    if gathered.bucket != bucket { gathered = (bucket, [:]) }
    let memory: RankMemory
    if let known = gathered.kinds[kind] {
      memory = known
    } else {
      let gathering = try gather(bucket) { tensor($0) }
      try gathering.transfer.wait()
      memory = gathering.all
      gathered.kinds[kind] = memory
    }
    let place = layout.places[index]
    return Array(
      memory.bytes.assumingMemoryBound(to: Float.self)[
        place..<(place + parameters[index].tensor.count)])
  }

  /// Forgets what ``whole(_:of:_:)`` has gathered.
  func endGathering() { gathered = (-1, [:]) }

  /// This rank's segments of a parameter: their indices, and their numbers counted row-major.
  func segments(of parameter: Int) -> [(index: Int, range: Range<Int>)] {
    shards.flatMap { shard in
      shard.filter { $0.segment.parameter == parameter }.map { ($0.index, $0.segment.range) }
    }
  }
}
