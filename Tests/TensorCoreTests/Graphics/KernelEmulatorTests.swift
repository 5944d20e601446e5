import TensorCore
import TestSupport
import Testing

/// What the emulated card finds in kernels that are wrong, without which its silence would say nothing. Each
/// fault is found in whatever order the threads take their turns.
struct KernelEmulatorTests {
  private static let numbers = (0..<64).map(Float.init)
  private static let seeds: [UInt64] = [1, 2, 3, 4, 5]

  @Test("a sound kernel gives the same in every order", arguments: seeds)
  func sound(_ seed: UInt64) {
    let found = EmulatedCard(seed: seed).reverse(Self.numbers, by: "planted_none")
    #expect(found.numbers == Self.numbers.reversed())
    #expect(found.fault == nil)
  }

  @Test(
    "a fault is told of, with the kernel and the thread", arguments: seeds,
    [
      ("no_barrier", "no barrier between"), ("half_a_barrier", "barrier"),
      ("early_end", "barrier"), ("past_the_end", "at byte 256 of 256 of the device's memory"),
      ("past_shared", "of 256 of shared memory"), ("torn_warp", "a warp does together"),
      ("crooked_copy", "a crooked copy"),
    ])
  func fault(_ seed: UInt64, _ planted: (name: String, sentence: String)) throws {
    let found = EmulatedCard(seed: seed).reverse(Self.numbers, by: "planted_\(planted.name)")
    let fault = try #require(found.fault)
    #expect(fault.contains(planted.sentence), "\(fault)")
    #expect(fault.hasPrefix("planted_\(planted.name), block (0, 0, 0), thread "), "\(fault)")
  }

  @Test(
    "what was not written, or not waited for, is no number", arguments: seeds,
    ["unwritten", "no_wait"])
  func poison(_ seed: UInt64, _ planted: String) {
    let found = EmulatedCard(seed: seed).reverse(Self.numbers, by: "planted_\(planted)")
    #expect(found.numbers.allSatisfy { $0.isNaN })
  }

  @Test("all memory is given back")
  func giveBack() throws {
    let card = EmulatedCard()
    do {
      let context = ComputeContext(try card.open())
      let weight = try context.linear(inputs: 5, outputs: 9, bias: nil, seed: 1, as: .bfloat16)
      let x = try context.tensor([1, 2, 3, 4, 5], shape: [1, 5], as: .bfloat16)
      _ = try context.read(context.linear(x, weight.weight))
      #expect(card.takenBytes > 0)
    }
    #expect(card.takenBytes == 0)
  }
}
