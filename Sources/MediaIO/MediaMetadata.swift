internal import CFFmpeg

/// The settings text, usually JSON, that every output of this module can carry.
///
/// It is stored under the key `pvdm`: a metadata entry in MP4, a tag in WebM, a comment in GIF, an
/// iTXt chunk in PNG, and in a folder of frames both the first frame and `settings.json`.
public enum MediaMetadata {
  /// The key under which the text is stored.
  package static let key = "pvdm"

  /// The most UTF-8 bytes that are embedded.
  public static let longestText = 256 * 1024

  static let folderFileName = "settings.json"

  /// The settings text in a picture, video or folder of frames; nil when there is none. Throws
  /// ``MediaError`` when the path cannot be read or is no medium. Of pictures and animations only the
  /// places are read where the text can stand.
  public static func read(_ path: String) throws -> String? {
    if try FileSystem.kind(of: path) == .folder { return try readFolder(path) }
    let file = try InputFile(path: path)
    if file.size == 0 { throw MediaError(.empty, file: path, found: "is empty (0 bytes)") }
    let start = try file.read(limit: 8)
    if start == PNGChunks.signature { return try PNGChunks.text(in: file) }
    if start.starts(with: Array("GIF8".utf8)) { return try GIFComment.text(in: file) }
    return try MediaInput(path: path, analysing: false).metadata(key)
  }

  /// Throws unless every format can carry `text`: no zero character, not too long.
  static func check(_ text: String?, file: String) throws {
    guard let text else { return }
    guard text.utf8.count <= longestText else {
      throw MediaError(
        .invalidSetting, file: file,
        found: "cannot carry settings of \(text.utf8.count) bytes",
        expected: "at most \(longestText) are embedded")
    }
    guard !text.utf8.contains(0) else {
      throw MediaError(
        .invalidSetting, file: file, found: "cannot carry settings with a zero character")
    }
  }

  private static func readFolder(_ path: String) throws -> String? {
    let sidecar = path + "/" + folderFileName
    if FileSystem.exists(sidecar) {
      return String(
        decoding: try FileSystem.read(sidecar, limit: longestText), as: UTF8.self)
    }
    guard let first = try FrameFolder.pictures(in: path).names.first else { return nil }
    return try PNGChunks.text(in: InputFile(path: path + "/" + first))
  }
}
