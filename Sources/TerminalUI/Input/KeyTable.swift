/// The byte sequences that terminals send for keys without a character.
package struct KeyTable: Sendable {
  private var keys: [[UInt8]: Key]

  /// The sequences of xterm and its many relatives, of rxvt and of the Linux console.
  package static let common: KeyTable = {
    var table = KeyTable(keys: [:])
    let letters: [(Character, Key.Code)] = [
      ("A", .up), ("B", .down), ("C", .right), ("D", .left), ("H", .home), ("F", .end),
    ]
    for (letter, code) in letters {
      table.add("\u{1B}[\(letter)", Key(code))
      table.add("\u{1B}O\(letter)", Key(code))
    }
    for (index, letter) in "PQRS".enumerated() {
      table.add("\u{1B}O\(letter)", Key(.function(index + 1)))
    }
    for (index, letter) in "ABCDE".enumerated() {
      table.add("\u{1B}[[\(letter)", Key(.function(index + 1)))
    }
    table.add("\u{1B}[Z", .backTab)
    table.add("\u{1B}OM", .enter)
    return table
  }()

  /// Adds a sequence; one that is there already gets the new key.
  package mutating func add(_ sequence: String, _ key: Key) { keys[Array(sequence.utf8)] = key }

  /// The key of a complete sequence.
  package func key(for sequence: [UInt8]) -> Key? { keys[sequence] }

  /// The codes of `CSI number ~`.
  package static func tildeCode(_ number: Int) -> Key.Code? {
    switch number {
    case 1, 7: .home
    case 2: .insert
    case 3: .delete
    case 4, 8: .end
    case 5: .pageUp
    case 6: .pageDown
    case 11...15: .function(number - 10)
    case 17...21: .function(number - 11)
    case 23...26: .function(number - 12)
    case 28, 29: .function(number - 13)
    case 31...34: .function(number - 14)
    default: nil
    }
  }

  /// terminfo's names of keys, for what is asked of the terminal's own entry.
  package static let terminfoNames: [(name: String, key: Key)] = [
    ("kcuu1", .up), ("kcud1", .down), ("kcuf1", .right), ("kcub1", .left), ("khome", .home),
    ("kend", .end), ("kpp", .pageUp), ("knp", .pageDown), ("kdch1", .delete),
    ("kich1", Key(.insert)), ("kcbt", .backTab), ("kent", .enter), ("kbs", .backspace),
  ]
}
