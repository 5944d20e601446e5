import Glibc

/// The names that outputs have while they grow, beside others, and behind links.
package enum OutputName {
  /// The longest name that the common file systems take, in bytes.
  package static let longest = 255

  /// The end of the name of an output that grows.
  static let partialEnding = ".partial"
  /// What tells our names from those of other programs.
  static let tag = ".pvdm-"

  /// Where writing to a path leads: a link is followed, so that what it names is written and the link
  /// stays, also when nothing is there yet.
  package static func resolved(_ path: String) -> String {
    var path = path
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    // As many links as Linux follows.
    for _ in 0..<40 {
      var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = buffer.withUnsafeMutableBytes { bytes in
        bytes.baseAddress.map {
          readlink(path, $0.assumingMemoryBound(to: CChar.self), bytes.count)
        } ?? -1
      }
      guard count > 0, let link = String(validating: buffer.prefix(count), as: UTF8.self) else {
        return path
      }
      path = link.hasPrefix("/") ? link : folder(of: path) + "/" + link
      while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    }
    return path
  }

  /// The folder that holds a path, which must not end in a slash.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path, which must not end in a slash.
  package static func name(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) }
      ?? path
  }

  /// A path with an ending added, for a file that belongs beside it. Where the name becomes longer than
  /// file systems take, its end gives way to a number made of the whole.
  package static func beside(_ path: String, ending: String) -> String {
    let name = name(of: path)
    guard name.utf8.count + ending.utf8.count > longest else { return path + ending }
    // FNV-1a: the same name gives the same number in every process.
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    let mark = "-" + String(hash, radix: 36)
    return String(path.dropLast(name.count))
      + cut(name, to: longest - ending.utf8.count - mark.utf8.count) + mark + ending
  }

  /// The name for a work whose own name is taken: `sky-2.mp4` for `sky.mp4`.
  package static func alternative(_ number: Int, to path: String) -> String {
    let name = name(of: path)
    let dot = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : $0 } ?? name.endIndex
    let ending = "-\(number)" + name[dot...]
    // An ending that leaves no room is no ending.
    guard ending.utf8.count < longest - 1 else {
      return String(path.dropLast(name.count)) + cut(name, to: longest - 8) + "-\(number)"
    }
    return String(path.dropLast(name.count))
      + cut(String(name[..<dot]), to: longest - ending.utf8.count) + ending
  }

  /// A name that is not taken for an output that grows beside its target.
  package static func temporary(for target: String) -> String {
    let tag = tag + String(UInt64.random(in: 0 ... .max), radix: 36)
    let stem = cut(name(of: target), to: 200)
    return "\(folder(of: target))/.\(stem)\(tag)\(partialEnding)"
  }

  /// Whether a name in a folder is one that ``temporary(for:)`` gives.
  package static func isTemporary(_ name: String) -> Bool {
    guard name.hasPrefix("."), name.hasSuffix(partialEnding) else { return false }
    let rest = name.dropLast(partialEnding.count)
    guard let start = rest.ranges(of: tag).last else { return false }
    let digits = rest[start.upperBound...].utf8
    return !digits.isEmpty && digits.count <= 13
      && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
  }

  private static func cut(_ name: String, to count: Int) -> String {
    var name = name
    while name.utf8.count > count { name.removeLast() }
    return name
  }
}
