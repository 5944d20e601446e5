import Foundation

/// Who holds a ``FolderLock``, as the holder wrote it into the lock's file.
public struct LockHolder: Sendable, Hashable, Codable {
  /// The process.
  public let process: Int32
  /// The machine that it runs on.
  public let host: String
  /// The user.
  public let user: String
  /// Since when.
  public let since: Date

  private static let longestText = 64
  private static let longestFile = 4_096

  /// This process.
  package init(since: Date) {
    process = getpid()
    var name = [CChar](repeating: 0, count: 256)
    host = gethostname(&name, name.count - 1) == 0 ? Self.text(name) : ""
    user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "\(geteuid())"
    self.since = since
  }

  /// Who a lock's file says; `nil` if it says nothing that can be read.
  ///
  /// What it says is shown to people, so only short names of letters, digits and signs count.
  package init?(ofLock path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Self.longestFile)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let holder = try? decoder.decode(LockHolder.self, from: Data(bytes.prefix(count))),
      holder.process > 0, [holder.host, holder.user].allSatisfy(Self.isName)
    else { return nil }
    self = holder
  }

  /// What is written into the lock's file: one line of JSON.
  package var line: [UInt8] {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array((try? encoder.encode(self)) ?? Data()) + [UInt8(ascii: "\n")]
  }

  /// `process 4711 of anna on host gpu1, since 2026-11-23 15:42 UTC`.
  public var phrase: String {
    let moment = since.formatted(.iso8601).prefix(16).replacing("T", with: " ")
    return "process \(process) of \(user) on host \(host), since \(moment) UTC"
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static func isName(_ text: String) -> Bool {
    text.unicodeScalars.count <= longestText
      && text.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 && $0.value < 0x7F }
  }
}
