import Foundation
import TensorCore

/// A device that shows whether anything above it cheats.
///
/// What it is asked for is carried out by the processor, but only when numbers are read: until then
/// nothing of it has happened. Its memory cannot be touched in between, so that whoever looks behind a
/// tensor's address ends the program; and memory that is taken holds NaN until something is written.
package final class CheckingDevice: ComputeDevice {
  private let processor: any ComputeDevice
  private let deferred = DeferredMemory()

  package init(threadCount: Int? = nil) throws {
    processor = try Device.open(threadCount: threadCount).implementation
  }

  // What was asked for and never read holds tensors, and those the memory.
  deinit { deferred.forget() }

  /// How often numbers were read that had still to be computed.
  package var waitCount: Int { deferred.waitCount }

  package var name: String { "checking \(processor.name)" }
  package var memory: any DeviceMemory { deferred }
  package var threadCount: Int { processor.threadCount }
  package var rowChunk: Int? { processor.rowChunk }

  package func supports(_ elementType: ElementType) -> Bool { processor.supports(elementType) }
  package func trains(_ elementType: ElementType) -> Bool { processor.trains(elementType) }

  package func measurePeak(_ elementType: ElementType, seconds: Double) -> Double? {
    processor.measurePeak(elementType, seconds: seconds)
  }

  package func prepare(
    _ weight: WeightSource, _ description: WeightDescription
  ) throws -> any PreparedWeight {
    try processor.prepare(weight, description)
  }

  package func run(_ operation: DeviceOperation) throws {
    deferred.later { [processor] in try processor.run(operation) }
  }
}

/// The memory of a checking device: one stretch of addresses that is closed but while the work is done
/// that was put off.
private final class DeferredMemory: DeviceMemory, @unchecked Sendable {
  private let base: UnsafeMutableRawPointer
  private let lock = NSLock()
  private var usedBytes = 0
  private var free: [Int: [DeviceBuffer]] = [:]
  private var work: [() throws -> Void] = []
  private var waits = 0

  /// Addresses; pages are taken when they are written.
  private static let byteCount = 2 << 30

  init() {
    base = mmap(
      nil, Self.byteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    precondition(base != MAP_FAILED, "the system gave no addresses")
  }

  deinit { munmap(base, Self.byteCount) }

  private func pointer(_ address: DeviceAddress) -> UnsafeMutableRawPointer {
    base + (Int(bitPattern: address.bytes) - Int(bitPattern: base))
  }

  func later(_ body: @escaping () throws -> Void) { lock.withLock { work.append(body) } }

  var waitCount: Int { lock.withLock { waits } }

  func forget() {
    var forgotten: [() throws -> Void] = []
    lock.withLock { swap(&forgotten, &work) }
    // Its tensors give their memory back as they go, which takes the lock: not before it is free.
    withExtendedLifetime(forgotten) {}
  }

  /// Does what was put off, in order, and then lets a reader at the memory.
  private func afterWork(_ read: () -> Void) throws {
    let (work, length) = lock.withLock {
      defer { self.work = [] }
      if !self.work.isEmpty { waits += 1 }
      return (self.work, usedBytes)
    }
    // No more than was ever taken: the system goes through every page.
    mprotect(base, length, PROT_READ | PROT_WRITE)
    defer { mprotect(base, length, PROT_NONE) }
    for body in work { try body() }
    read()
  }

  func take(byteCount: Int) throws -> DeviceBuffer {
    let capacity = (max(byteCount, 1) + 63) / 64 * 64
    let buffer = try lock.withLock {
      if let reused = free[capacity]?.popLast() { return reused }
      guard usedBytes + capacity <= Self.byteCount else {
        throw TensorError(operation: "allocation", reason: "no addresses for \(capacity) bytes")
      }
      defer { usedBytes += capacity }
      let address = DeviceAddress(bytes: UInt(bitPattern: base + usedBytes))
      return DeviceBuffer(address: address, capacity: capacity)
    }
    // All bits set: NaN in every precision.
    later { [unowned self] in memset(pointer(buffer.address), 0xFF, capacity) }
    return buffer
  }

  func giveBack(_ buffer: DeviceBuffer) {
    lock.withLock { free[buffer.capacity, default: []].append(buffer) }
  }

  func upload(_ bytes: UnsafeRawBufferPointer, to address: DeviceAddress) {
    let copy = [UInt8](bytes)
    later { [unowned self] in
      copy.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: pointer(address), count: $0.count).copyMemory(from: $0)
      }
    }
  }

  func download(_ address: DeviceAddress, into bytes: UnsafeMutableRawBufferPointer) throws {
    try afterWork {
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: pointer(address), count: bytes.count))
    }
  }

  func copy(_ source: DeviceRows, to target: DeviceRows, rowCount: Int, byteCount: Int) {
    later { [unowned self] in
      for row in 0..<rowCount {
        (pointer(target.address) + row * target.stride).copyMemory(
          from: pointer(source.address) + row * source.stride, byteCount: byteCount)
      }
    }
  }

  func clear(_ address: DeviceAddress, byteCount: Int) {
    later { [unowned self] in memset(pointer(address), 0, byteCount) }
  }

  /// Nothing waits for reuse in the system's sense: addresses stay.
  func trim() {}

  var heldBytes: Int {
    lock.withLock { free.reduce(0) { $0 + $1.key * $1.value.count } }
  }
}
