import TensorCore
import TestSupport
import Testing

/// A graphics processor as a device: what it is called, and how it refuses.
struct GraphicsDeviceTests {
  private func error(_ body: () throws -> Void) throws -> TensorError {
    try #require(throws: TensorError.self) { try body() }
  }

  @Test("it has the card's name, and computes in every precision")
  func name() throws {
    let device = try EmulatedCard().open()
    #expect(device.name == "emulated card")
    #expect(ProductPrecision.allCases.allSatisfy { device.prepare(for: $0) })
  }

  @Test("its driver describes it")
  func card() throws {
    let cards = try EmulatedCard(memoryBytes: 1 << 30).cards()
    let card = try #require(cards.first)
    #expect(cards.count == 1 && card.ordinal == 0 && card.name == "emulated card")
    #expect(card.memoryBytes == 1 << 30 && card.obstacle == nil)
    #expect(card.capability == [8, 0] && card.driverVersion == [12, 4])
  }

  @Test("without a driver or kernels it says what is missing")
  func absence() throws {
    guard let error = #expect(throws: TensorError.self, performing: { try Device.open(card: 99) })
    else { return }
    let reasons = ["libcuda.so.1", "built without kernels", "CUDA_ERROR", "11.2"]
    #expect(reasons.contains { error.reason.contains($0) }, "\(error)")
  }

  @Test("a card that is not there is refused with the driver's name for it")
  func noCard() throws {
    let error = try error { _ = try EmulatedCard().open(ordinal: 3) }
    #expect(error.operation == "cuDeviceGet")
    #expect(error.reason.contains("CUDA_ERROR_INVALID_DEVICE"))
    #expect(error.reason.contains("numbered from 0"))
  }

  @Test("when memory is short it says how much there is, and goes on once there is more")
  func memory() throws {
    let context = ComputeContext(try EmulatedCard(memoryBytes: 1 << 16).open())
    let error = try error { _ = try context.zeros([20000]) }
    #expect(error.reason.contains("80000 bytes are wanted, and 65536 of 65536 are free"))
    #expect(error.reason.contains("CUDA_ERROR_OUT_OF_MEMORY"))
    #expect(try context.read(context.zeros([3])) == [0, 0, 0])
  }

  @Test("what one context keeps for reuse serves another that lacks it")
  func sharedMemory() throws {
    let card = EmulatedCard(memoryBytes: 1 << 16)
    let (first, second) = (ComputeContext(try card.open()), ComputeContext(try card.open()))
    _ = try first.read(first.zeros([15000]))
    #expect(first.reusableByteCount == 60000)
    #expect(try second.read(second.zeros([12000])).count == 12000)
    #expect(first.reusableByteCount == 0)
  }

  @Test("what it cannot do it says, and what to do")
  func refusals() throws {
    let context = ComputeContext(try EmulatedCard().open())
    let window = VolumeWindow(size: VolumeExtents(1, 3, 3), padding: .same)
    let flat = try error {
      _ = try [Float](repeating: 0, count: 9).withUnsafeBufferPointer {
        try context.prepareConvolution(
          $0, bias: [0], inputs: 1, outputs: 1, window: window, appliesReLU: false,
          on: VolumeExtents(4))
      }
    }
    #expect(flat.reason.contains("1 x 3 x 3 positions"))
    let wide = try context.tensor(Array(repeating: 1, count: 4 * 399), shape: [4, 399])
    let heads = try error {
      _ = try context.attention(
        wide, heads: 1, layout: .perHead,
        [AttentionPattern(runs: [0..<4], sequences: 1, outerStride: 4)], scale: 1)
    }
    #expect(heads.reason.contains("heads of 133 channels"))
  }

  @Test("an operation of no elements is none")
  func empty() throws {
    let card = EmulatedCard()
    let context = ComputeContext(try card.open())
    let x = try context.zeros([0, 4])
    #expect(try context.read(context.add(x, x)).isEmpty)
    #expect(card.launchCount == 0)
  }

  @Test("tensors outlive their context and its device")
  func lifetime() throws {
    let card = EmulatedCard()
    var kept: Tensor?
    do {
      let context = ComputeContext(try card.open())
      kept = try context.add(context.zeros([8]), context.zeros([8]))
    }
    #expect(kept?.count == 8 && card.takenBytes > 0)
    kept = nil
    #expect(card.takenBytes == 0)
  }

  @Test("a card whose blocks have less memory gives the same numbers, bit for bit")
  func smallBlocks() throws {
    func product(_ card: EmulatedCard) throws -> [Float] {
      let context = ComputeContext(try card.open())
      let weights = (0..<1536 * 16).map { Float($0 % 23) / 16 - 0.7 }
      let layer = try weights.withUnsafeBufferPointer {
        try context.prepareLinear(
          $0, bias: nil, inputs: 16, outputs: 1536, elementType: .float32)
      }
      let x = try context.tensor(
        (0..<1280 * 16).map { Float($0 % 29) / 16 - 0.9 }, shape: [1280, 16])
      return try context.read(context.linear(x, layer))
    }
    #expect(try product(EmulatedCard()) == product(EmulatedCard(blockBytes: 99 << 10)))
  }

  @Test("what it reaches is measured in each precision")
  func peak() throws {
    let device = try EmulatedCard().open()
    for type in [ElementType.float32, .bfloat16] {
      #expect(try #require(device.measurePeak(type, seconds: 0)) > 0)
    }
    #expect(device.measurePeak(.float16, seconds: 0) == nil)
    #expect(device.prepare(for: .tensorFloat32))
    #expect(try #require(device.measurePeak(.float32, seconds: 0)) > 0)
  }
}
