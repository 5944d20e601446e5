internal import CFFmpeg
internal import CPNG

/// The libraries that this module reads and writes pictures and videos with, as they are installed.
package enum MediaComponents {
  /// Names and versions of the loaded libraries, for example `libavcodec` and `59.37.100`.
  package static var libraries: [(name: String, version: String)] {
    [
      ("libavcodec", text(avcodec_version())), ("libavformat", text(avformat_version())),
      ("libavfilter", text(avfilter_version())), ("libavutil", text(avutil_version())),
      ("libswscale", text(swscale_version())), ("libpng", pictureLibraryVersion),
    ]
  }

  /// The release of FFmpeg that the libraries come from, for example `5.1.6-0+deb12u1`.
  package static var release: String { String(cString: av_version_info()) }

  /// Whether FFmpeg can write with an encoder of this name, such as `libx264`.
  package static func hasEncoder(_ name: String) -> Bool {
    avcodec_find_encoder_by_name(name) != nil
  }

  /// Whether FFmpeg has a filter of this name, such as `palettegen`.
  package static func hasFilter(_ name: String) -> Bool { avfilter_get_by_name(name) != nil }

  /// FFmpeg packs a version into one number, 8 bits for each of the last two parts.
  private static func text(_ version: UInt32) -> String {
    "\(version >> 16).\((version >> 8) & 0xFF).\(version & 0xFF)"
  }

  /// libpng packs its version as decimal digits: 10639 is 1.6.39.
  private static var pictureLibraryVersion: String {
    let version = png_access_version_number()
    return "\(version / 10000).\(version / 100 % 100).\(version % 100)"
  }
}
