internal import CKernels
import Glibc

/// Other processes that keep processors busy, to see what a shared machine costs. Each computes without a
/// pause at ordinary priority and needs next to no memory. They end with this object, and with the program,
/// however that ends.
public final class BusyNeighbours {
  package private(set) var processIdentifiers: [Int32] = []

  /// Starts `count` processes, which belong to the calling thread and end with it too.
  ///
  /// - Throws: ``TensorError`` if the system gives no more processes.
  public init(count: Int) throws {
    for _ in 0..<count {
      let process = ck_start_neighbour()
      guard process > 0 else {
        let reason = String(cString: strerror(errno))
        stop()
        throw TensorError(operation: "fork", reason: reason)
      }
      processIdentifiers.append(process)
    }
  }

  deinit { stop() }

  /// Ends the processes, and waits until they are gone.
  public func stop() {
    processIdentifiers.forEach(ck_stop_neighbour)
    processIdentifiers = []
  }
}
