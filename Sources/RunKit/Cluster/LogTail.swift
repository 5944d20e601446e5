import Foundation
import HandwrittenText

/// The end of a log that grows, fit to be shown.
public enum LogTail {
  private static let longest = 16 << 10
  /// Lines that are shown at most.
  static let count = 20

  /// The last lines of a file; none of one that is not there.
  ///
  /// Of a line that was written over and over, as a bar of progress is, the last state counts.
  static func lines(of path: String) -> [String] {
    guard let handle = FileHandle(forReadingAtPath: path) else { return [] }
    defer { try? handle.close() }
    let end = (try? handle.seekToEnd()) ?? 0
    let start = end > UInt64(longest) ? end - UInt64(longest) : 0
    try? handle.seek(toOffset: start)
    let text = String(
      decoding: (try? handle.read(upToCount: longest)) ?? Data(), as: UTF8.self)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: true).map { line in
      PrintableText.field(
        line.split(separator: "\r").last.map { $0.replacing("\u{1B}[K", with: "") } ?? "")
    }
    // The first may have lost its beginning.
    if start > 0, lines.count > 1 { lines.removeFirst() }
    return lines.suffix(count).filter { !$0.isEmpty }
  }

  /// What a file has beyond a place, and the new place. A file that is shorter begins anew.
  ///
  /// - Returns: `nil` while there is nothing new.
  public static func growth(of path: String, from place: UInt64) -> (text: String, place: UInt64)? {
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    let end = (try? handle.seekToEnd()) ?? 0
    let start = end < place ? 0 : place
    guard end > start else { return nil }
    try? handle.seek(toOffset: start)
    let data = (try? handle.read(upToCount: Int(min(end - start, 1 << 20)))) ?? Data()
    // A letter of several bytes may be written in two parts: whole lines come out whole.
    guard let last = data.lastIndex(of: UInt8(ascii: "\n")) else { return nil }
    let whole = data[...last]
    return (String(decoding: whole, as: UTF8.self), start + UInt64(whole.count))
  }
}
