import Foundation
import HandwrittenText
import RunKit
import SessionStore

extension SessionRecovery {
  /// What happened to the database, what was kept, and where the damaged one is.
  var notice: Notice {
    let (happened, found) =
      switch finding {
      case .missing: ("The studio's database was missing", "")
      case .damaged(let found): ("The studio's database was damaged", " (\(found.prefix(200)))")
      }
    let place = setAside.map { "What was there is kept as \($0)" } ?? ""
    guard rowCount > 0 else {
      let reason = found.isEmpty ? "" : ": nothing in it could be read\(found)"
      return Notice(.warning, "\(happened) and a new one was begun\(reason)", remedy: place)
    }
    let contents = [
      Self.count(videos, "video"), Self.count(clips, "clip"), Self.count(jobs, "job"),
      Self.count(evaluations, "score"),
    ].compactMap { $0 }.joined(separator: ", ")
    var sources: [String] = []
    if let rows = Self.count(ownRows, "row") { sources.append("\(rows) read from it") }
    if let rows = Self.count(backupRows, "row"), let stamp = backupStamp {
      sources.append("\(rows) from the backup of \(Self.moment(stamp))")
    }
    if let rows = Self.count(addedRows, "row") { sources.append("\(rows) from clip files") }
    let kept = contents.isEmpty ? "what it held" : contents
    let origin = sources.joined(separator: ", ")
    return Notice(
      .warning, "\(happened)\(found); brought back \(kept): \(origin)", remedy: place)
  }

  private static func count(_ number: Int, _ noun: String) -> String? {
    number > 0 ? counted(number, noun) : nil
  }

  /// `2026-11-23 15:42` of `20261123-154210`.
  private static func moment(_ stamp: String) -> String {
    let digits = Array(stamp.filter(\.isNumber))
    guard digits.count >= 12 else { return stamp }
    func part(_ range: Range<Int>) -> String { String(digits[range]) }
    return "\(part(0..<4))-\(part(4..<6))-\(part(6..<8)) \(part(8..<10)):\(part(10..<12)) UTC"
  }
}
