/// A sequence `CSI parameters final`, taken apart.
struct ControlSequence {
  private let prefix: UInt8?
  private let parameters: [Int]
  private let intermediate: UInt8?
  private let final: UInt8

  /// Nil for bytes that are no such sequence.
  init?(_ sequence: [UInt8]) {
    guard sequence.count > 2, let final = sequence.last, (0x40...0x7E).contains(final) else {
      return nil
    }
    var body = sequence.dropFirst(2).dropLast()
    if let first = body.first, (0x3C...0x3F).contains(first) {
      prefix = first
      body = body.dropFirst()
    } else {
      prefix = nil
    }
    if let last = body.last, (0x20...0x2F).contains(last) {
      intermediate = last
      body = body.dropLast()
    } else {
      intermediate = nil
    }
    parameters = body.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
      Int(String(decoding: $0, as: UTF8.self)) ?? 0
    }
    self.final = final
  }

  /// What the sequence means, or nil for one that is not known.
  var output: KeyDecoder.Output? {
    switch (prefix, intermediate, final) {
    case (UInt8(ascii: "?"), UInt8(ascii: "$"), UInt8(ascii: "y")) where parameters.count == 2:
      .modeReport(mode: parameters[0], state: parameters[1])
    case (UInt8(ascii: "<"), nil, UInt8(ascii: "M")), (UInt8(ascii: "<"), nil, UInt8(ascii: "m")):
      mouse.map { .event(.mouse($0)) }
    case (nil, nil, UInt8(ascii: "~")):
      KeyTable.tildeCode(parameters[0]).map { .event(.key(Key($0, modifiers: modifiers))) }
    case (nil, nil, _):
      letterCode.map { .event(.key(Key($0, modifiers: modifiers))) }
    default: nil
    }
  }

  private var letterCode: Key.Code? {
    switch final {
    case UInt8(ascii: "A"): .up
    case UInt8(ascii: "B"): .down
    case UInt8(ascii: "C"): .right
    case UInt8(ascii: "D"): .left
    case UInt8(ascii: "H"): .home
    case UInt8(ascii: "F"): .end
    case UInt8(ascii: "P")...UInt8(ascii: "S"): .function(Int(final) - 0x4F)
    default: nil
    }
  }

  /// The second parameter is 1 plus a bit set of modifiers.
  private var modifiers: Key.Modifiers {
    guard parameters.count > 1, parameters[1] > 1 else { return [] }
    return Key.Modifiers(rawValue: UInt8(truncatingIfNeeded: parameters[1] - 1) & 7)
  }

  private var mouse: MouseEvent? {
    guard parameters.count == 3 else { return nil }
    let button = parameters[0]
    let action: MouseEvent.Action =
      if button & 64 != 0 {
        button & 1 == 0 ? .wheelUp : .wheelDown
      } else if final == UInt8(ascii: "m") {
        .release
      } else if button & 32 != 0 {
        .drag
      } else {
        .press
      }
    return MouseEvent(action: action, column: parameters[1] - 1, row: parameters[2] - 1)
  }
}
