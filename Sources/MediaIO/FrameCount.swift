internal import CFFmpeg

/// How many frames a video gives when it is decoded from its start.
struct FrameCount {
  /// Frames, in the order in which they are read.
  let frames: Int
  /// What decoding passed over; empty where packets were counted.
  let warnings: [MediaWarning]

  /// Pixels that are decoded without a thought: a second's work or less.
  static let usualDecodingLimit = 1 << 29

  /// Counts the frames of a file: by its packets where these are known to be frames
  /// (``PacketTrust``) and decoding them would take long, else by decoding.
  ///
  /// Damage within a long file of that kind is not seen; whoever reads it may find fewer frames.
  ///
  /// - Parameters:
  ///   - packets: The file's packets, read only where container and codec let them be frames.
  ///   - decodingLimit: Pixels that are decoded even if packets could be counted.
  /// - Throws: ``MediaError``, or `CancellationError` when the task is cancelled.
  init(
    path: String, packets: @autoclosure () throws -> PacketIndex,
    decodingLimit: Int = usualDecodingLimit
  ) throws {
    let decoder = try StreamDecoder(path: path, isOnlyCounting: true)
    let pixels = Double(decoder.geometry.width) * Double(decoder.geometry.height)
    if PacketTrust(of: decoder.stream, in: decoder.input).holds {
      let packets = try packets()
      if packets.isTrustworthy, Double(packets.count) * pixels > Double(decodingLimit) {
        frames = packets.count
        warnings = []
        return
      }
    }
    var count = 0
    while decoder.advance() {
      try Task.checkCancellation()
      count += 1
    }
    frames = count
    warnings = decoder.warnings(framesRead: count)
  }
}
