import Foundation

/// Threads for tasks that block while they read and decode, so that they keep nobody else's thread.
final class DecoderPool: TaskExecutor {
  private let queue = OperationQueue()

  /// A pool that runs up to `threadCount` jobs at once, at least 1.
  init(threadCount: Int) {
    precondition(threadCount >= 1, "decoding needs a thread")
    queue.maxConcurrentOperationCount = threadCount
    queue.qualityOfService = .utility
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.addOperation { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
