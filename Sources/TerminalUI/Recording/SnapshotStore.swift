internal import Foundation

/// Compares grids with files stored beside the tests. It knows no test library: a test turns the
/// result into a failure. A snapshot that was missing is recorded, which has to fail the test as
/// well, so that a forgotten file cannot pass for a check.
public struct SnapshotStore: Sendable {
  /// How a grid compares with its file.
  public enum Result: Sendable, Hashable {
    case matches
    /// There was no file; it has been written.
    case recorded(path: String)
    /// The grid is another; what is expected, and what was drawn.
    case differs(path: String, expected: String, actual: String)
  }

  private let directory: String
  private let recordsAgain: Bool

  /// - Parameters:
  ///   - directory: where the files are.
  ///   - recordsAgain: write every file anew, as after a wanted change of a view.
  public init(directory: String, recordsAgain: Bool = false) {
    self.directory = directory
    self.recordsAgain = recordsAgain
  }

  /// Compares a grid with the file `name.txt`.
  ///
  /// - Throws: an error of the file system if a file cannot be written.
  public func compare(_ buffer: CellBuffer, name: String) throws -> Result {
    let path = "\(directory)/\(name).txt"
    let actual = SnapshotText.text(of: buffer)
    guard !recordsAgain, let expected = try? String(contentsOfFile: path, encoding: .utf8) else {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
      try actual.write(toFile: path, atomically: true, encoding: .utf8)
      return .recorded(path: path)
    }
    return actual == expected
      ? .matches : .differs(path: path, expected: expected, actual: actual)
  }
}
