internal import CFFmpeg
import Glibc

/// An open file as FFmpeg's demuxers read it.
///
/// The bytes come from here rather than from FFmpeg's own protocols, so that a name is never taken for
/// a pattern or an address, and so that what was looked at is what is read.
final class ByteStream {
  /// FFmpeg's side; valid as long as this object is.
  let context: UnsafeMutablePointer<AVIOContext>
  private let file: InputFile
  private var position = 0

  private static let bufferLength = 1 << 16

  /// A stream that stands at the file's start.
  init(_ file: InputFile) throws {
    self.file = file
    let buffer = try MediaLibrary.allocated(av_malloc(Self.bufferLength), file: file.path)
    guard
      let context = avio_alloc_context(
        buffer.assumingMemoryBound(to: UInt8.self), Int32(Self.bufferLength), 0, nil,
        { ByteStream.of($0)?.read($1, $2) ?? -EIO }, nil,
        { ByteStream.of($0)?.seek($1, $2) ?? Int64(-EIO) })
    else {
      av_free(buffer)
      throw MediaError(.unsupported, file: file.path, found: "needs more memory than there is")
    }
    self.context = context
    context.pointee.opaque = Unmanaged.passUnretained(self).toOpaque()
  }

  deinit {
    // FFmpeg may have replaced the buffer by a larger one.
    av_freep(&context.pointee.buffer)
    var closing: UnsafeMutablePointer<AVIOContext>? = context
    avio_context_free(&closing)
  }

  private static func of(_ opaque: UnsafeMutableRawPointer?) -> ByteStream? {
    opaque.map { Unmanaged<ByteStream>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Bytes read into `buffer`, or one of FFmpeg's status codes.
  private func read(_ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int32) -> Int32 {
    guard count > 0 else { return 0 }
    while true {
      let got = pread(file.descriptor, buffer, Int(count), position)
      if got < 0, errno == EINTR { continue }
      if got < 0 { return -errno }
      if got == 0 { return cffmpeg_error_end_of_file() }
      position += got
      return Int32(got)
    }
  }

  private func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
    let target: Int?
    switch whence & ~AVSEEK_FORCE {
    case AVSEEK_SIZE: return Int64(file.size)
    case SEEK_SET: target = Int(offset)
    case SEEK_CUR: target = Self.sum(position, Int(offset))
    case SEEK_END: target = Self.sum(file.size, Int(offset))
    default: target = nil
    }
    guard let target, target >= 0 else { return Int64(-EINVAL) }
    position = target
    return Int64(target)
  }

  private static func sum(_ first: Int, _ second: Int) -> Int? {
    let (sum, overflows) = first.addingReportingOverflow(second)
    return overflows ? nil : sum
  }
}
