import Glibc
import Synchronization

/// Memory for tensors, kept for reuse: a buffer goes back when its last tensor is released, so that
/// repeated work of one shape allocates nothing after the first time.
final class BufferPool: Sendable {
  private struct State {
    var free: [Int: [UInt]] = [:]  // capacity in bytes -> addresses
    var heldBytes = 0
  }
  private let state = Mutex(State())

  /// Buffers from this size on are mapped by themselves and ask for huge pages: the weights and
  /// features of a step are read from end to end, and 4 KiB pages would miss in the TLB on each.
  private static let hugePage = 2 << 20

  deinit { trim() }

  /// Capacity that serves a request: steps of an eighth of a power of two waste little and let
  /// slightly different shapes share buffers.
  static func capacity(for byteCount: Int) -> Int {
    let least = max(byteCount, 4096)
    let power = 1 << (Int.bitWidth - 1 - (least - 1).leadingZeroBitCount)
    let step = max(power / 8, 4096)
    return (least + step - 1) / step * step
  }

  func take(capacity: Int) throws -> UnsafeMutableRawPointer {
    let reused = state.withLock { state -> UInt? in
      guard let address = state.free[capacity]?.popLast() else { return nil }
      state.heldBytes -= capacity
      return address
    }
    if let reused, let pointer = UnsafeMutableRawPointer(bitPattern: reused) { return pointer }
    return try Self.allocate(capacity)
  }

  private static func allocate(_ capacity: Int) throws -> UnsafeMutableRawPointer {
    let shortage = TensorError(operation: "allocation", reason: "no memory for \(capacity) bytes")
    if capacity >= hugePage {
      let pointer = mmap(nil, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let pointer, pointer != MAP_FAILED else { throw shortage }
      madvise(pointer, capacity, MADV_HUGEPAGE)
      return pointer
    }
    var pointer: UnsafeMutableRawPointer?
    guard posix_memalign(&pointer, 64, capacity) == 0, let pointer else { throw shortage }
    return pointer
  }

  func give(back pointer: UnsafeMutableRawPointer, capacity: Int) {
    state.withLock { state in
      state.free[capacity, default: []].append(UInt(bitPattern: pointer))
      state.heldBytes += capacity
    }
  }

  /// Bytes that wait for reuse.
  var heldBytes: Int { state.withLock { $0.heldBytes } }

  /// Returns all waiting memory to the system.
  func trim() {
    let buffers = state.withLock { state in
      defer {
        state.free = [:]
        state.heldBytes = 0
      }
      return state.free
    }
    for (capacity, addresses) in buffers {
      for address in addresses {
        let pointer = UnsafeMutableRawPointer(bitPattern: address)
        if capacity >= Self.hugePage { munmap(pointer, capacity) } else { Glibc.free(pointer) }
      }
    }
  }
}
