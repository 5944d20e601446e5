import Glibc

/// The names in a folder.
package struct FolderListing: Sendable {
  /// Names that are UTF-8, without `.` and `..`, in no order.
  package private(set) var names: [String] = []
  /// Names that are not, as they can be shown: `a\xe9.png`. No path can say them, so that their files
  /// cannot be opened; whoever lists a folder for its files must tell of them.
  package private(set) var unreadableNames: [String] = []

  /// Lists a folder.
  ///
  /// - Throws: ``FileFailure``.
  package init(of folder: String) throws(FileFailure) {
    for bytes in try Self.rawNames(of: folder) {
      if let name = String(validating: bytes, as: UTF8.self) {
        names.append(name)
      } else {
        unreadableNames.append(Self.shown(bytes))
      }
    }
  }

  /// The names as the system has them.
  ///
  /// - Throws: ``FileFailure``, also where reading ends before the last name.
  static func rawNames(of folder: String) throws(FileFailure) -> [[UInt8]] {
    guard let handle = opendir(folder) else {
      throw FileFailure("list the folder", code: errno)
    }
    defer { closedir(handle) }
    var names: [[UInt8]] = []
    while true {
      // The end and a failure look alike but for this.
      errno = 0
      guard let entry = readdir(handle) else { break }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        Array(raw.prefix { $0 != 0 })
      }
      if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
    }
    let code = errno
    guard code == 0 else { throw FileFailure("list the folder", code: code) }
    return names
  }

  /// Bytes that are no UTF-8 as a text: what is no printable ASCII as `\xe9`.
  package static func shown(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
      guard !(0x20..<0x7F).contains(byte) else { return String(Unicode.Scalar(byte)) }
      let digits = String(byte, radix: 16)
      return "\\x" + (digits.count < 2 ? "0" : "") + digits
    }.joined()
  }
}
