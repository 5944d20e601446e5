/// The bytes of a control sequence as they come (ECMA-48, section 5.4): parameters from 0x30 on,
/// intermediate bytes from 0x20 on, and a final one from 0x40 on.
struct ControlBytes {
  private let introducer: Introducer
  /// What follows the introducer.
  fileprivate private(set) var body: [UInt8] = []
  private var count = 0

  /// More than this is kept of no sequence; it is unknown, but still passed over.
  private static let longestKept = 64
  private static let longest = 4_096

  init(_ introducer: Introducer) { self.introducer = introducer }

  mutating func take(_ byte: UInt8) -> SequenceStep {
    switch byte {
    case 0x20...0x7E:
      count += 1
      if count <= Self.longestKept { body.append(byte) }
      if byte >= 0x40 { return .complete }
      return count < Self.longest ? .more : .cancelled
    case 0x18, 0x1A: return .cancelled
    default: return .broken
    }
  }

  /// The whole sequence with its introducer in seven bits; nil for one that is too long to be known.
  var sequence: [UInt8]? {
    count <= Self.longestKept ? [0x1B, introducer.rawValue] + body : nil
  }

  /// Whether this is rxvt's way to send a key with Shift, whose last byte is an intermediate one, so
  /// that only time tells that it is complete.
  var isShiftedKeyOfRxvt: Bool {
    body.last == UInt8(ascii: "$") && body.count > 1
      && body.dropLast().allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
  }
}

/// A sequence `CSI parameters final`, taken apart.
struct ControlSequence {
  private let prefix: UInt8?
  private let parameters: [Int]
  private let intermediate: UInt8?
  private let final: UInt8

  /// Nil for bytes that are no such sequence.
  init?(_ bytes: ControlBytes) {
    guard bytes.sequence != nil, let final = bytes.body.last else { return nil }
    var body = bytes.body.dropLast()
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
      .answer(.modeReport(mode: parameters[0], state: parameters[1]))
    case (UInt8(ascii: "?"), nil, UInt8(ascii: "c")):
      .answer(.attributes(Array(parameters.dropFirst())))
    case (nil, nil, UInt8(ascii: "t")) where parameters.count == 3 && parameters[0] == 6:
      CellPixels(width: parameters[2], height: parameters[1]).map { .answer(.cellPixels($0)) }
    case (UInt8(ascii: "<"), nil, UInt8(ascii: "M")), (UInt8(ascii: "<"), nil, UInt8(ascii: "m")):
      mouse.map { .event(.mouse($0)) }
    case (nil, nil, UInt8(ascii: "I")) where parameters == [0]: .event(.focus(true))
    case (nil, nil, UInt8(ascii: "O")) where parameters == [0]: .event(.focus(false))
    case (nil, nil, UInt8(ascii: "~")):
      KeyTable.tildeCode(parameters[0]).map { .event(.key(Key($0, modifiers: modifiers))) }
    case (nil, nil, UInt8(ascii: "$")) where parameters.count == 1:
      KeyTable.tildeCode(parameters[0]).map { .event(.key(Key($0, modifiers: .shift))) }
    case (nil, nil, _) where isKey:
      letterCode.map { .event(.key(Key($0, modifiers: modifiers))) }
    default: nil
    }
  }

  /// Keys have no parameters, or 1 and their modifiers. A cursor's place (`CSI row ; column R`) would
  /// otherwise be F3; that key's own form with modifiers is given up for it.
  private var isKey: Bool {
    parameters.count == 1 || parameters.count == 2 && parameters[0] <= 1 && final != 0x52
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
    guard parameters.count == 3, parameters.allSatisfy((0...0xFFFF).contains) else { return nil }
    return MouseEvent(
      report: parameters[0], column: parameters[1], row: parameters[2],
      isRelease: final == UInt8(ascii: "m"))
  }
}

extension MouseEvent {
  /// A report as xterm makes it: the button with bits for the wheel (64) and for movement (32), and
  /// the cell counted from 1.
  init(report button: Int, column: Int, row: Int, isRelease: Bool) {
    let action: Action =
      if button & 64 != 0 {
        button & 1 == 0 ? .wheelUp : .wheelDown
      } else if isRelease {
        .release
      } else if button & 32 != 0 {
        .drag
      } else {
        .press
      }
    self.init(action: action, column: column - 1, row: row - 1)
  }
}
