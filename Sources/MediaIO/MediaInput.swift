internal import CFFmpeg
import Glibc

/// An open media file and its video stream: FFmpeg's demuxer.
final class MediaInput {
  let path: String
  let context: UnsafeMutablePointer<AVFormatContext>
  private let bytes: ByteStream

  /// Opens the file; with `analysing` also reads enough of it to know its streams. Throws
  /// ``MediaError``.
  init(path: String, analysing: Bool = true) throws {
    let file = try InputFile(path: path)
    if file.size == 0 { throw MediaError(.empty, file: path, found: "is empty (0 bytes)") }
    MediaLibrary.prepare()
    self.path = path
    bytes = try ByteStream(file)
    context = try Self.open(bytes, path: path)
    for stream in streams { try checkSize(of: stream) }
    if analysing { try analyse() }
  }

  deinit {
    var closing: UnsafeMutablePointer<AVFormatContext>? = context
    avformat_close_input(&closing)
  }

  var streams: [UnsafeMutablePointer<AVStream>] {
    (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
  }

  /// The video stream; all others are marked to be passed over. Throws `noVideoStream`.
  func videoStream() throws -> UnsafeMutablePointer<AVStream> {
    let index = av_find_best_stream(context, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
    // A cover picture in a sound file is no video.
    guard index >= 0, let stream = context.pointee.streams[Int(index)],
      stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
    else {
      throw MediaError(
        .noVideoStream, file: path, found: "holds no video stream (\(streamSummary()))",
        expected: "give a video")
    }
    for other in streams where other != stream { other.pointee.discard = AVDISCARD_ALL }
    return stream
  }

  /// The value of a metadata entry of the file, or of its first stream that has it.
  func metadata(_ key: String) -> String? {
    let dictionaries = [context.pointee.metadata] + streams.map { $0.pointee.metadata }
    for dictionary in dictionaries {
      if let entry = av_dict_get(dictionary, key, nil, 0), let value = entry.pointee.value {
        return String(cString: value)
      }
    }
    return nil
  }

  /// The container's short name, such as `mp4` or `matroska`.
  var containerName: String {
    guard let name = context.pointee.iformat?.pointee.name else { return "unknown" }
    let all = String(cString: name)
    if isPicture { return String(all.dropLast(Self.pictureSuffix.count)) }
    let names = all.split(separator: ",").map(String.init)
    let fileExtension = FileSystem.fileExtension(of: path)
    return names.first { $0 == fileExtension } ?? names.first ?? "unknown"
  }

  /// Whether the file is a single picture rather than a video.
  var isPicture: Bool {
    guard let name = context.pointee.iformat?.pointee.name else { return false }
    return String(cString: name).hasSuffix(Self.pictureSuffix)
  }

  /// What FFmpeg calls its demuxers of single pictures, behind the format's name.
  private static let pictureSuffix = "_pipe"

  /// Recognises the format of the bytes and reads the file's header.
  private static func open(
    _ bytes: ByteStream, path: String
  ) throws -> UnsafeMutablePointer<AVFormatContext> {
    let found = "is not a readable video"
    let expected = "give a video, a GIF, a PNG or a folder of frames"
    var format: UnsafePointer<AVInputFormat>?
    // Without the name, so that only the content counts.
    try MediaLibrary.check(
      av_probe_input_buffer2(bytes.context, &format, "", nil, 0, 0), .notMedia, file: path,
      found: found, expected: expected)
    try AllowedFormats.check(format, file: path, expected: expected)

    var context = avformat_alloc_context()
    context?.pointee.pb = bytes.context
    // Whatever a header refers to, no other file is opened.
    context?.pointee.io_open = { _, _, _, _, _ in -EPERM }
    let options = MediaOptions(AllowedFormats.options)
    let status = avformat_open_input(&context, path, format, &options.handle)
    guard status >= 0, let context else {
      throw MediaLibrary.error(status, .notMedia, file: path, found: found, expected: expected)
    }
    return context
  }

  /// Reads enough of the file to know its streams. That decodes a frame where the header says too
  /// little, so pictures are bounded here already.
  private func analyse() throws {
    let count = Int(context.pointee.nb_streams)
    let limits = (0..<count).map { _ in
      MediaOptions(["max_pixels": String(PictureLimits.mostPixels), "threads": "1"])
    }
    var options = limits.map(\.handle)
    let status = avformat_find_stream_info(context, &options)
    for (limit, handle) in zip(limits, options) { limit.handle = handle }
    try MediaLibrary.check(status, .notMedia, file: path, found: "holds no readable streams")
  }

  /// Refuses a size that the header claims before anything makes room for it.
  private func checkSize(of stream: UnsafeMutablePointer<AVStream>) throws {
    guard let parameters = stream.pointee.codecpar?.pointee,
      parameters.codec_type == AVMEDIA_TYPE_VIDEO, parameters.width > 0, parameters.height > 0,
      stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
    else { return }
    try PictureLimits.check(
      width: Int(parameters.width), height: Int(parameters.height), file: path,
      found: "has frames of")
  }

  private func streamSummary() -> String {
    let kinds = streams.map { stream -> String in
      guard let parameters = stream.pointee.codecpar else { return "unknown" }
      switch parameters.pointee.codec_type {
      case AVMEDIA_TYPE_VIDEO: return "cover picture"
      case AVMEDIA_TYPE_AUDIO: return "audio"
      case AVMEDIA_TYPE_SUBTITLE: return "subtitle"
      default: return "other"
      }
    }
    if kinds.isEmpty { return "no streams" }
    return Set(kinds).sorted().map { kind in
      let count = kinds.count { $0 == kind }
      return "\(count) \(kind) stream\(count == 1 ? "" : "s")"
    }.joined(separator: ", ")
  }
}
