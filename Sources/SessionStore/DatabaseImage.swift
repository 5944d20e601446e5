import Foundation

/// A copy of a database whose header is put right, so that SQLite opens it and reads the pages that are
/// whole. The original is not touched.
///
/// The fields are those of <https://www.sqlite.org/fileformat2.html>, section 1.3.
struct DatabaseImage {
  /// What takes the place of a first page that may be damaged.
  enum FirstPage {
    /// The file's own; only its sizes are put right.
    case own
    /// The file's own behind another database's header.
    case header(of: String)
    /// Another database's, whose tables then begin on the same pages.
    case page(of: String)
  }

  static let headerSize = 100
  private static let usualPageSize = 4096
  static let magic = Data("SQLite format 3\0".utf8)

  /// Writes a copy.
  ///
  /// - Parameters:
  ///   - path: The database; `nil` for pages of zeros, of which a log then replaces all that it holds.
  ///   - log: The write-ahead log to put beside it, if any.
  ///   - target: The copy's path, where nothing is yet.
  /// - Throws: whatever reading and writing files throws.
  static func write(
    _ path: String?, log: String?, firstPage: FirstPage, to target: String
  ) throws {
    var bytes = try path.map { try Data(contentsOf: URL(filePath: $0)) } ?? Data()
    switch firstPage {
    case .own: break
    case .header(let donor): replace(&bytes, with: try start(of: donor).prefix(headerSize))
    case .page(let donor):
      let start = try start(of: donor)
      replace(&bytes, with: start.prefix(pageSize(of: start) ?? usualPageSize))
    }
    let logSize = try log.flatMap { try pageSize(ofLog: $0) }
    let size = pageSize(of: bytes) ?? logSize ?? usualPageSize
    let count = max((bytes.count + size - 1) / size, 1)
    bytes.append(Data(count: count * size - bytes.count))
    if bytes.prefix(magic.count) == magic {
      // Both sides of the check that makes SQLite trust the number of pages.
      put(&bytes, UInt32(count), at: 28)
      bytes.replaceSubrange(92..<96, with: bytes[24..<28])
      // No list of free pages, which reading needs none of.
      put(&bytes, 0, at: 32)
      put(&bytes, 0, at: 36)
      let format: UInt8 = log == nil ? 1 : 2
      bytes[18] = format
      bytes[19] = format
    }
    try bytes.write(to: URL(filePath: target))
    if let log {
      try Data(contentsOf: URL(filePath: log)).write(to: URL(filePath: target + "-wal"))
    }
  }

  private static func replace(_ bytes: inout Data, with start: Data) {
    if bytes.count < start.count { bytes.append(Data(count: start.count - bytes.count)) }
    bytes.replaceSubrange(0..<start.count, with: start)
  }

  private static func start(of path: String) throws -> Data {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    defer { try? file.close() }
    return try file.read(upToCount: 65_536) ?? Data()
  }

  /// The size of a page as a header says; `nil` if it is none.
  static func pageSize(of bytes: Data) -> Int? {
    guard bytes.count >= headerSize, bytes.prefix(magic.count) == magic else { return nil }
    let stored = Int(bytes[16]) << 8 | Int(bytes[17])
    let size = stored == 1 ? 65_536 : stored
    return size >= 512 && size & (size - 1) == 0 ? size : nil
  }

  /// The size of a page as a log's header says, big-endian from byte 8 on.
  private static func pageSize(ofLog path: String) throws -> Int? {
    let bytes = try start(of: path).prefix(12)
    guard bytes.count == 12 else { return nil }
    let size = bytes[8..<12].reduce(0) { $0 << 8 | Int($1) }
    return size >= 512 && size <= 65_536 && size & (size - 1) == 0 ? size : nil
  }

  private static func put(_ bytes: inout Data, _ value: UInt32, at offset: Int) {
    for place in 0..<4 {
      bytes[offset + place] = UInt8(truncatingIfNeeded: value >> (24 - 8 * place))
    }
  }
}
