/// Threads for tasks that compute or block for long: the executor that such tasks prefer.
///
/// The threads that all other tasks share are as few as processors; such work would keep them from
/// whoever only waits for a moment, signal handlers included. A task that prefers a pool takes the
/// actors without threads of their own along: what it asks of them runs on the pool's threads too.
///
/// Threads are started as they are needed, and end with the pool.
package final class WorkerPool: TaskExecutor {
  /// For what blocks, of which there is little at a time: jobs, and the reading of files. Each has a
  /// thread at once, so that none waits for another.
  package static let blocking = WorkerPool(threadCount: .max)

  private let queue: JobQueue

  /// A pool that does up to `threadCount` things at once, at least 1.
  package init(threadCount: Int) {
    precondition(threadCount >= 1, "work needs a thread")
    queue = JobQueue(threadLimit: threadCount)
  }

  deinit { queue.close() }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.append { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// Does something that blocks, away from the caller's actor.
  @concurrent
  package func run<Result: Sendable, Failure: Error>(
    _ body: @escaping @Sendable () throws(Failure) -> Result
  ) async throws(Failure) -> Result {
    try await withTaskExecutorPreference(self) { () throws(Failure) -> Result in try body() }
  }
}
