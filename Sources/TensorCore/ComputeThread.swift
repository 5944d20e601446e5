/// A thread of its own that runs an actor's work, so that everything the actor computes stays on one
/// thread: the threads that help belong to the one that calls.
///
/// An actor adopts it with `nonisolated var unownedExecutor: UnownedSerialExecutor`.
public final class ComputeThread: SerialExecutor {
  private let queue = JobQueue(threadLimit: 1)

  /// Prepares the thread, which begins with the first work and ends when the last reference goes.
  public init() {}

  deinit { queue.close() }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.append { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }
}
