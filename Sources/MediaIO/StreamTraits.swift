internal import CFFmpeg

/// What a stream's pictures are like beyond size and colour, as far as one should know of it: frames
/// are given as they are stored, so that HDR is not toned down and fields are not taken apart.
struct StreamTraits {
  /// How light is coded, where that is in high dynamic range.
  private var highDynamicRange: String?
  private var isInterlaced: Bool

  /// What the container and the codec's headers say.
  init(_ parameters: AVCodecParameters) {
    highDynamicRange = Self.highDynamicRange(parameters.color_trc)
    isInterlaced = [AV_FIELD_TT, AV_FIELD_BB, AV_FIELD_TB, AV_FIELD_BT]
      .contains(parameters.field_order)
  }

  /// Takes in what a frame says of itself.
  mutating func note(_ frame: AVFrame) {
    if highDynamicRange == nil { highDynamicRange = Self.highDynamicRange(frame.color_trc) }
    if frame.interlaced_frame != 0 { isInterlaced = true }
  }

  /// One warning for each thing found.
  func warnings(file: String) -> [MediaWarning] {
    var warnings: [MediaWarning] = []
    if let highDynamicRange {
      warnings.append(
        MediaWarning(
          kind: .highDynamicRange, file: file,
          found:
            "is HDR video (\(highDynamicRange)); its values are read as they are stored, so that "
            + "colours look pale; convert it to standard range first for natural ones"))
    }
    if isInterlaced {
      warnings.append(
        MediaWarning(
          kind: .interlaced, file: file,
          found:
            "is interlaced; the two fields of a frame are read as one picture, so that edges which "
            + "move are combed; deinterlace it first to avoid that"))
    }
    return warnings
  }

  private static func highDynamicRange(
    _ transfer: AVColorTransferCharacteristic
  ) -> String? {
    switch transfer {
    case AVCOL_TRC_SMPTE2084: "PQ, SMPTE ST 2084"
    case AVCOL_TRC_ARIB_STD_B67: "HLG, ARIB STD-B67"
    default: nil
    }
  }
}
