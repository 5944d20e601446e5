import FuzzTargets
import TestSupport
import Testing

/// The doors that libFuzzer tries for hours (`make fuzz`), tried here for a moment: what goes wrong ends
/// the test process.
@Suite("Doors for foreign bytes") struct FuzzTargetTests {
  @Test("what broke a door once no longer does", arguments: FuzzTarget.all.map(\.name))
  func corpus(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    for bytes in try target.corpus() { target.run(bytes) }
  }

  @Test("damaged inputs are refused or read, by every door", arguments: FuzzTarget.all.map(\.name))
  func mutations(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    var numbers = SeededNumbers(1, name: name)
    for seed in try target.seeds() {
      target.run(seed)
      for _ in 0..<60 { target.run(Self.damaged(seed, &numbers)) }
    }
  }

  /// The bytes with one to eight damages: changed bits, extreme bytes, cuts and copies.
  private static func damaged(_ whole: [UInt8], _ numbers: inout SeededNumbers) -> [UInt8] {
    var bytes = whole
    for _ in 0..<Int.random(in: 1...8, using: &numbers) where bytes.count > 1 {
      let place = Int.random(in: 0..<bytes.count, using: &numbers)
      let end = min(bytes.count, place + Int.random(in: 1...8, using: &numbers))
      switch Int.random(in: 0..<5, using: &numbers) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
      case 1:
        let extremes: [UInt8] = [0, 0xFF, 0x7F, 0x80]
        let value = extremes.randomElement(using: &numbers) ?? 0
        for index in place..<end { bytes[index] = value }
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      default: bytes.removeLast(min(bytes.count - 1, (end - place) * (end - place)))
      }
    }
    return bytes
  }
}
