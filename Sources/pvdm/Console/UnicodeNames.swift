import Glibc
import OutputFiles
import RunKit

/// Names that are no UTF-8, as files from Latin-1 systems have them. Swift's texts cannot hold them: two
/// would become one, and none would be found. So they are refused before anything is done.
enum UnicodeNames {
  /// What is wrong with the program's surroundings, or nil.
  static var problem: Explanation? {
    for index in 1..<max(Int(CommandLine.argc), 1) {
      if let bytes = CommandLine.unsafeArgv[index].flatMap(invalidBytes) {
        return explanation("the argument \(FolderListing.shown(bytes))")
      }
    }
    if let folder = getcwd(nil, 0) {
      defer { free(folder) }
      if let bytes = invalidBytes(folder) {
        return explanation("the current folder, \(FolderListing.shown(bytes)),")
      }
    }
    for name in [
      "HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR", "PVDM_DATA",
    ] {
      if let bytes = getenv(name).flatMap(invalidBytes) {
        return explanation("\(name) in the environment, \(FolderListing.shown(bytes)),")
      }
    }
    return nil
  }

  private static func explanation(_ place: String) -> Explanation {
    Explanation(
      sentence: "\(place) is not UTF-8, and only such names can be used",
      remedy:
        "Rename it (convmv does that for whole folders), or reach it through a link with such a "
        + "name")
  }

  private static func invalidBytes(_ text: UnsafeMutablePointer<CChar>) -> [UInt8]? {
    let bytes = UnsafeRawBufferPointer(start: text, count: strlen(text))
    return String(validating: bytes, as: UTF8.self) == nil ? Array(bytes) : nil
  }
}
