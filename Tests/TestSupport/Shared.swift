import Foundation

/// The folder beside the project that holds golden files, checkpoints and media. Only where it is not
/// there at all, as with the project's clone alone, are the tests skipped that need it.
public enum Shared {
  /// The project's folder.
  public static let project = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  /// Where it is.
  public static let root = project.appending(path: "../shared").standardizedFileURL
  /// Whether it is there.
  public static let isThere = FileManager.default.fileExists(atPath: root.path)
  /// What a skipped test says.
  public static let skipReason =
    "only the project's clone is at hand, without ../shared beside it"

  /// The path of something in it.
  public static func path(_ name: String) -> String { root.appending(path: name).path }
}
