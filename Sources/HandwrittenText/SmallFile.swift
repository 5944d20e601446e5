import Foundation

/// Reads small files that were merely found and may be anything: a description, a configuration beside
/// weights, lists in a set's folder.
package enum SmallFile {
  /// Why a file cannot be had, as the end of a sentence.
  package struct Problem: Error, CustomStringConvertible {
    package let description: String
  }

  /// A file's text.
  ///
  /// - Parameter limit: Its greatest size in bytes.
  /// - Throws: as ``contents(of:limit:)``, and if it is not UTF-8.
  package static func text(of path: String, limit: Int) throws(Problem) -> String {
    guard let text = String(data: try contents(of: path, limit: limit), encoding: .utf8) else {
      throw Problem(description: "is no text in UTF-8")
    }
    return text
  }

  /// A file's bytes.
  ///
  /// - Parameter limit: Its greatest size in bytes.
  /// - Throws: ``Problem`` if it cannot be read, is no file (a pipe would be waited for), or is too large.
  package static func contents(of path: String, limit: Int) throws(Problem) -> Data {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Problem(description: "the file cannot be read") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Problem(description: "is not a file")
    }
    guard status.st_size <= limit else {
      throw Problem(description: "is larger than \(limit >> 10) KiB")
    }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
    guard let data = try? handle.read(upToCount: Int(status.st_size)) ?? Data() else {
      throw Problem(description: "the file cannot be read")
    }
    return data
  }
}
