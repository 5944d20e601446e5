internal import CDriver

/// A card's memory, taken and given back in order with the card's work: the driver keeps what is given back
/// for whoever takes it next.
final class GraphicsMemory: DeviceMemory {
  private let connection: GraphicsConnection
  private var functions: cd_driver { connection.driver.functions }

  init(_ connection: GraphicsConnection) { self.connection = connection }

  func take(byteCount: Int) throws -> DeviceBuffer {
    let capacity = max(byteCount, 1)
    var address: cd_address = 0
    connection.makeCurrent()
    try connection.rethrow()
    var result = functions.take(&address, capacity, connection.pool, connection.stream)
    if result == CD_ERROR_OUT_OF_MEMORY {
      // What waits for reuse may lie in pieces that are too small.
      _ = functions.wait_for_stream(connection.stream)
      trim()
      result = functions.take(&address, capacity, connection.pool, connection.stream)
    }
    if result == CD_ERROR_OUT_OF_MEMORY {
      var (free, total) = (0, 0)
      _ = functions.get_memory(&free, &total)
      let error = connection.driver.failure("cuMemAllocFromPoolAsync", result)
      throw TensorError(
        operation: error.operation,
        reason: "\(capacity) bytes are wanted, and \(free) of \(total) are free: \(error.reason)")
    }
    try connection.driver.check("cuMemAllocFromPoolAsync", result)
    return DeviceBuffer(address: DeviceAddress(bytes: UInt(address)), capacity: capacity)
  }

  func giveBack(_ buffer: DeviceBuffer) {
    connection.makeCurrent()
    connection.note("cuMemFreeAsync", functions.give_back(buffer.address.onCard, connection.stream))
  }

  func upload(_ bytes: UnsafeRawBufferPointer, to address: DeviceAddress) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    connection.makeCurrent()
    // From memory that is not pinned the driver has taken its copy when it returns.
    connection.note(
      "cuMemcpyHtoDAsync",
      functions.upload(address.onCard, source, bytes.count, connection.stream))
  }

  func download(_ address: DeviceAddress, into bytes: UnsafeMutableRawBufferPointer) throws {
    guard let target = bytes.baseAddress, !bytes.isEmpty else { return }
    connection.makeCurrent()
    try connection.rethrow()
    try connection.driver.check(
      "cuMemcpyDtoHAsync",
      functions.download(target, address.onCard, bytes.count, connection.stream))
    try connection.driver.check(
      "cuStreamSynchronize", functions.wait_for_stream(connection.stream))
  }

  func copy(_ source: DeviceRows, to target: DeviceRows, rowCount: Int, byteCount: Int) {
    guard rowCount > 0, byteCount > 0 else { return }
    connection.makeCurrent()
    guard rowCount > 1 else {
      connection.note(
        "cuMemcpyDtoDAsync",
        functions.copy(
          target.address.onCard, source.address.onCard, byteCount, connection.stream))
      return
    }
    var rows = cd_rows()
    rows.source_type = Int32(CD_MEMORY_DEVICE)
    rows.source_device = source.address.onCard
    rows.source_pitch = source.stride
    rows.target_type = Int32(CD_MEMORY_DEVICE)
    rows.target_device = target.address.onCard
    rows.target_pitch = target.stride
    rows.width = byteCount
    rows.height = rowCount
    connection.note("cuMemcpy2DAsync", functions.copy_rows(&rows, connection.stream))
  }

  func clear(_ address: DeviceAddress, byteCount: Int) {
    guard byteCount > 0 else { return }
    connection.makeCurrent()
    connection.note(
      "cuMemsetD8Async", functions.fill(address.onCard, 0, byteCount, connection.stream))
  }

  func trim() {
    connection.makeCurrent()
    connection.note("cuMemPoolTrimTo", functions.trim_pool(connection.pool, 0))
  }

  var heldBytes: Int {
    var (reserved, used) = (UInt64(0), UInt64(0))
    connection.makeCurrent()
    _ = functions.get_pool_attribute(
      connection.pool, Int32(CD_POOL_RESERVED_CURRENT), &reserved)
    _ = functions.get_pool_attribute(
      connection.pool, Int32(CD_POOL_USED_CURRENT), &used)
    return Int(max(reserved, used) - used)
  }
}

extension DeviceAddress {
  /// The place as the driver and the kernels name it.
  var onCard: UInt64 { UInt64(bytes) }
}
