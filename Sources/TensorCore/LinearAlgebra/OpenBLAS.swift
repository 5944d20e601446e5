internal import COpenBLAS
import Synchronization

/// The linear algebra library, whose number of threads is a setting of the whole process.
enum OpenBLAS {
  private static let library = Mutex(())

  /// Runs `body` with the library kept to the calling thread, one caller at a time: its pool of
  /// threads would compete with the team that the networks run on.
  static func onCallingThread(_ body: () -> Void) {
    library.withLock { _ in
      let threads = openblas_get_num_threads()
      openblas_set_num_threads(1)
      body()
      openblas_set_num_threads(threads)
    }
  }
}
