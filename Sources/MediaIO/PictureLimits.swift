/// How large a picture or frame may be, which is also what guards memory against damaged and hostile
/// headers: a small file can claim a canvas of gigabytes.
public enum PictureLimits {
  /// Pixels of the longer side at most.
  public static let longestSide = 16384
  /// Pixels in all at most: 8192 x 8192, twice an 8K frame.
  public static let mostPixels = 1 << 26

  /// Whether a picture of this size is read and written.
  static func allow(width: Int, height: Int) -> Bool {
    width <= longestSide && height <= longestSide && width * height <= mostPixels
  }

  /// Throws `unsupported` for a picture or frame in `file` that is too large; `found` is what is said
  /// of it before its size, such as `has frames of`.
  static func check(width: Int, height: Int, file: String, found: String) throws {
    if allow(width: width, height: height) { return }
    throw MediaError(
      .unsupported, file: file, found: "\(found) \(width)x\(height) pixels",
      expected: "at most \(longestSide) a side and \(mostPixels) in all are read and written")
  }
}
