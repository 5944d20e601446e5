extension [UInt8] {
  /// The bytes with some damages: flipped bits, extreme values, cuts, copies. Fewer than ten bytes
  /// are left as they are.
  public func damaged(
    times: ClosedRange<Int> = 1...4, using generator: inout some RandomNumberGenerator
  ) -> [UInt8] {
    var bytes = self
    for _ in 0..<Int.random(in: times, using: &generator) where bytes.count > 9 {
      let place = Int.random(in: 0..<bytes.count - 8, using: &generator)
      let length = Int.random(in: 1...8, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 2:
        let extremes: [UInt8] = [0, 0xff, 0x7f, 0x80]
        let value = extremes.randomElement(using: &generator) ?? 0
        for index in place..<place + length { bytes[index] = value }
      case 3: bytes.removeSubrange(place..<place + length)
      case 4: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
      default: bytes.removeLast(Swift.min(length * length, bytes.count - 1))
      }
    }
    return bytes
  }
}
