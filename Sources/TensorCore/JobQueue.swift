import Glibc

/// Work that waits for threads, which are started as it comes and end when the queue is closed.
final class JobQueue: @unchecked Sendable {
  // Guarded by the mutex.
  private var jobs: [() -> Void] = []
  private var threadCount = 0
  private var idleCount = 0
  private var isClosed = false

  private let threadLimit: Int
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// A queue for up to `threadLimit` threads.
  init(threadLimit: Int) {
    self.threadLimit = threadLimit
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Adds work for the next thread that is free, or for another one.
  func append(_ job: @escaping () -> Void) {
    pthread_mutex_lock(mutex)
    jobs.append(job)
    let needsThread = jobs.count > idleCount && threadCount < threadLimit
    if needsThread { threadCount += 1 }
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
    if needsThread { startThread() }
  }

  /// Lets the threads end once nothing waits any more.
  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  private func startThread() {
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().runUntilClosed()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(status == 0, "the system gave no thread: \(String(cString: strerror(status)))")
    pthread_detach(thread)
  }

  private func runUntilClosed() {
    while let job = next() { job() }
  }

  private func next() -> (() -> Void)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while jobs.isEmpty {
      if isClosed { return nil }
      idleCount += 1
      pthread_cond_wait(condition, mutex)
      idleCount -= 1
    }
    return jobs.removeFirst()
  }
}
