import Glibc

/// A transfer between ranks that was started and goes on by itself.
///
/// The memory that it reads and writes must stay as it is until the transfer is done.
public final class Transfer: @unchecked Sendable {
  // Guarded by the mutex.
  private var outcome: Result<Void, CommunicationError>?
  private var waiting: [CheckedContinuation<Void, any Error>] = []

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

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

  /// Waits on the calling thread, which must be one's own: Swift's shared threads use ``finished()``.
  ///
  /// - Throws: ``CommunicationError`` if the transfer failed or another rank has ended.
  public func wait() throws {
    pthread_mutex_lock(mutex)
    while outcome == nil { pthread_cond_wait(condition, mutex) }
    let outcome = outcome
    pthread_mutex_unlock(mutex)
    try outcome?.get()
  }

  /// Waits without a thread; otherwise like ``wait()``.
  public func finished() async throws {
    try await withCheckedThrowingContinuation { continuation in
      pthread_mutex_lock(mutex)
      let outcome = outcome
      if outcome == nil { waiting.append(continuation) }
      pthread_mutex_unlock(mutex)
      if let outcome { continuation.resume(with: outcome.mapError { $0 as any Error }) }
    }
  }

  /// Says that it is done; only the first call counts.
  func complete(_ result: Result<Void, CommunicationError> = .success(())) {
    pthread_mutex_lock(mutex)
    let isFirst = outcome == nil
    if isFirst { outcome = result }
    let continuations = isFirst ? waiting : []
    if isFirst { waiting = [] }
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
    for continuation in continuations {
      continuation.resume(with: result.mapError { $0 as any Error })
    }
  }
}
