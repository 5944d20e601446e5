import Foundation

/// One of the processes that compute together, as it sees the others: its rank among them, and what they
/// can tell each other.
///
/// Every rank starts the same transfers with the same sizes in the same order; each begins when all have
/// come to it. Nothing is added up on the way, so that results do not depend on who was faster: ranks
/// exchange numbers, and each adds in the order of ranks.
public protocol Communicator: AnyObject, Sendable {
  /// This one's number, from 0.
  var rank: Int { get }
  /// How many there are, at least 1.
  var size: Int { get }
  /// What carries the transfers, in words: a library and its version.
  var library: String { get }

  /// Part i of `sent` goes to rank i; part i of `received` comes from there. All parts have one size.
  func exchange(
    _ sent: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer
  ) -> Transfer
  /// Everyone's `sent`, of one size, goes to everyone, in the order of ranks.
  func gather(
    _ sent: UnsafeRawBufferPointer, into received: UnsafeMutableRawBufferPointer
  ) -> Transfer

  /// Ends the others, after a fault of this rank that was told already. Where ranks are processes, this
  /// one ends as well.
  ///
  /// - Parameter status: The exit status.
  func abort(status: Int32)
  /// Takes leave; waits until the others do.
  func leave() async throws
}

extension Communicator {
  /// Everyone's bytes, of any sizes, in the order of ranks.
  ///
  /// - Throws: ``CommunicationError``.
  public func gathered(_ bytes: [UInt8]) async throws -> [[UInt8]] {
    let count = RankMemory(byteCount: 8)
    count.bytes.storeBytes(of: Int64(bytes.count), as: Int64.self)
    let counts = RankMemory(byteCount: 8 * size)
    try await gather(UnsafeRawBufferPointer(count.bytes), into: counts.bytes).finished()
    let lengths = (0..<size).map { Int(counts.bytes.load(fromByteOffset: 8 * $0, as: Int64.self)) }
    let longest = lengths.max() ?? 0
    guard longest > 0 else { return lengths.map { _ in [] } }
    let own = RankMemory(byteCount: longest)
    own.bytes.copyBytes(from: bytes)
    let all = RankMemory(byteCount: longest * size)
    try await gather(UnsafeRawBufferPointer(own.bytes), into: all.bytes).finished()
    return lengths.enumerated().map { rank, length in
      Array(all.bytes[(rank * longest)..<(rank * longest + length)])
    }
  }

  /// Everyone's value, in the order of ranks.
  ///
  /// - Throws: ``CommunicationError``, and what coding throws.
  public func gathered<Value: Codable>(_ value: Value) async throws -> [Value] {
    let bytes = try Array(JSONEncoder().encode(value))
    return try await gathered(bytes).map { try JSONDecoder().decode(Value.self, from: Data($0)) }
  }

  /// Everyone's numbers, as many of each, in the order of ranks. Waits on the calling thread.
  ///
  /// - Throws: ``CommunicationError``.
  public func gathered(numbers: [Double]) throws -> [[Double]] {
    let count = numbers.count
    guard count > 0 else { return (0..<size).map { _ in [] } }
    let own = RankMemory(byteCount: 8 * count)
    numbers.withUnsafeBytes { own.bytes.copyMemory(from: $0) }
    let all = RankMemory(byteCount: 8 * count * size)
    try gather(UnsafeRawBufferPointer(own.bytes), into: all.bytes).wait()
    let values = all.bytes.bindMemory(to: Double.self)
    return (0..<size).map { Array(values[($0 * count)..<(($0 + 1) * count)]) }
  }

  /// Waits until every rank has come here.
  ///
  /// - Throws: ``CommunicationError``.
  public func meet() async throws { _ = try await gathered([UInt8(1)]) }
}

/// Memory for transfers, which stays in its place while it is held.
public final class RankMemory: @unchecked Sendable {
  /// The memory, zero to begin with.
  public let bytes: UnsafeMutableRawBufferPointer

  /// Takes so many bytes, in lines of the processor's cache.
  public init(byteCount: Int) {
    bytes = .allocate(byteCount: max(byteCount, 1), alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }
}
