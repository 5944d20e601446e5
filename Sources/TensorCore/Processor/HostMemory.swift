import Glibc
import Synchronization

/// The program's own memory, kept for reuse: a buffer goes back when its last tensor is released, so that
/// repeated work of one shape allocates nothing after the first time. An address is a pointer's.
final class HostMemory: DeviceMemory {
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

  func take(byteCount: Int) throws -> DeviceBuffer {
    let capacity = Self.capacity(for: byteCount)
    let reused = state.withLock { state -> UInt? in
      guard let address = state.free[capacity]?.popLast() else { return nil }
      state.heldBytes -= capacity
      return address
    }
    let address = try reused ?? UInt(bitPattern: Self.allocate(capacity))
    return DeviceBuffer(address: DeviceAddress(bytes: address), capacity: capacity)
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

  func giveBack(_ buffer: DeviceBuffer) {
    state.withLock { state in
      state.free[buffer.capacity, default: []].append(buffer.address.bytes)
      state.heldBytes += buffer.capacity
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

  // MARK: Copying

  func upload(_ bytes: UnsafeRawBufferPointer, to address: DeviceAddress) {
    guard let source = bytes.baseAddress else { return }
    address.pointer.copyMemory(from: source, byteCount: bytes.count)
  }

  func download(_ address: DeviceAddress, into bytes: UnsafeMutableRawBufferPointer) {
    guard let target = bytes.baseAddress else { return }
    target.copyMemory(from: address.pointer, byteCount: bytes.count)
  }

  func copy(_ source: DeviceRows, to target: DeviceRows, rowCount: Int, byteCount: Int) {
    for row in 0..<rowCount {
      (target.address.pointer + row * target.stride).copyMemory(
        from: source.address.pointer + row * source.stride, byteCount: byteCount)
    }
  }

  func clear(_ address: DeviceAddress, byteCount: Int) { memset(address.pointer, 0, byteCount) }
}

extension DeviceAddress {
  /// The place in the program's memory, which a processor's addresses mean.
  fileprivate var pointer: UnsafeMutableRawPointer {
    guard let pointer = UnsafeMutableRawPointer(bitPattern: bytes) else {
      preconditionFailure("no memory begins at address 0")
    }
    return pointer
  }
}

extension ProcessorDevice {
  /// Where memory lies in the program: for the processor's own code alone.
  func pointer(_ storage: TensorStorage) -> UnsafeMutableRawPointer { storage.address.pointer }

  /// A tensor's elements.
  func pointer(_ x: Tensor) -> UnsafeMutableRawPointer { x.address.pointer }

  /// A float32 tensor's elements.
  func floats(_ x: Tensor) -> UnsafeMutablePointer<Float> {
    x.address.pointer.assumingMemoryBound(to: Float.self)
  }
}
