/// One piece of what passes through a socket between a screen and a worker: the length of the rest in four
/// bytes, the kind in one, and the payload. Numbers are little-endian.
package struct Frame: Sendable {
  /// What a payload is. Greetings, controls and their replies have had the same form since the first version,
  /// so that programs of different versions can tell each other so.
  package enum Kind: UInt8, Sendable {
    /// ``Hello`` or ``Welcome``, as plain JSON.
    case greeting = 1
    /// ``Control``, in place of a greeting, as plain JSON.
    case control
    /// ``WorkerStatus``, as plain JSON.
    case status
    /// A number, and a `WorkspaceRequest`.
    case request
    /// The number of a request, and a ``WorkspaceAnswer``.
    case answer
    /// A `WorkspaceEvent`.
    case event
    /// Why the worker ends: a ``WorkerEnd``.
    case farewell
  }

  package let kind: Kind
  package let payload: [UInt8]

  package init(_ kind: Kind, _ payload: [UInt8]) {
    self.kind = kind
    self.payload = payload
  }

  /// Bytes before the payload.
  package static let headerLength = 5

  /// Payloads that a worker takes at most: a recipe of many runs is the largest thing that is asked for.
  package static let requestLimit = 1 << 26
  /// Payloads that a screen takes at most: the frames of a long video.
  package static let replyLimit = 1 << 29

  /// The frame as it is sent.
  package var bytes: [UInt8] {
    let length = UInt32(truncatingIfNeeded: payload.count + 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.headerLength + payload.count)
    withUnsafeBytes(of: length.littleEndian) { bytes += $0 }
    bytes.append(kind.rawValue)
    bytes += payload
    return bytes
  }

  /// What a header says.
  ///
  /// - Parameter limit: Bytes of the payload at most.
  /// - Throws: ``LinkError`` for a kind that is none, or a length that is too large.
  package static func header(_ bytes: [UInt8], limit: Int) throws(LinkError) -> (
    kind: Kind, length: Int
  ) {
    let length = bytes[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length >= 1, length - 1 <= limit else {
      throw LinkError(.notUnderstood("a message of \(length) bytes"))
    }
    guard let kind = Kind(rawValue: bytes[4]) else {
      throw LinkError(.notUnderstood("a message of kind \(bytes[4])"))
    }
    return (kind, length - 1)
  }
}
