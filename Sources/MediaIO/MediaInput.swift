internal import CFFmpeg

/// An open media file and its video stream: FFmpeg's demuxer.
final class MediaInput {
  let path: String
  let context: UnsafeMutablePointer<AVFormatContext>
  private var io: UnsafeMutablePointer<AVIOContext>?

  /// Opens the file; with `analysing` also reads enough of it to know its streams. Throws
  /// ``MediaError``.
  init(path: String, analysing: Bool = true) throws {
    guard try FileSystem.kind(of: path) == .file else {
      throw MediaError(.unreadable, file: path, found: "is not a file")
    }
    if FileSystem.size(of: path) == 0 {
      throw MediaError(.empty, file: path, found: "is empty (0 bytes)")
    }
    MediaLibrary.prepare()

    // Opening the bytes ourselves keeps FFmpeg from reading names as patterns or addresses.
    let url = "file:" + path
    var io: UnsafeMutablePointer<AVIOContext>?
    try MediaLibrary.check(
      avio_open2(&io, url, AVIO_FLAG_READ, nil, nil), .unreadable, file: path,
      found: "cannot be opened")
    let opened: UnsafeMutablePointer<AVFormatContext>
    do {
      opened = try Self.open(io, url: url, path: path)
    } catch {
      avio_closep(&io)
      throw error
    }
    self.path = path
    context = opened
    self.io = io

    if analysing {
      try MediaLibrary.check(
        avformat_find_stream_info(context, nil), .notMedia, file: path,
        found: "holds no readable streams")
    }
  }

  deinit {
    var closing: UnsafeMutablePointer<AVFormatContext>? = context
    avformat_close_input(&closing)
    avio_closep(&io)
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
    let names = String(cString: name).split(separator: ",").map(String.init)
    let fileExtension = FileSystem.fileExtension(of: path)
    return names.first { $0 == fileExtension } ?? names.first ?? "unknown"
  }

  /// Formats that are no video of their own: playlists, which name other files or addresses, and
  /// text, which FFmpeg would draw as pictures.
  private static let refusedFormats: [String: String] = [
    "hls": "a playlist", "concat": "a playlist", "dash": "a playlist", "imf": "a playlist",
    "sdp": "a playlist", "tty": "text", "bin": "text", "adf": "text", "idf": "text",
    "xbin": "text",
  ]

  /// Recognises the format of the bytes and reads the file's header.
  private static func open(
    _ io: UnsafeMutablePointer<AVIOContext>?, url: String, path: String
  ) throws -> UnsafeMutablePointer<AVFormatContext> {
    let found = "is not a readable video"
    let expected = "give a video, a GIF, a PNG or a folder of frames"
    var format: UnsafePointer<AVInputFormat>?
    try MediaLibrary.check(
      av_probe_input_buffer2(io, &format, url, nil, 0, 0), .notMedia, file: path, found: found,
      expected: expected)
    let names = format.flatMap { $0.pointee.name }.map { String(cString: $0) } ?? ""
    let name = names.split(separator: ",").first.map(String.init) ?? ""
    if let kind = refusedFormats[name] {
      throw MediaError(.notMedia, file: path, found: "is \(kind)", expected: expected)
    }

    var context = avformat_alloc_context()
    context?.pointee.pb = io
    // Whatever a header refers to, nothing but local files is opened.
    let options = MediaOptions(["protocol_whitelist": "file"])
    let status = avformat_open_input(&context, url, format, &options.handle)
    guard status >= 0, let context else {
      throw MediaLibrary.error(status, .notMedia, file: path, found: found, expected: expected)
    }
    return context
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
