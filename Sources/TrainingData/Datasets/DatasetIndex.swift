import CheckpointIO
import Foundation

/// What was found out about a set's videos, kept on disk so that it need not be found out again.
///
/// An entry counts only while the file's size and date (for a folder of frames, their number and the
/// folder's date) are those that were seen.
struct DatasetIndex: Codable {
  /// What one look at a file gave.
  struct Entry: Codable {
    let stamp: FileStamp
    var frameCount = 0
    var width = 0
    var height = 0
    var framesPerSecond: Double?
    /// Why the file cannot be used; nil if it can.
    var problem: String?
  }

  private var version = Self.currentVersion
  private(set) var entries: [String: Entry] = [:]

  private static let currentVersion = 1
  private static let fileName = ".pvdm-index.json"

  init(entries: [String: Entry] = [:]) { self.entries = entries }

  /// Where the index of a set is kept: in the set's folder, or in a given one under a name of its own.
  static func path(root: String, cacheFolder: String?) -> String {
    guard let cacheFolder else { return root + "/" + fileName }
    let place = URL(filePath: root).standardizedFileURL.path
    let tag = String(SeededNumbers.hash(place, seed: 0), radix: 16)
    return "\(cacheFolder)/\(URL(filePath: place).lastPathComponent)-\(tag).json"
  }

  /// Reads an index; nil if there is none of this version. A damaged one is worth nothing, since all
  /// of it can be found out again.
  init?(contentsOf path: String) {
    guard let data = FileManager.default.contents(atPath: path),
      let index = try? JSONDecoder().decode(DatasetIndex.self, from: data),
      index.version == Self.currentVersion
    else { return nil }
    self = index
  }

  /// The entry of a file that has not changed since.
  func entry(of candidate: FolderSurvey.Candidate) -> Entry? {
    entries[candidate.path].flatMap { $0.stamp == candidate.stamp ? $0 : nil }
  }

  /// Writes the index, whole or not at all.
  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let bytes = [UInt8](try encoder.encode(self))
    try AtomicFile.write(to: path) { try $0.write(bytes) }
  }
}
