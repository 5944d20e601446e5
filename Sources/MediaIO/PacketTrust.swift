internal import CFFmpeg

/// Whether the packets of a stream can be taken for its frames without decoding them.
///
/// They can where all of this holds, and any doubt ends it:
/// - The container stores a showing time for every packet and lets each hold one access unit: MP4 and
///   its kin (ISO/IEC 14496-12, "sample"), Matroska and WebM (RFC 9559, "Block"), and GIF, which has a
///   delay for each picture. AVI, transport streams, Flash, Ogg and raw streams do not.
/// - An access unit of the codec is one shown picture: H.264, HEVC, AV1 and GIF; VP8 and VP9 where the
///   frame's header says that it is shown; codecs all of whose frames stand alone. MPEG-4 Part 2 packs
///   B-frames together and leaves empty places for them.
/// - Frames are not stored as fields, and none is marked damaged or to be left out.
/// - Every packet has its own times, and the first is a key frame.
struct PacketTrust {
  private(set) var holds: Bool
  private let codec: AVCodecID
  private var isFirst = true

  private static let containers: Set<String> = [
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "gif",
  ]
  private static let codecs = [
    AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_AV1, AV_CODEC_ID_VP8, AV_CODEC_ID_VP9,
    AV_CODEC_ID_GIF,
  ]

  /// Looks at what the container says of a stream.
  init(of stream: UnsafeMutablePointer<AVStream>, in input: MediaInput) {
    let parameters = stream.pointee.codecpar?.pointee ?? AVCodecParameters()
    let codec = parameters.codec_id
    let properties = avcodec_descriptor_get(codec)?.pointee.props ?? 0
    let areWholeFrames = [AV_FIELD_UNKNOWN, AV_FIELD_PROGRESSIVE].contains(parameters.field_order)
    self.codec = codec
    holds =
      Self.containers.contains(input.containerName) && areWholeFrames
      && (Self.codecs.contains(codec) || properties & AV_CODEC_PROP_INTRA_ONLY != 0)
  }

  /// Takes the stream's next packet into account.
  mutating func note(_ packet: AVPacket) {
    let none = cffmpeg_no_timestamp()
    let isKey = packet.flags & AV_PKT_FLAG_KEY != 0
    if packet.pts == none || packet.dts == none || packet.size <= 0
      || packet.flags & (AV_PKT_FLAG_CORRUPT | AV_PKT_FLAG_DISCARD) != 0
      || isFirst && !isKey || !isShown(packet)
    {
      holds = false
    }
    isFirst = false
  }

  private func isShown(_ packet: AVPacket) -> Bool {
    guard codec == AV_CODEC_ID_VP8 || codec == AV_CODEC_ID_VP9 else { return true }
    let bytes = UnsafeBufferPointer(start: packet.data, count: Int(max(packet.size, 0)))
    guard let first = bytes.first, let last = bytes.last else { return false }
    // RFC 6386, section 9.1: the fourth bit of the frame's tag.
    if codec == AV_CODEC_ID_VP8 { return first & 0x10 != 0 }
    // VP9 bitstream specification, annex B: a superframe ends in an index that begins and ends with
    // the same marker, and shows its last frame alone.
    if last & 0xE0 == 0xC0 {
      let length = 2 + (Int(last & 7) + 1) * (Int(last >> 3 & 3) + 1)
      if length <= bytes.count, bytes[bytes.count - length] == last { return true }
    }
    // Section 6.2: a marker of two bits, two of the profile and, in the last one, a reserved one;
    // then whether an earlier frame is shown, the frame's type, and whether it is shown.
    let shift: UInt8 = first & 0x30 == 0x30 ? 1 : 0
    let showsEarlierFrame = first & (0x08 >> shift) != 0
    return showsEarlierFrame || first & (0x02 >> shift) != 0
  }
}
