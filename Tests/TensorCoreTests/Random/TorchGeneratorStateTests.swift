import Foundation
import TensorCore
import Testing

/// Saving and restoring a generator bit for bit.
@Suite struct TorchGeneratorStateTests {
  /// A generator in the middle of its vector with a normal waiting.
  private func midway() -> TorchGenerator {
    var generator = TorchGenerator(seed: 0xFEDC_BA98_7654_3210)
    _ = generator.normals(count: 1000)
    _ = generator.normals(count: 7)
    return generator
  }

  @Test func bytesRestoreTheStateWithItsCachedNormal() throws {
    var original = midway()
    #expect(original.cachedNormal != nil)
    let bytes = original.encoded()
    #expect(bytes.count == TorchGenerator.encodedByteCount)
    var restored = try TorchGenerator(decoding: bytes)
    #expect(restored == original)
    for count in [3, 40, 1, 17, 2000] {
      let first = original.normals(count: count).map(\.bitPattern)
      #expect(first == restored.normals(count: count).map(\.bitPattern))
    }
    #expect(restored == original)
  }

  @Test func everyPositionRestores() throws {
    var original = TorchGenerator(seed: 8)
    for _ in 0..<1300 {
      var restored = try TorchGenerator(decoding: original.encoded())
      let expected = original.nextUInt32()
      #expect(restored.nextUInt32() == expected)
    }
  }

  @Test func codableRestoresTheState() throws {
    let original = midway()
    let data = try JSONEncoder().encode([original])
    #expect(try JSONDecoder().decode([TorchGenerator].self, from: data) == [original])
  }

  @Test func otherLengthsAreRefused() {
    let bytes = midway().encoded()
    for count in [0, 1, 27, bytes.count - 1] {
      #expect(
        throws: GeneratorStateError.wrongByteCount(expected: bytes.count, found: count)
      ) { try TorchGenerator(decoding: bytes.prefix(count)) }
    }
    #expect(throws: GeneratorStateError.self) { try TorchGenerator(decoding: bytes + [0]) }
  }

  @Test func damagedFieldsAreRefused() {
    var format = midway().encoded()
    format[0] ^= 1
    #expect(throws: GeneratorStateError.self) { try TorchGenerator(decoding: format) }
    var position = midway().encoded()
    position[12] = 0x71
    position[13] = 0x02
    #expect(throws: GeneratorStateError.positionOutOfRange(625)) {
      try TorchGenerator(decoding: position)
    }
    var flag = midway().encoded()
    flag[16] = 2
    #expect(throws: GeneratorStateError.invalidCachedNormal) {
      try TorchGenerator(decoding: flag)
    }
    var cached = midway().encoded()
    cached.replaceSubrange(20..<28, with: [0, 0, 0, 0, 0, 0, 0xF8, 0x7F])
    #expect(throws: GeneratorStateError.invalidCachedNormal) {
      try TorchGenerator(decoding: cached)
    }
  }

  @Test func mutatedBytesThrowOrRestoreButNeverTrap() {
    let bytes = midway().encoded()
    var random = TorchGenerator(seed: 2024)
    var refused = 0
    for _ in 0..<3000 {
      var mutated = bytes
      // Mostly the header, where the checked fields are.
      let reach: UInt64 = random.nextInteger(below: 4) == 0 ? UInt64(bytes.count) : 28
      for _ in 0...random.nextInteger(below: 3) {
        let place = Int(random.nextInteger(below: reach))
        mutated[place] = UInt8(truncatingIfNeeded: random.nextUInt32())
      }
      if var restored = try? TorchGenerator(decoding: mutated) {
        _ = restored.normals(count: 17)
      } else {
        refused += 1
      }
    }
    #expect(refused > 1000)
  }
}
