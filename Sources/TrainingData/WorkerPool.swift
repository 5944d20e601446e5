import Foundation

/// Threads for tasks that compute or block for long.
///
/// The threads that all other tasks share are as few as processors; such work would keep them from
/// whoever only waits for a moment, signal handlers included.
final class WorkerPool: TaskExecutor {
  private let queue = OperationQueue()

  /// A pool that runs up to `threadCount` jobs at once, at least 1.
  init(threadCount: Int) {
    precondition(threadCount >= 1, "work needs a thread")
    queue.maxConcurrentOperationCount = threadCount
    // Not the shared threads' own quality of service, or they would be used.
    queue.qualityOfService = .utility
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.addOperation { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
