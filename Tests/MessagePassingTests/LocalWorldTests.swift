import MessagePassing
import TestSupport
import Testing

@Suite("Ranks of one process")
struct LocalWorldTests {
  private func bytes(_ values: [UInt8]) -> RankMemory {
    let memory = RankMemory(byteCount: values.count)
    memory.bytes.copyBytes(from: values)
    return memory
  }

  @Test("each part goes to its rank, and comes with its sender's place", arguments: [1, 2, 4])
  func exchanges(count: Int) async throws {
    let found = try await amongRanks(count) { ranks in
      let sent = bytes((0..<count).flatMap { [UInt8(10 * ranks.rank + $0), 7] })
      let received = RankMemory(byteCount: 2 * count)
      try await ranks.exchange(UnsafeRawBufferPointer(sent.bytes), into: received.bytes).finished()
      return Array(received.bytes)
    }
    for rank in 0..<count {
      #expect(found[rank] == (0..<count).flatMap { [UInt8(10 * $0 + rank), 7] })
    }
  }

  @Test("bytes of any sizes, values and numbers are gathered in the order of ranks")
  func gathers() async throws {
    let found = try await amongRanks(3) { ranks in
      let bytes = try await ranks.gathered(Array(repeating: UInt8(ranks.rank), count: ranks.rank))
      let values = try await ranks.gathered(["rank": ranks.rank])
      let numbers = try ranks.gathered(numbers: [Double(ranks.rank), 0.5])
      try await ranks.meet()
      return (bytes, values, numbers)
    }
    for (bytes, values, numbers) in found {
      #expect(bytes == [[], [1], [2, 2]])
      #expect(values == [["rank": 0], ["rank": 1], ["rank": 2]])
      #expect(numbers == [[0, 0.5], [1, 0.5], [2, 0.5]])
    }
  }

  @Test("a rank that ends lets the others end, whether they wait or come later")
  func ends() async throws {
    struct Fault: Error {}
    await #expect(throws: Fault.self) {
      _ = try await amongRanks(3) { ranks in
        if ranks.rank == 1 { throw Fault() }
        try await ranks.meet()
      }
    }
  }
}
