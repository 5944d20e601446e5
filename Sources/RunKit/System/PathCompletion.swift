import Foundation

/// What may follow a path that is being typed.
public struct PathCompletion: Sendable, Hashable, Codable {
  /// What was typed.
  public let typed: String
  /// What it becomes: as much as all that fits has in common; what was typed if nothing fits.
  public let completed: String
  /// The first of the names that fit, folders with a slash at their end.
  public let candidates: [String]

  /// Names that are listed at most.
  private static let limit = 200

  /// A path up to its last slash, and what follows it.
  package static func parts(of path: String) -> (head: String, stem: String) {
    let end = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return (String(path[..<end]), String(path[end...]))
  }

  /// Looks at the folder that the path leads to.
  public init(of typed: String) {
    self.typed = typed
    let (head, stem) = Self.parts(of: typed)
    let folder = head.isEmpty ? "." : head.expandingHome
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // Hidden files are offered to those who type the point.
    let fitting = names.filter { $0.hasPrefix(stem) && ($0.first != "." || stem.first == ".") }
      .sorted()
    candidates = fitting.prefix(Self.limit).map { name in
      var isFolder: ObjCBool = false
      let path = URL(filePath: folder).appending(path: name).path
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      return exists && isFolder.boolValue ? name + "/" : name
    }
    // Of all that fit, and not of those alone that are listed.
    let common = fitting.dropFirst().reduce(fitting.first ?? stem) { common, name in
      common.commonPrefix(with: name)
    }
    completed = head + (fitting.count == 1 ? candidates[0] : common)
  }
}

/// Paths as people type them.
extension String {
  /// The path with `~` at its beginning written out as a shell does: the folder that `HOME` names, or
  /// that of the account if it names none; `~name` is the folder of that account.
  package var expandingHome: String {
    guard self == "~" || hasPrefix("~/"),
      let home = ProcessInfo.processInfo.environment["HOME"], home.hasPrefix("/")
    else { return NSString(string: self).expandingTildeInPath }
    return home + dropFirst()
  }

  /// The same path from the root on, `~` written out, without `.`, `..` and a slash at its end.
  package var absolutePath: String {
    URL(filePath: expandingHome).standardizedFileURL.path
  }

  /// The same of a path that is written to: a slash at its end, which means a folder, stays.
  package var absoluteOutput: String {
    let absolute = absolutePath
    return hasSuffix("/") && !absolute.hasSuffix("/") ? absolute + "/" : absolute
  }
}
