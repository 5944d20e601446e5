import MediaIO
import TensorCore

/// Batches of clips, decoded ahead on threads of their own so that training never waits.
///
/// Windows are decoded in any order and handed out in the source's, so that the batches depend on the
/// source and the files alone, not on the number of threads or on who was faster. A window that
/// cannot be read is named in ``broken``, counted, and its place taken by the next one. Memory is
/// bounded by the number of clips ahead. A loader belongs to one task at a time.
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
  private let pool: WorkerPool
  private var waiting: [Request] = []
  /// The source after everything that was asked for.
  private var ahead: Source

  private struct Request {
    let window: ClipWindow
    /// The source after this window.
    let after: Source
    let task: Task<Result<TrainingClip, any Error>, Never>
  }

  /// So many failures in a row mean that the set cannot be used.
  private static var mostFailuresInARow: Int { 100 }

  /// Prepares to load; decoding begins with the first batch.
  ///
  /// - Parameters:
  ///   - batchSize: Clips of a batch, at least 1; the last batch of a source that ends may have fewer.
  ///   - clipsAhead: Clips that are decoded or waiting, beyond the batch in progress; nil for two
  ///     batches.
  ///   - threadCount: Clips decoded at once, at least 1.
  public init(
    _ source: Source, reader: ClipReader, batchSize: Int, clipsAhead: Int? = nil,
    threadCount: Int = 2
  ) {
    precondition(batchSize >= 1 && clipsAhead ?? 0 >= 0, "a batch has at least one clip")
    self.source = source
    self.reader = reader
    self.batchSize = batchSize
    self.clipsAhead = max(clipsAhead ?? 2 * batchSize, 1)
    pool = WorkerPool(threadCount: threadCount)
    ahead = source
  }

  deinit {
    for request in waiting { request.task.cancel() }
  }

  /// The next batch; nil after the last of a source that ends.
  ///
  /// - Throws: `CancellationError` before anything is taken, so that the loader can go on, or
  ///   ``DatasetError`` when clip after clip cannot be read.
  public func next() async throws -> ClipBatch? {
    try Task.checkCancellation()
    var clips: [TrainingClip] = []
    var failuresInARow = 0
    var reached = source
    while clips.count < batchSize {
      request(batchSize - clips.count + clipsAhead)
      guard !waiting.isEmpty else { break }
      let request = waiting.removeFirst()
      let result = await request.task.value
      reached = request.after
      switch result {
      case .success(let clip):
        clips.append(clip)
        failuresInARow = 0
      case .failure(let error):
        failuresInARow += 1
        note(error, in: request.window)
        if failuresInARow == Self.mostFailuresInARow {
          throw DatasetError(
            reader.root, .nothingReadable(tried: failuresInARow, reason: "\(error)"))
        }
      }
    }
    request(clipsAhead)
    source = reached
    return clips.isEmpty ? nil : ClipBatch(clips: clips)
  }

  /// Starts decoding until so many clips are decoded or being decoded.
  private func request(_ count: Int) {
    while waiting.count < count, let window = ahead.next() {
      let reader = reader
      let task = Task(executorPreference: pool) { () -> Result<TrainingClip, any Error> in
        Result {
          try Task.checkCancellation()
          return try reader.clip(window)
        }
      }
      waiting.append(Request(window: window, after: ahead, task: task))
    }
  }

  private func note(_ error: any Error, in window: ClipWindow) {
    skippedCount += 1
    if broken.contains(where: { $0.path == window.video.path }) { return }
    broken.append(BrokenVideo(path: window.video.path, reason: "\(error)"))
  }
}
