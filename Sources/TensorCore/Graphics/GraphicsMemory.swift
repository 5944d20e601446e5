internal import CDriver
import Synchronization

/// A card's memory, taken and given back in order with the card's work: the driver keeps what is given back
/// for whoever takes it next.
final class GraphicsMemory: DeviceMemory {
  private let connection: GraphicsConnection
  private var functions: cd_driver { connection.driver.functions }
  private let arenas = Mutex(Arenas())

  /// All that is open in the process: what one keeps for reuse may be what another lacks.
  private static let open = Mutex<[Opened]>([])
  private struct Opened {
    weak var memory: GraphicsMemory?
  }

  init(_ connection: GraphicsConnection) {
    self.connection = connection
    Self.open.withLock { open in
      open.removeAll { $0.memory == nil }
      open.append(Opened(memory: self))
    }
  }

  func take(byteCount: Int) throws -> DeviceBuffer {
    let capacity = max(byteCount, 1)
    if let address = arenas.withLock({ $0.reused(capacity) }) {
      return DeviceBuffer(address: address, capacity: capacity)
    }
    let buffer = try taken(capacity)
    arenas.withLock { $0.note(buffer) }
    return buffer
  }

  private func taken(_ capacity: Int) throws -> DeviceBuffer {
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
      for memory in Self.open.withLock({ $0.compactMap(\.memory) }) { memory.trim() }
      connection.makeCurrent()
      result = functions.take(&address, capacity, connection.pool, connection.stream)
    }
    if result == CD_ERROR_OUT_OF_MEMORY {
      var (free, total) = (0, 0)
      _ = functions.get_memory(&free, &total)
      let error = connection.driver.failure("cuMemAllocFromPoolAsync", result)
      throw TensorError(
        operation: error.operation,
        reason: "\(capacity) bytes are wanted, and \(free) of \(total) are free: \(error.reason)",
        shortage: MemoryShortage(wanted: capacity, taken: poolBytes(CD_POOL_USED_CURRENT)))
    }
    try connection.driver.check("cuMemAllocFromPoolAsync", result)
    return DeviceBuffer(address: DeviceAddress(bytes: UInt(address)), capacity: capacity)
  }

  func giveBack(_ buffer: DeviceBuffer) {
    guard !arenas.withLock({ $0.keeps(buffer) }) else { return }
    returned(buffer.address)
  }

  private func returned(_ address: DeviceAddress) {
    connection.makeCurrent()
    connection.note("cuMemFreeAsync", functions.give_back(address.onCard, connection.stream))
  }

  /// Runs `body` with all memory from an arena, which stays taken until it is dropped, whatever is given
  /// back: what is recorded meanwhile can be done again at the same places.
  ///
  /// - Returns: The arena's number.
  func inArena<Result>(_ body: () throws -> Result) rethrows -> (arena: Int, result: Result) {
    let arena = arenas.withLock { $0.begin() }
    do {
      let result = try body()
      arenas.withLock { $0.end() }
      return (arena, result)
    } catch {
      arenas.withLock { $0.end() }
      drop(arena)
      throw error
    }
  }

  /// Returns an arena's memory; that of tensors which are still in it, once they are gone.
  func drop(_ arena: Int) {
    for address in arenas.withLock({ $0.drop(arena) }) { returned(address) }
  }

  func upload(_ bytes: UnsafeRawBufferPointer, to address: DeviceAddress) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    connection.recording?.isRepeatable = false
    connection.makeCurrent()
    // From memory that is not pinned the driver has taken its copy when it returns.
    connection.note(
      "cuMemcpyHtoDAsync",
      functions.upload(address.onCard, source, bytes.count, connection.stream))
  }

  func download(_ address: DeviceAddress, into bytes: UnsafeMutableRawBufferPointer) throws {
    guard let target = bytes.baseAddress, !bytes.isEmpty else { return }
    connection.recording?.isRepeatable = false
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
    connection.recording?.note(.copy(source, target, rowCount: rowCount, byteCount: byteCount))
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
    connection.recording?.note(.clear(address, byteCount: byteCount))
    connection.makeCurrent()
    connection.note(
      "cuMemsetD8Async", functions.fill(address.onCard, 0, byteCount, connection.stream))
  }

  func trim() {
    connection.makeCurrent()
    connection.note("cuMemPoolTrimTo", functions.trim_pool(connection.pool, 0))
  }

  var heldBytes: Int {
    max(poolBytes(CD_POOL_RESERVED_CURRENT) - poolBytes(CD_POOL_USED_CURRENT), 0)
  }

  var peakBytes: Int? { poolBytes(CD_POOL_USED_HIGH) }

  private func poolBytes(_ attribute: Int) -> Int {
    var bytes: UInt64 = 0
    connection.makeCurrent()
    _ = functions.get_pool_attribute(connection.pool, Int32(attribute), &bytes)
    return Int(bytes)
  }

  func resetPeak() {
    var bytes: UInt64 = 0
    connection.makeCurrent()
    _ = functions.set_pool_attribute(connection.pool, Int32(CD_POOL_USED_HIGH), &bytes)
  }
}

extension DeviceAddress {
  /// The place as the driver and the kernels name it.
  var onCard: UInt64 { UInt64(bytes) }
}

/// Memory that is set aside for work that is done again at the same places.
private struct Arenas {
  private struct Arena {
    var free: [Int: [DeviceAddress]] = [:]  // by capacity
    var all: [DeviceAddress] = []
  }
  private var arenas: [Int: Arena] = [:]
  private var owners: [DeviceAddress: Int] = [:]
  private var open: Int?
  private var nextNumber = 0

  mutating func begin() -> Int {
    precondition(open == nil, "an arena in an arena")
    nextNumber += 1
    arenas[nextNumber] = Arena()
    open = nextNumber
    return nextNumber
  }

  mutating func end() { open = nil }

  /// A place of the open arena that waits for reuse.
  mutating func reused(_ capacity: Int) -> DeviceAddress? {
    open.flatMap { arenas[$0]?.free[capacity]?.popLast() }
  }

  /// Adds what was taken to the open arena, if there is one.
  mutating func note(_ buffer: DeviceBuffer) {
    guard let open else { return }
    arenas[open]?.all.append(buffer.address)
    owners[buffer.address] = open
  }

  /// Whether a place that is given back belongs to an arena, and so stays taken.
  mutating func keeps(_ buffer: DeviceBuffer) -> Bool {
    guard let owner = owners[buffer.address] else { return false }
    arenas[owner]?.free[buffer.capacity, default: []].append(buffer.address)
    return true
  }

  /// Closes an arena for good.
  ///
  /// - Returns: The places that wait for reuse; the others go like any memory when they are given back.
  mutating func drop(_ number: Int) -> [DeviceAddress] {
    guard let arena = arenas.removeValue(forKey: number) else { return [] }
    for address in arena.all { owners[address] = nil }
    return arena.free.values.flatMap(\.self)
  }
}
