import TensorCore
import TestSupport
import Testing

/// Work that is done on fewer things at a time where a card's memory is short.
struct GraphicsPieceTests {
  private let work = DividedWork("the test", thing: "row")
  /// What takes 4,000 bytes a row at once.
  private func rows(_ count: Int, at size: Int, _ context: ComputeContext) throws -> [Float] {
    try stride(from: 0, to: count, by: size).flatMap { start in
      let ones = [Float](repeating: Float(start), count: min(size, count - start) * 1000)
      let tensor = try context.tensor(ones, shape: [ones.count])
      return try context.read(tensor.slice(0..<1))
    }
  }

  private func context(_ card: EmulatedCard) throws -> (ComputeContext, Told) {
    let context = ComputeContext(try card.open())
    let told = Told()
    context.onShortage = { told.sentences.append($0) }
    return (context, told)
  }

  private final class Told {
    var sentences: [String] = []
  }

  @Test("what does not fit is done on half as many at a time, which is told once and remembered")
  func halving() throws {
    let (context, told) = try context(EmulatedCard(memoryBytes: 3 * 4000))
    var sizes: [Int] = []
    for _ in 0..<2 {
      let values = try context.inPieces(work, of: 7) { size in
        sizes.append(size)
        return try rows(7, at: size, context)
      }
      #expect(values == [0, 2, 4, 6])
    }
    #expect(sizes == [7, 4, 2, 2])
    #expect(
      told.sentences == [
        "the memory of emulated card is short: the test takes 2 rows at a time in place of 7, which is "
          + "slower and gives the same"
      ])
    // Fewer things than fit go at once, and other work is not concerned.
    _ = try context.inPieces(work, of: 1) { sizes.append($0) }
    _ = try context.inPieces(DividedWork("another", thing: "row"), of: 7) { sizes.append($0) }
    #expect(sizes.suffix(2) == [1, 7])
  }

  @Test("where not even one fits, the error says what each number would take, and nothing is told")
  func tooMuch() throws {
    let (context, told) = try context(EmulatedCard(memoryBytes: 3900))
    let error = try #require(throws: TensorError.self) {
      try context.inPieces(work, of: 3) { try rows(3, at: $0, context) }
    }
    #expect(error.shortage == MemoryShortage(wanted: 4000, taken: 0))
    #expect(error.reason.contains("4000 bytes are wanted, and 3900 of 3900 are free"))
    #expect(
      error.reason.hasSuffix(
        "; the test takes at least 12000 bytes for 3 rows at a time, 8000 bytes for 2 rows at a time, "
          + "4000 bytes for 1 row at a time"))
    #expect(told.sentences.isEmpty)
  }

  @Test("other errors are no shortage")
  func otherErrors() throws {
    let (context, _) = try context(EmulatedCard())
    var calls = 0
    #expect(throws: TensorError.self) {
      try context.inPieces(work, of: 4) { _ in
        calls += 1
        throw TensorError(operation: "a test", reason: "it wants to")
      }
    }
    #expect(calls == 1)
  }

  @Test("passes that are kept to repeat them are given up before anything is divided")
  func keptPasses() throws {
    let card = EmulatedCard()
    let (context, told) = try context(card)
    let pass = RepeatedWork()
    let x = try context.zeros([1000])
    func repeated() throws -> [Float] {
      try context.read(context.repeating(pass, [x]) { [try context.add($0[0], $0[0])] }[0])
    }
    let before = card.takenBytes
    for _ in 0..<3 { _ = try repeated() }
    #expect(card.takenBytes > before, "a pass is kept")
    card.limit(toBytes: card.takenBytes + 4000)
    var sizes: [Int] = []
    _ = try context.inPieces(work, of: 2) { size in
      sizes.append(size)
      return try rows(2, at: size, context)
    }
    #expect(sizes == [2, 2] && told.sentences.isEmpty && card.takenBytes == before)
    // Other work may be kept again.
    for _ in 0..<3 { _ = try repeated() }
    #expect(card.takenBytes > before)
  }

  @Test("work that is short of memory because its own passes are kept goes on without keeping them")
  func ownPasses() throws {
    let card = EmulatedCard()
    let (context, told) = try context(card)
    let pass = RepeatedWork()
    let x = try context.zeros([1000])
    func step() throws -> [Float] {
      try context.inPieces(work, of: 2) { _ in
        try context.read(
          context.repeating(pass, [x]) { [try context.add($0[0], $0[0])] }[0])
      }
    }
    let before = card.takenBytes
    for _ in 0..<4 { #expect(try step() == [Float](repeating: 0, count: 1000)) }
    #expect(card.takenBytes > before)
    // Room for one more result, if nothing is kept.
    card.limit(toBytes: before + 4000)
    for _ in 0..<4 { #expect(try step() == [Float](repeating: 0, count: 1000)) }
    #expect(told.sentences.isEmpty && card.takenBytes == before)
  }

  @Test(
    "parts of an axis give what the whole gives, however many rows a place has",
    arguments: [1, 3], [1, 2])
  func parts(outer: Int, rows: Int) throws {
    let (context, _) = try context(EmulatedCard())
    let values = (0..<outer * 7 * 4).map { Float($0) - 20 }
    let x = try context.tensor(values, shape: [outer * 7 * rows, 4 / rows])
    var extents: [Int] = []
    // Of seven places, as many as two of five are.
    func doubled() throws -> Tensor {
      try context.inParts(x, outer: outer, extent: 7) { part, count in
        extents.append(count)
        #expect(part.shape == [outer * count * rows, 4 / rows])
        return try context.add(part, part)
      }
    }
    #expect(try context.read(doubled()) == values.map { 2 * $0 })
    #expect(try doubled().shape == x.shape)
    #expect(extents == [7, 7])
    extents = []
    var calls = 0
    let result = try context.sharing(work, of: 5) {
      calls += 1
      if calls < 3 {
        throw TensorError(
          operation: "a test", reason: "it wants to",
          shortage: MemoryShortage(wanted: 1, taken: 1))
      }
      let result = try doubled()
      #expect(result.shape == x.shape)
      return try context.read(result)
    }
    #expect(result == values.map { 2 * $0 })
    #expect(extents == [3, 3, 1])
  }
}
