import Glibc
import Synchronization

/// Sees to it that one thread at a time works with something. Debug builds alone look; it costs nothing
/// in others.
final class ThreadUse: Sendable {
  #if DEBUG
    private struct State {
      var thread: pthread_t?
      var depth = 0
    }
    private let state = Mutex(State())
  #endif

  /// This thread begins to work with it, also within something that it already does.
  func begin() {
    #if DEBUG
      state.withLock { state in
        let thread = pthread_self()
        precondition(
          state.depth == 0 || state.thread == thread,
          "a second thread uses a context while the first is at work")
        state.thread = thread
        state.depth += 1
      }
    #endif
  }

  /// The thread has done what it began.
  func end() {
    #if DEBUG
      state.withLock { $0.depth -= 1 }
    #endif
  }
}
