internal import CFFmpeg

/// A frame in FFmpeg's own form, freed with this object.
final class MediaFrame {
  let handle: UnsafeMutablePointer<AVFrame>
  private let file: String

  /// An empty frame, to be filled by a decoder or filter.
  init(file: String) throws {
    self.file = file
    handle = try MediaLibrary.allocated(av_frame_alloc(), file: file)
  }

  /// A frame with pixels of its own, aligned for FFmpeg's vector code.
  convenience init(width: Int, height: Int, format: AVPixelFormat, file: String) throws {
    try self.init(file: file)
    handle.pointee.width = Int32(width)
    handle.pointee.height = Int32(height)
    handle.pointee.format = format.rawValue
    try MediaLibrary.check(
      av_frame_get_buffer(handle, 64), .unsupported, file: file,
      found: "needs more memory than there is")
  }

  deinit {
    var freeing: UnsafeMutablePointer<AVFrame>? = handle
    av_frame_free(&freeing)
  }

  /// Makes sure that nobody else, such as an encoder that looks ahead, holds these pixels.
  func makeWritable() throws {
    try MediaLibrary.check(
      av_frame_make_writable(handle), .unsupported, file: file,
      found: "needs more memory than there is")
  }

  /// Fills a frame of 3 (RGB24) or 4 (BGRA, BGR0) bytes a pixel with a picture, each of its pixels
  /// enlarged to `scale` x `scale`; columns and rows beyond it repeat its edge.
  func fill(_ pixels: UnsafeBufferPointer<UInt8>, width: Int, height: Int, scale: Int) throws {
    try makeWritable()
    guard let base = handle.pointee.data.0 else { return }
    let stride = Int(handle.pointee.linesize.0)
    let isBGRA = [AV_PIX_FMT_BGRA.rawValue, AV_PIX_FMT_BGR0.rawValue]
      .contains(handle.pointee.format)
    let bytesPerPixel = isBGRA ? 4 : 3
    let (frameWidth, frameHeight) = (Int(handle.pointee.width), Int(handle.pointee.height))
    for y in 0..<frameHeight {
      let target = base + y * stride
      let sourceRow = min(y / scale, height - 1)
      if y > 0, sourceRow == min((y - 1) / scale, height - 1) {
        target.update(from: target - stride, count: frameWidth * bytesPerPixel)
        continue
      }
      let rowStart = sourceRow * width * 3
      for x in 0..<frameWidth {
        let source = rowStart + min(x / scale, width - 1) * 3
        let pixel = target + x * bytesPerPixel
        if isBGRA {
          pixel[0] = pixels[source + 2]
          pixel[1] = pixels[source + 1]
          pixel[2] = pixels[source]
          pixel[3] = 255
        } else {
          pixel[0] = pixels[source]
          pixel[1] = pixels[source + 1]
          pixel[2] = pixels[source + 2]
        }
      }
    }
  }
}
