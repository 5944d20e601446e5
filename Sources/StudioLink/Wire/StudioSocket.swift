import Foundation
import RunKit

/// Sockets by their path in a data folder, which may be longer than an address of a socket has room for.
package enum StudioSocket {
  /// Screens that wait to be noticed at most.
  private static let backlog: CInt = 64

  /// What a call of the system that failed says.
  package static func failure(_ call: String, _ problem: CInt = errno) -> LinkError {
    LinkError(.system(call: call, reason: String(cString: strerror(problem))))
  }

  /// Connects to a worker.
  ///
  /// - Returns: `nil` if nobody listens.
  /// - Throws: ``LinkError`` if another user does, or the system has no sockets.
  package static func connect(to path: String) throws(LinkError) -> FrameChannel? {
    let descriptor = try make()
    let status: CInt
    do {
      status = try withAddress(of: path) { address, length in
        var result: CInt
        repeat {
          result = Glibc.connect(descriptor, address, length)
        } while result != 0
          && errno == EINTR
        return result == 0 ? 0 : errno
      }
    } catch {
      close(descriptor)
      // Without the folder there is no socket in it.
      return nil
    }
    guard status == 0 else {
      close(descriptor)
      // Left by a worker that was killed, or never there; a file of another kind is none either.
      if [ENOENT, ECONNREFUSED, ENOTDIR, EAGAIN, EPROTOTYPE, ENOTSOCK].contains(status) {
        return nil
      }
      throw failure("connect", status)
    }
    let channel = FrameChannel(descriptor: descriptor, limit: Frame.replyLimit)
    try channel.checkPeer()
    return channel
  }

  /// Listens at a path, in place of a socket that a killed worker left there. Only whoever holds the folder's
  /// lock may do so.
  ///
  /// - Returns: The listening socket, which this user alone can connect to.
  /// - Throws: ``LinkError`` if it cannot be made.
  package static func listen(at path: String) throws(LinkError) -> CInt {
    let descriptor = try make()
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    // Before it has a name, so that there is no moment in which others could connect.
    var failed = fchmod(descriptor, 0o600) == 0 ? 0 : errno
    if failed == 0 {
      failed = try withAddress(of: path) { address, length in
        bind(descriptor, address, length) == 0 ? 0 : errno
      }
    }
    if failed == 0, Glibc.listen(descriptor, backlog) != 0 { failed = errno }
    guard failed == 0 else {
      close(descriptor)
      throw failure("bind \(path)", failed)
    }
    return descriptor
  }

  /// Waits for the next screen.
  ///
  /// - Returns: `nil` once the socket was shut down.
  package static func accept(on listener: CInt) -> FrameChannel? {
    while true {
      let descriptor = Glibc.accept(listener, nil, nil)
      if descriptor >= 0 {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return FrameChannel(descriptor: descriptor, limit: Frame.requestLimit)
      }
      switch errno {
      case EINTR, ECONNABORTED: continue
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: usleep(100_000)
      default: return nil
      }
    }
  }

  /// Both ends of a connection within a process.
  ///
  /// - Throws: ``LinkError``.
  package static func pair() throws(LinkError) -> (screen: FrameChannel, worker: FrameChannel) {
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw failure("socketpair") }
    return (
      FrameChannel(descriptor: ends[0], limit: Frame.replyLimit),
      FrameChannel(descriptor: ends[1], limit: Frame.requestLimit)
    )
  }

  private static var kind: CInt {
    CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
  }

  private static func make() throws(LinkError) -> CInt {
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw failure("socket") }
    return descriptor
  }

  /// Gives the address of a path: of a short one, by way of its folder's descriptor.
  ///
  /// - Throws: ``LinkError`` if the folder cannot be opened.
  private static func withAddress(
    of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) throws(LinkError) -> CInt {
    let url = URL(filePath: path)
    let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw failure("open") }
    defer { close(folder) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let short = Array("/proc/self/fd/\(folder)/\(url.lastPathComponent)".utf8)
    guard short.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw failure("connect", ENAMETOOLONG)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
