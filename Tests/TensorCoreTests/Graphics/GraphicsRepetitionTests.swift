import TensorCore
import TestSupport
import Testing

/// Work that is done again: as a graph from the third time on, with the same results.
struct GraphicsRepetitionTests {
  /// A small chain of operations whose features need memory in between.
  private func work(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
    try context.silu(context.add(context.gelu(x), context.silu(x)))
  }

  private func input(_ seed: Int, _ context: ComputeContext) throws -> Tensor {
    try context.tensor((0..<300).map { Float(($0 + seed) % 17) / 8 - 1 }, shape: [3, 100])
  }

  @Test("it gives the same numbers however often it is done, with memory that does not grow")
  func repeated() throws {
    let card = EmulatedCard()
    let context = ComputeContext(try card.open())
    let kept = RepeatedWork()
    var taken: [Int] = []
    for seed in 0..<6 {
      let x = try input(seed, context)
      let expected = try context.read(work(x, context))
      let found = try context.repeating(kept, [x]) { [try work($0[0], context)] }
      #expect(try context.read(found) == [expected])
      taken.append(card.takenBytes)
    }
    #expect(taken[3] == taken[5])
    #expect(card.fault == nil)
  }

  @Test("what is done from the third time on takes no call of the work's own")
  func graph() throws {
    let card = EmulatedCard()
    let context = ComputeContext(try card.open())
    let kept = RepeatedWork()
    var calls = 0
    for seed in 0..<5 {
      _ = try context.repeating(kept, [input(seed, context)]) {
        calls += 1
        return [try work($0[0], context)]
      }
    }
    #expect(calls == 2)
    // Another shape is other work.
    _ = try context.repeating(kept, [input(0, context).reshaped([300])]) {
      calls += 1
      return [try work($0[0], context)]
    }
    #expect(calls == 3)
  }

  @Test("results of one time stay as they are when it is done again")
  func results() throws {
    let context = ComputeContext(try EmulatedCard().open())
    let kept = RepeatedWork()
    let (first, second) = (try input(1, context), try input(2, context))
    let results = try (0..<4).map { turn in
      try context.repeating(kept, [turn % 2 == 0 ? first : second]) {
        [try work($0[0], context)]
      }[0]
    }
    let numbers = try context.read(results)
    #expect(numbers[0] == numbers[2] && numbers[1] == numbers[3] && numbers[0] != numbers[1])
  }

  @Test("work that takes numbers of the program is done as it comes each time")
  func unrepeatable() throws {
    let context = ComputeContext(try EmulatedCard().open())
    let kept = RepeatedWork()
    for seed in 0..<4 {
      let found = try context.repeating(kept, [input(0, context)]) {
        [try context.add($0[0], input(seed, context))]
      }
      let expected = try context.add(input(0, context), input(seed, context))
      #expect(try context.read(found) == [context.read(expected)])
    }
  }

  @Test("work that fails while it is recorded fails with its error, and is done again as it comes")
  func failure() throws {
    struct Refusal: Error {}
    let card = EmulatedCard()
    let context = ComputeContext(try card.open())
    let kept = RepeatedWork()
    let x = try input(0, context)
    let before = card.takenBytes
    for turn in 0..<4 {
      #expect(throws: Refusal.self) {
        _ = try context.repeating(kept, [x]) { _ in
          _ = try work(x, context)
          throw Refusal()
        }
      }
      #expect(card.takenBytes == before, "turn \(turn)")
    }
  }

  @Test("all memory is given back with the work")
  func memory() throws {
    let card = EmulatedCard()
    let context = ComputeContext(try card.open())
    do {
      let kept = RepeatedWork()
      for seed in 0..<4 {
        _ = try context.repeating(kept, [input(seed, context)]) { [try work($0[0], context)] }
      }
      #expect(card.takenBytes > 0)
    }
    #expect(card.takenBytes == 0)
  }

  @Test("a profile has every operation")
  func profile() throws {
    let context = ComputeContext(try EmulatedCard().open())
    let kept = RepeatedWork()
    for seed in 0..<3 {
      _ = try context.repeating(kept, [input(seed, context)]) { [try work($0[0], context)] }
    }
    let profile = OperationProfile()
    context.profile = profile
    _ = try context.repeating(kept, [input(3, context)]) { [try work($0[0], context)] }
    #expect(profile.calls.count == 4)
    #expect(profile.calls.allSatisfy { $0.seconds >= 0 })
  }
}
