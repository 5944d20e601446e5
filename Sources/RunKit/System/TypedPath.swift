import Foundation

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
}
