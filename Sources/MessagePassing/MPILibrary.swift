internal import CMPI

/// The library of MPI that the machine has.
public enum MPILibrary {
  /// What is found, in words: its standard and version; `nil` if there is none.
  public static func installed(
    _ libraries: [String] = WorldLaunch.allLibraries
  ) -> String? {
    var reason = ""
    for name in libraries {
      if let found = open(name, &reason) { return found }
    }
    return nil
  }

  /// Opens a library, which stays the one of this process.
  ///
  /// - Parameter reason: What the system says if it cannot be.
  /// - Returns: What it is, in words.
  static func open(_ name: String, _ reason: inout String) -> String? {
    var problem = [CChar](repeating: 0, count: 512)
    guard let standard = cmpi_open(name, &problem, problem.count) else {
      reason = text(problem)
      return nil
    }
    var version = [CChar](repeating: 0, count: 512)
    guard cmpi_version(&version, version.count) == 0 else { return String(cString: standard) }
    return described(standard: String(cString: standard), version: text(version))
  }

  /// The first line of what a library says of itself, with its standard's name in front if that is not in it:
  /// "Open MPI v4.1.4", "MPICH Version: 4.0.2".
  static func described(standard: String, version: String) -> String {
    var line = String(version.split(separator: "\n").first ?? "")
    if let end = line.firstIndex(of: ",") { line = String(line[..<end]) }
    let words = line.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    return words.hasPrefix(standard) ? words : "\(standard), \(words)"
  }

  static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
