internal import CFFmpeg
import Glibc
import Synchronization

/// The one place where FFmpeg's status codes and messages become `MediaError`s.
enum MediaLibrary {
  /// Hands a non-negative status through; throws otherwise, with FFmpeg's reason and the last
  /// thing that it logged on this thread.
  ///
  /// `found` is the predicate about `file`, such as `cannot be opened as a video`.
  @discardableResult
  static func check(
    _ status: Int32, _ kind: MediaError.Kind, file: String, found: String, expected: String = ""
  ) throws -> Int32 {
    if status >= 0 { return status }
    throw error(status, kind, file: file, found: found, expected: expected)
  }

  /// The error for a failed call, see `check`.
  static func error(
    _ status: Int32, _ kind: MediaError.Kind, file: String, found: String, expected: String = ""
  ) -> MediaError {
    var reason = text(of: status)
    if let line = takeMessage() { reason += ": \(line)" }
    return MediaError(kind, file: file, found: "\(found) (\(reason))", expected: expected)
  }

  /// Unwraps what an FFmpeg allocator returned.
  static func allocated<Handle>(_ handle: Handle?, file: String) throws -> Handle {
    guard let handle else {
      throw MediaError(
        .unsupported, file: file, found: "needs more memory than there is")
    }
    return handle
  }

  /// FFmpeg's words for a status code.
  static func text(of status: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: Int(AV_ERROR_MAX_STRING_SIZE))
    av_strerror(status, &buffer, buffer.count)
    return string(buffer)
  }

  /// Silences FFmpeg's own output and forgets what this thread's last call logged. Called before
  /// every file is opened.
  static func prepare() {
    _ = captureInstalled
    _ = takeMessage()
  }

  private static let messages = Mutex<[UInt: String]>([:])

  /// Installs the log callback once. Messages are kept by thread, since decoders of several files
  /// may run at once.
  private static let captureInstalled: Void = av_log_set_callback { _, level, format, arguments in
    guard level <= AV_LOG_ERROR, let format, let arguments else { return }
    var buffer = [CChar](repeating: 0, count: 512)
    vsnprintf(&buffer, buffer.count, format, arguments)
    let line = string(buffer).split(separator: "\n").joined(separator: " ")
    // Streams that are not wanted may be of any codec; that they are left alone is no failure.
    if line.isEmpty || line.contains("not on whitelist") { return }
    messages.withLock {
      // FFmpeg's worker threads leave messages nobody collects.
      if $0.count >= 64 { $0.removeAll() }
      $0[pthread_self()] = line
    }
  }

  private static func takeMessage() -> String? {
    messages.withLock { $0.removeValue(forKey: pthread_self()) }
  }

  private static func string(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Key and value pairs in FFmpeg's own form, freed with this object.
final class MediaOptions {
  var handle: OpaquePointer?

  init(_ pairs: [String: String]) {
    for (key, value) in pairs { av_dict_set(&handle, key, value, 0) }
  }

  deinit { av_dict_free(&handle) }
}
