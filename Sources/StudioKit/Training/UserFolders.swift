import Foundation

/// Folders of the user's, by the XDG base directory specification.
public enum UserFolders {
  /// Where things are kept that can be made again. A variable that holds no absolute path is passed
  /// over, as the specification says.
  public static var cache: String {
    let named = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"]
    return (named.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? NSHomeDirectory() + "/.cache")
      + "/pvdm"
  }
}
