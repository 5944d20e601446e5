import Glibc

/// Whether a file system is this machine's own, or one that several machines share.
///
/// What holds on a local disk does not hold on every shared one: memory that is mapped is not seen by other
/// machines, locks may not be told of, and attributes are cached for a while. A hard link to a name that is
/// taken fails on all of them, and a rename is whole.
package enum FileSystemKind: Sendable, Hashable {
  /// A disk or memory of this machine.
  case local
  /// One that other machines may see; its name.
  case shared(String)

  /// Whether other machines may see it.
  package var isShared: Bool { self != .local }

  /// Looks at what a path lies on; of one that is not there, at the nearest folder that is.
  package init(of path: String) {
    var path = path.isEmpty ? "." : path
    while true {
      if let magic = Self.magic(of: path) {
        self.init(magic: magic)
        return
      }
      let parent = OutputName.folder(of: path)
      guard parent != path else {
        self = .local
        return
      }
      path = parent
    }
  }

  private typealias Call = @convention(c) (UnsafePointer<CChar>, UnsafeMutableRawPointer) -> Int32

  /// `statfs`, whose header Swift's module of the C library leaves out.
  private static let call: Call? = dlsym(nil, "statfs").map { unsafeBitCast($0, to: Call.self) }

  /// The number of the file system that a path lies on; `nil` if the path is not there.
  private static func magic(of path: String) -> UInt32? {
    guard let call else { return nil }
    // The structure begins with the number, as a word, and has 120 bytes on 64-bit machines.
    var words = [Int](repeating: 0, count: 64)
    return words.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.flatMap { call(path, $0) == 0 ? $0 : nil }
        .map { UInt32(truncatingIfNeeded: $0.load(as: Int.self)) }
    }
  }

  /// Tells a file system by the number that `statfs` gives for it (linux/magic.h, statfs(2)).
  package init(magic: UInt32) {
    self = Self.names[magic].map { .shared($0) } ?? .local
  }

  private static let names: [UInt32: String] = [
    0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "SMB", 0xFE53_4D42: "SMB", 0x0BD0_0BD0: "Lustre",
    0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x7375_7245: "Coda", 0x4750_4653: "GPFS",
    0x1983_0326: "BeeGFS", 0x7461_636F: "OCFS2", 0x0116_1970: "GFS2", 0x0102_1997: "9p",
    0xAAD7_AAEA: "PanFS",
    // Among them sshfs and GlusterFS; nothing tells these from others.
    0x6573_5546: "FUSE",
  ]
}
