/// A place in a device's memory. Only the device can tell what it means: elsewhere it is a number to be
/// handed on.
package struct DeviceAddress: Sendable, Hashable {
  /// The place in bytes.
  package let bytes: UInt

  /// Names a place.
  package init(bytes: UInt) { self.bytes = bytes }

  /// A place further on.
  static func + (address: DeviceAddress, byteCount: Int) -> DeviceAddress {
    DeviceAddress(bytes: address.bytes + UInt(byteCount))
  }
}

/// Memory that is taken for a tensor: where it begins, and how much of it there is.
package struct DeviceBuffer: Sendable {
  /// Where it begins.
  package let address: DeviceAddress
  /// Bytes, as many as were asked for or more.
  package let capacity: Int

  /// Describes taken memory.
  package init(address: DeviceAddress, capacity: Int) {
    self.address = address
    self.capacity = capacity
  }
}

/// Rows of bytes that lie apart: what a copy reads, or what it writes.
package struct DeviceRows: Sendable {
  /// Where the first row begins.
  package let address: DeviceAddress
  /// Bytes from the beginning of one row to that of the next.
  package let stride: Int

  /// Describes rows.
  package init(_ address: DeviceAddress, stride: Int) {
    self.address = address
    self.stride = stride
  }
}

/// A device's memory. What is asked of it happens in order with the device's operations, whether at once
/// or later; only ``download(_:into:)`` waits. So a buffer may be given back as soon as no tensor needs
/// it, while operations that use it are still to run: whoever takes it next comes after them.
package protocol DeviceMemory: AnyObject, Sendable {
  /// Takes memory whose content is not set.
  ///
  /// - Throws: ``TensorError`` if there is not enough.
  func take(byteCount: Int) throws -> DeviceBuffer

  /// Keeps memory for reuse.
  func giveBack(_ buffer: DeviceBuffer)

  /// Copies numbers of the program to the device; they may change after the call.
  func upload(_ bytes: UnsafeRawBufferPointer, to address: DeviceAddress)

  /// Waits for everything that was asked for before, and copies numbers to the program.
  ///
  /// - Throws: ``TensorError`` if something before failed.
  func download(_ address: DeviceAddress, into bytes: UnsafeMutableRawBufferPointer) throws

  /// Copies rows from one place to another.
  func copy(_ source: DeviceRows, to target: DeviceRows, rowCount: Int, byteCount: Int)

  /// Sets bytes to 0.
  func clear(_ address: DeviceAddress, byteCount: Int)

  /// Returns all waiting memory to the system.
  func trim()

  /// Bytes that wait for reuse.
  var heldBytes: Int { get }

  /// The most bytes that were taken at once since the last call of ``resetPeak()``; `nil` for memory that is
  /// the process's own.
  var peakBytes: Int? { get }

  /// Begins to look for the peak anew.
  func resetPeak()
}

extension DeviceMemory {
  package var peakBytes: Int? { nil }
  package func resetPeak() {}
}

/// The memory behind a tensor; given back when the last tensor lets go of it.
package final class TensorStorage: Sendable {
  let buffer: DeviceBuffer
  /// `nil` for tensors that are only described.
  let memory: (any DeviceMemory)?

  /// Where the first element lies.
  package var address: DeviceAddress { buffer.address }

  init(byteCount: Int, _ memory: any DeviceMemory) throws {
    self.memory = memory
    buffer = try memory.take(byteCount: byteCount)
  }

  /// No memory, for tensors that are only described.
  init() {
    memory = nil
    buffer = DeviceBuffer(address: DeviceAddress(bytes: 0), capacity: 0)
  }

  deinit { memory?.giveBack(buffer) }
}
