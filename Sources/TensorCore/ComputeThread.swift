import Glibc

/// A thread of its own that runs an actor's work, so that everything the actor computes stays on one
/// thread: oneDNN's workers belong to the thread that calls it.
///
/// An actor adopts it with `nonisolated var unownedExecutor: UnownedSerialExecutor`.
public final class ComputeThread: SerialExecutor {
  private let queue = JobQueue()

  /// Starts the thread, which ends when the last reference goes.
  public init() {
    let retained = Unmanaged.passRetained(queue)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().runUntilClosed()
        return nil
      }, retained.toOpaque())
    precondition(status == 0, "the system gave no thread: \(String(cString: strerror(status)))")
    pthread_detach(thread)
  }

  deinit { queue.close() }

  public func enqueue(_ job: consuming ExecutorJob) {
    queue.append(UnownedJob(job), self)
  }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }
}

/// Jobs that wait for the thread, guarded by a lock with a condition.
private final class JobQueue: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [(UnownedJob, ComputeThread)] = []
  private var isClosed = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func append(_ job: UnownedJob, _ executor: ComputeThread) {
    pthread_mutex_lock(mutex)
    jobs.append((job, executor))
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func runUntilClosed() {
    while let (job, executor) = next() {
      job.runSynchronously(on: executor.asUnownedSerialExecutor())
    }
  }

  private func next() -> (UnownedJob, ComputeThread)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while jobs.isEmpty {
      if isClosed { return nil }
      pthread_cond_wait(condition, mutex)
    }
    return jobs.removeFirst()
  }
}
