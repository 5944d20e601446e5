internal import KernelEmulator
import TensorCore

/// A graphics processor of this machine's own making, with its driver; see `KernelEmulator.h` for the faults
/// that it finds, which fail the operation.
///
/// Its numbers may be asked for, and its memory limited, from any thread.
public final class EmulatedCard: @unchecked Sendable {
  private let machine: OpaquePointer

  /// Makes a card.
  ///
  /// - Parameters:
  ///   - seed: Decides in which order threads and blocks take their turns.
  ///   - memoryBytes: How much it can hold.
  ///   - blockBytes: How much shared memory a block can have.
  public init(seed: UInt64 = 1, memoryBytes: Int = 1 << 32, blockBytes: Int = 163 << 10) {
    guard let machine = ke_create(seed, memoryBytes, blockBytes) else {
      preconditionFailure("no memory for an emulated card")
    }
    self.machine = machine
  }

  deinit { ke_destroy(machine) }

  /// Opens the card.
  ///
  /// - Throws: ``TensorError`` if its driver refuses.
  public func open(ordinal: Int = 0) throws -> Device {
    ke_use(machine)
    guard let table = ke_driver() else { preconditionFailure("the emulator has a driver") }
    return try Device.open(driver: table, ordinal: ordinal)
  }

  /// Runs `body` with this card as each of the machine's, however it is opened: by its number, by an engine, or by a
  /// trainer. Not in detached tasks.
  public func standingIn<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async rethrows -> Result {
    try await Device.$substitute.withValue({ _ in try self.open() }, operation: body)
  }

  /// Gives it more or less memory from now on, as if others took it; what is taken stays.
  public func limit(toBytes bytes: Int) { ke_limit(machine, bytes) }

  /// What its driver says of it.
  public func cards() throws -> [GraphicsCard] {
    ke_use(machine)
    guard let table = ke_driver() else { preconditionFailure("the emulator has a driver") }
    return try GraphicsCard.all(driver: table)
  }

  /// What was wrong first, if anything was.
  public var fault: String? { ke_fault(machine).map { String(cString: $0) } }
  /// Kernels that were launched.
  public var launchCount: Int { Int(ke_launches(machine)) }
  /// Bytes that tensors and weights take.
  public var takenBytes: Int { Int(ke_taken_bytes(machine)) }
  /// The most bytes that were taken at once.
  public var mostBytes: Int { Int(ke_most_bytes(machine)) }

  /// Reverses 64 numbers by a kernel into which a fault was put, or by one that is sound.
  ///
  /// - Returns: The numbers as the kernel left them, and what the emulator found.
  public func reverse(
    _ numbers: [Float], by kernel: String
  ) -> (numbers: [Float], fault: String?) {
    precondition(numbers.count == 64)
    var numbers = numbers
    let fault = ke_reverse(machine, kernel, &numbers).map { String(cString: $0) }
    return (numbers, fault)
  }
}
