internal import CFFmpeg

/// Where each packet of a video stream lies, found by reading all of them without decoding any.
///
/// A packet is a frame only where ``isTrustworthy`` says so. Elsewhere packets may hold frames that are
/// never shown, pictures that depend on others which were cut away, or nothing that decodes, and
/// frames can only be numbered by decoding them from the start.
struct PacketIndex {
  /// Packets of the stream: an estimate of its frames.
  let count: Int
  /// Whether every packet is sure to give one frame, shown at the packet's own time.
  let isTrustworthy: Bool
  /// When each frame is shown, ascending, in the stream's time base; empty if not trustworthy.
  private let timestamps: [Int64]
  /// Frames that decode without others: number and decoding time, ascending.
  private let keyframes: [(frame: Int, decodingTime: Int64)]

  /// Reads the file from start to end. Throws ``MediaError``.
  init(path: String) throws {
    let input = try MediaInput(path: path)
    let stream = try input.videoStream()
    var packet = av_packet_alloc()
    defer { av_packet_free(&packet) }

    var trust = PacketTrust(of: stream, in: input)
    var count = 0
    var shown: [Int64] = []
    var keys: [(shown: Int64, decoded: Int64)] = []
    var status = av_read_frame(input.context, packet)
    while status >= 0 {
      if let current = packet?.pointee, current.stream_index == stream.pointee.index {
        count += 1
        trust.note(current)
        if trust.holds {
          shown.append(current.pts)
          if current.flags & AV_PKT_FLAG_KEY != 0 { keys.append((current.pts, current.dts)) }
        }
      }
      av_packet_unref(packet)
      status = av_read_frame(input.context, packet)
    }
    let isWhole =
      status == cffmpeg_error_end_of_file()
      && !StreamEnding.isMissing(of: input, stream: stream, packetCount: count)
    // What is shown before the first key frame depends on frames that were cut away.
    let startsWithKey = shown.first != nil && shown.first == shown.min()
    shown.sort()
    let areDistinct = !zip(shown, shown.dropFirst()).contains { $0 == $1 }

    self.count = count
    isTrustworthy = trust.holds && isWhole && startsWithKey && areDistinct
    timestamps = isTrustworthy ? shown : []
    // GIF marks every frame as a key, although most change only a part of the last.
    let keysAreTrue = stream.pointee.codecpar?.pointee.codec_id != AV_CODEC_ID_GIF
    keyframes =
      isTrustworthy && keysAreTrue
      ? keys.map { key in (Self.position(of: key.shown, in: shown), key.decoded) }
        .sorted { $0.frame < $1.frame } : []
  }

  /// When frame `number` is shown; nil if unknown.
  func timestamp(of number: Int) -> Int64? {
    timestamps.indices.contains(number) ? timestamps[number] : nil
  }

  /// The last frame up to `number` at which decoding can start; nil if unknown.
  func keyframe(before number: Int) -> (frame: Int, decodingTime: Int64)? {
    let after = keyframes.partitioningIndex { $0.frame > number }
    return after > 0 ? keyframes[after - 1] : nil
  }

  private static func position(of time: Int64, in sorted: [Int64]) -> Int {
    sorted.partitioningIndex { $0 >= time }
  }
}
