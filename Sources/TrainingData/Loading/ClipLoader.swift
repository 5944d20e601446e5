import MediaIO
import TensorCore

/// How processes share the batches of a loader: each reads some places of every batch.
public struct BatchSharing: Sendable {
  /// The places of a batch that this process reads, from 0.
  public let places: Set<Int>
  /// Tells the others which windows this process could not read, and learns of theirs: the reasons by the
  /// windows' numbers, which are the same in all processes. Called for every batch at least once.
  public let agree: @Sendable ([Int: String]) async throws -> [Int: String]

  /// Describes the sharing.
  public init(
    places: Set<Int>, agree: @escaping @Sendable ([Int: String]) async throws -> [Int: String]
  ) {
    self.places = places
    self.agree = agree
  }
}

/// Batches of clips, decoded ahead on threads of their own so that training never waits.
///
/// Windows are decoded in any order and handed out in the source's, so that the batches depend on the
/// source and the files alone, not on the number of threads or on who was faster. A window that
/// cannot be read is named in ``broken``, counted, and its place taken by the next one. Memory is
/// bounded by the number of clips ahead. A loader belongs to one task at a time.
///
/// Processes that share batches have a loader each, with equal sources. Each decodes the clips of its own
/// places, and all have the same batches that one process would have.
public final class ClipLoader<Source: ClipWindowSource> {
  /// Where to go on after the batches given so far. Save it, or its position, with what was learnt
  /// from them; clips that were decoded ahead do not count.
  public private(set) var source: Source
  /// Videos that could not be read, each once, in the order in which they were met.
  public private(set) var broken: [BrokenVideo] = []
  /// Windows that were passed over so far.
  public private(set) var skippedCount = 0

  private let reader: ClipReader
  private let batchSize: Int
  private let clipsAhead: Int
  private let sharing: BatchSharing?
  private let pool: WorkerPool
  /// The windows after ``source``, as far as they were looked at.
  private var upcoming: [Upcoming] = []
  /// The source after all of them.
  private var ahead: Source

  private struct Upcoming {
    let window: ClipWindow
    /// The source after this window.
    let after: Source
    var task: Task<Result<TrainingClip, any Error>, Never>?
    var isBroken = false
  }

  /// So many failures in a row mean that the set cannot be used.
  private static var mostFailuresInARow: Int { 100 }

  /// Prepares to load; decoding begins with the first batch.
  ///
  /// - Parameters:
  ///   - batchSize: Clips of a batch, at least 1; the last batch of a source that ends may have fewer.
  ///   - clipsAhead: Clips that are decoded or waiting, beyond the batch in progress; nil for two
  ///     batches. Where batches are shared, it counts those of the others too.
  ///   - threadCount: Clips decoded at once, at least 1.
  ///   - sharing: What other processes read; nil where there are none.
  public init(
    _ source: Source, reader: ClipReader, batchSize: Int, clipsAhead: Int? = nil,
    threadCount: Int = 2, sharing: BatchSharing? = nil
  ) {
    precondition(batchSize >= 1 && clipsAhead ?? 0 >= 0, "a batch has at least one clip")
    self.source = source
    self.reader = reader
    self.batchSize = batchSize
    self.clipsAhead = max(clipsAhead ?? 2 * batchSize, 1)
    self.sharing = sharing
    pool = WorkerPool(threadCount: threadCount)
    ahead = source
  }

  deinit {
    for entry in upcoming { entry.task?.cancel() }
  }

  /// The next batch; nil after the last of a source that ends.
  ///
  /// - Throws: `CancellationError` before anything is taken, so that the loader can go on,
  ///   ``DatasetError`` when clip after clip cannot be read, and what the sharing throws.
  public func next() async throws -> ClipBatch? {
    try Task.checkCancellation()
    while true {
      let batch = look(ahead: batchSize + clipsAhead).prefix(batchSize)
      var clips: [Int: TrainingClip] = [:]
      var failures: [Int: String] = [:]
      for (place, number) in batch.enumerated() {
        // A window whose place is another's has no clip here.
        guard reads(place), let task = upcoming[number].task else { continue }
        switch await task.value {
        case .success(let clip): clips[place] = clip
        case .failure(let error): failures[number] = "\(error)"
        }
      }
      if let sharing { failures = try await sharing.agree(failures) }
      if failures.isEmpty { return take(batch, clips) }
      try note(failures)
    }
  }

  private func reads(_ place: Int) -> Bool { sharing?.places.contains(place) ?? true }

  /// Looks at windows until there are so many that may be whole, and starts decoding those that are read
  /// here.
  ///
  /// - Returns: The numbers of those among `upcoming`; fewer at the source's end.
  @discardableResult
  private func look(ahead count: Int) -> [Int] {
    var whole = upcoming.indices.filter { !upcoming[$0].isBroken }
    while whole.count < count, let window = ahead.next() {
      whole.append(upcoming.count)
      upcoming.append(Upcoming(window: window, after: ahead))
    }
    for (place, number) in whole.prefix(count).enumerated()
    where upcoming[number].task == nil && reads(place % batchSize) {
      let (reader, window) = (reader, upcoming[number].window)
      upcoming[number].task = Task(executorPreference: pool) {
        Result {
          try Task.checkCancellation()
          return try reader.clip(window)
        }
      }
    }
    return whole
  }

  private func take(_ batch: ArraySlice<Int>, _ clips: [Int: TrainingClip]) -> ClipBatch? {
    let windows = batch.map { upcoming[$0].window }
    // What is broken after the last batch of a source that ends is passed over with it.
    let count = batch.count == batchSize ? (batch.last ?? -1) + 1 : upcoming.count
    if count > 0 { source = upcoming[count - 1].after }
    // A clip that was decoded for a place that turned out to be another's.
    for entry in upcoming.prefix(count) { entry.task?.cancel() }
    upcoming.removeFirst(count)
    look(ahead: clipsAhead)
    return windows.isEmpty ? nil : ClipBatch(windows: windows, clipsByPlace: clips)
  }

  private func note(_ failures: [Int: String]) throws {
    for (number, reason) in failures.sorted(by: { $0.key < $1.key }) {
      upcoming[number].isBroken = true
      skippedCount += 1
      let path = upcoming[number].window.video.path
      guard !broken.contains(where: { $0.path == path }) else { continue }
      broken.append(BrokenVideo(path: path, reason: reason))
    }
    var failuresInARow = 0
    for entry in upcoming {
      failuresInARow = entry.isBroken ? failuresInARow + 1 : 0
      guard failuresInARow < Self.mostFailuresInARow else {
        throw DatasetError(
          reader.root,
          .nothingReadable(tried: failuresInARow, reason: broken.last?.reason ?? ""))
      }
    }
  }
}
