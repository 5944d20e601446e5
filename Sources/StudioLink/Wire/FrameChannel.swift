import Foundation

/// A connected socket that frames pass through. Reading and writing block their threads, and each is for one
/// thread at a time; ``hangUp()`` ends both from any other.
package final class FrameChannel: Sendable {
  private let descriptor: CInt

  /// Payloads that it takes at most, in bytes.
  private let limit: Int

  /// Bytes for which room is made at once: a length that is only claimed takes no memory.
  private static let portion = 1 << 20

  /// - Parameters:
  ///   - descriptor: A connected socket, which is closed with the channel.
  ///   - limit: Payloads that are taken at most, in bytes.
  package init(descriptor: CInt, limit: Int) {
    self.descriptor = descriptor
    self.limit = limit
  }

  deinit { close(descriptor) }

  /// The user and process at the other end, as the system says.
  ///
  /// - Throws: ``LinkError`` if it says nothing.
  package func peer() throws(LinkError) -> (user: UInt32, process: Int32) {
    // `struct ucred`, which headers give to C programs alone: process, user, group.
    var credentials: [UInt32] = [0, 0, 0]
    var length = socklen_t(credentials.count * MemoryLayout<UInt32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else {
      throw StudioSocket.failure("getsockopt")
    }
    return (credentials[1], Int32(bitPattern: credentials[0]))
  }

  /// Sees to it that the other end is this user's.
  ///
  /// - Throws: ``LinkError`` if it is not.
  package func checkPeer() throws(LinkError) {
    let user = try peer().user
    guard user == geteuid() else { throw LinkError(.otherUser(user)) }
  }

  /// Lets reading fail after some seconds of silence; `nil` waits for ever.
  package func expectWord(within seconds: Int?) {
    var time = timeval(tv_sec: seconds ?? 0, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Waits for the next frame.
  ///
  /// - Returns: `nil` if the other side hung up between two frames.
  /// - Throws: ``LinkError`` if it hung up within one, says nothing, or says what is none.
  package func read() throws(LinkError) -> Frame? {
    var header: [UInt8] = []
    guard try fill(&header, Frame.headerLength) else {
      guard header.isEmpty else { throw LinkError(.lost) }
      return nil
    }
    let (kind, length) = try Frame.header(header, limit: limit)
    var payload: [UInt8] = []
    guard try fill(&payload, length) else { throw LinkError(.lost) }
    return Frame(kind, payload)
  }

  /// - Returns: Whether so many bytes came before the other side hung up.
  private func fill(_ bytes: inout [UInt8], _ count: Int) throws(LinkError) -> Bool {
    bytes.reserveCapacity(min(count, Self.portion))
    while bytes.count < count {
      let room = min(count - bytes.count, Self.portion)
      var got = 0
      var problem: CInt = 0
      bytes += [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
        got = recv(descriptor, buffer.baseAddress, room, 0)
        problem = errno
        filled = max(got, 0)
      }
      if got > 0 { continue }
      if got == 0 { return false }
      switch problem {
      case EINTR: continue
      case EAGAIN, EWOULDBLOCK: throw LinkError(.silent)
      // Whoever ends with something unread resets the connection.
      case ECONNRESET: return false
      default: throw StudioSocket.failure("recv", problem)
      }
    }
    return true
  }

  /// Sends a frame, waiting as long as the other side does not read.
  ///
  /// - Throws: ``LinkError`` if it hung up.
  package func write(_ frame: Frame) throws(LinkError) { try send(frame.bytes) }

  /// Sends bytes, of a frame or not.
  ///
  /// - Throws: ``LinkError`` if the other side hung up.
  package func send(_ bytes: [UInt8]) throws(LinkError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(
          descriptor, UnsafeRawBufferPointer(rebasing: $0[sent...]).baseAddress,
          bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        sent += count
      } else if errno != EINTR {
        throw errno == EPIPE || errno == ECONNRESET
          ? LinkError(.lost) : StudioSocket.failure("send")
      }
    }
  }

  /// Says that nothing more is sent; what was sent still arrives.
  package func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the connection; whoever reads or writes is woken.
  package func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
