/// One piece of a ``WorkList``: a command of the program, and the name of what it makes.
public struct WorkItem: Sendable, Hashable, Codable {
  /// What tells it from the others: letters, digits and `.`, `_`, `=`, `-`, at most ``longestName`` of them.
  public let name: String
  /// The arguments of the command but its output, the command first.
  public let arguments: [String]
  /// The file that it makes, or the folder if it ends in `/`; of a batch of several samples the name from
  /// which theirs are made.
  public let output: String

  /// The longest name, in bytes: file names take 255, and names of states and logs are longer.
  public static let longestName = 100

  /// Describes an item.
  public init(name: String, arguments: [String], output: String) {
    self.name = name
    self.arguments = arguments
    self.output = output
  }

  /// Whether the parts can stand in names of files: a list that somebody else wrote leads nowhere outside
  /// its folder.
  var isSafe: Bool {
    let file = output.hasSuffix("/") ? String(output.dropLast()) : output
    return [name, file].allSatisfy(Self.isSafe) && !arguments.isEmpty
  }

  private static func isSafe(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= longestName + 20 && !name.hasPrefix(".")
      && name.utf8.allSatisfy(isSafe)
  }

  private static func isSafe(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "="), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// A name made of any text: what cannot stand in one becomes `_`.
  public static func name(of text: String) -> String {
    var name = String(
      decoding: text.utf8.map { isSafe($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    while name.hasPrefix(".") { name.removeFirst() }
    return name.isEmpty ? "item" : String(name.prefix(longestName))
  }
}
