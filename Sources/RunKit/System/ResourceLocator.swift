import Foundation

/// Finds the files that come with the program: `samples` and `themes`.
///
/// An installed program has them in `PREFIX/share/pvdm`, one that was built in place in the package's
/// root; `PVDM_DATA` names another folder.
public struct ResourceLocator: Sendable {
  /// Folders that may hold `samples` and `themes`, the most specific first.
  public let roots: [String]

  /// Looks around a program.
  ///
  /// - Parameters:
  ///   - executable: Path of the running program, symbolic links resolved.
  ///   - environment: `PVDM_DATA`, `XDG_DATA_HOME` and `HOME` are looked at.
  public init(
    executable: String = Self.runningExecutable,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let folder = URL(filePath: executable).deletingLastPathComponent()
    var roots: [URL] = []
    if let named = environment["PVDM_DATA"], !named.isEmpty { roots.append(URL(filePath: named)) }
    if let data = environment["XDG_DATA_HOME"], !data.isEmpty {
      roots.append(URL(filePath: data).appending(path: "pvdm"))
    } else if let home = environment["HOME"], !home.isEmpty {
      roots.append(URL(filePath: home).appending(path: ".local/share/pvdm"))
    }
    roots.append(folder.appending(path: "../share/pvdm"))
    // .build/<triple>/release/pvdm, with or without the triple's folder
    roots.append(folder.appending(path: "../.."))
    roots.append(folder.appending(path: "../../.."))
    // Near the root of the file system several of these are one folder, and none is the root itself.
    var known: Set = ["/"]
    self.roots = roots.map(\.standardizedFileURL.path).filter { known.insert($0).inserted }
  }

  /// The running program's path; empty where the system does not tell.
  public static var runningExecutable: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
  }

  /// The first existing `kind/name` below the roots, for example `samples/skies-64`.
  public func find(_ kind: String, _ name: String) -> String? {
    roots.lazy.map { URL(filePath: $0).appending(path: kind).appending(path: name).path }
      .first { FileManager.default.fileExists(atPath: $0) }
  }
}
