import CheckpointIO
import Glibc

/// What tells whether a file or folder of frames has changed since it was looked at.
public struct FileStamp: Sendable, Hashable, Codable {
  /// Bytes: of a file, or of all pictures in a folder together.
  public let size: Int
  /// SHA-256, in hexadecimal digits, of what the system says of the file or of every picture in the
  /// folder: its name, its bytes, and to the nanosecond when its content and when anything of it was
  /// last changed. Programs can put back the first of these times (`touch -r`, `cp -p`) but not
  /// the second, so that writing in place is seen in any case.
  public let digest: String

  /// Asks the system about a file; nil if there is none.
  init?(path: String) {
    self.init(folder: path, pictures: [""])
  }

  /// Asks the system about pictures in a folder; nil if one of them is not there.
  ///
  /// - Parameter pictures: Their names, always in the same order.
  init?(folder: String, pictures: [String]) {
    let digest = SHA256Digest()
    var size = 0
    for name in pictures {
      var status = stat()
      guard stat(name.isEmpty ? folder : folder + "/" + name, &status) == 0 else { return nil }
      size &+= Int(status.st_size)
      // Names end in a byte that no name holds, so that two cannot be taken for one.
      var line =
        "\(name)\0\(status.st_size) \(Self.text(status.st_mtim)) \(Self.text(status.st_ctim))\n"
      line.withUTF8 { digest.update(UnsafeRawBufferPointer($0)) }
    }
    self.size = size
    self.digest = digest.hexadecimal
  }

  private static func text(_ time: timespec) -> String { "\(time.tv_sec).\(time.tv_nsec)" }
}
