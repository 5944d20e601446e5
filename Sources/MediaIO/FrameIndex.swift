internal import CFFmpeg

/// Where each frame of a video stream lies, found by reading all packets without decoding them.
struct FrameIndex {
  /// Frames in the stream.
  let count: Int
  /// When each frame is shown, ascending, in the stream's time base; empty if the file does not
  /// say so for every one, and then frames can only be counted.
  private let timestamps: [Int64]
  /// Frames that decode without others: number and decoding time, ascending.
  private let keyframes: [(frame: Int, decodingTime: Int64)]

  /// Reads the file from start to end. Throws ``MediaError``.
  init(path: String) throws {
    let input = try MediaInput(path: path)
    let stream = try input.videoStream()
    var packet = av_packet_alloc()
    defer { av_packet_free(&packet) }

    // AVI stores no showing times, and what FFmpeg makes up for them is wrong where a codec may
    // reorder frames.
    let codec = stream.pointee.codecpar?.pointee.codec_id ?? AV_CODEC_ID_NONE
    let properties = avcodec_descriptor_get(codec)?.pointee.props ?? 0
    let mayReorder = properties & AV_CODEC_PROP_REORDER != 0
    let timesAreTrue = !(mayReorder && input.containerName == "avi")

    var count = 0
    var shown: [Int64] = []
    var keys: [(shown: Int64, decoded: Int64)] = []
    while av_read_frame(input.context, packet) >= 0 {
      defer { av_packet_unref(packet) }
      guard let current = packet?.pointee, current.stream_index == stream.pointee.index,
        current.flags & AV_PKT_FLAG_DISCARD == 0
      else { continue }
      count += 1
      let none = cffmpeg_no_timestamp()
      let decoded = current.dts
      let time = current.pts == none && !mayReorder ? decoded : current.pts
      if time == none || !timesAreTrue { continue }
      shown.append(time)
      if current.flags & AV_PKT_FLAG_KEY != 0, decoded != none { keys.append((time, decoded)) }
    }
    shown.sort()
    let isComplete = shown.count == count && !zip(shown, shown.dropFirst()).contains { $0 == $1 }
    self.count = count
    timestamps = isComplete ? shown : []
    // GIF and APNG mark every frame as a key, although most change only a part of the last.
    let keysAreTrue = isComplete && codec != AV_CODEC_ID_GIF && codec != AV_CODEC_ID_APNG
    keyframes =
      keysAreTrue
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

extension Array {
  /// The first index whose element satisfies `belongsToSecond`, where all later ones do too.
  fileprivate func partitioningIndex(_ belongsToSecond: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongsToSecond(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
