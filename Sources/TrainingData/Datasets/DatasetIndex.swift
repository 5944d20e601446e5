import CheckpointIO
import Foundation
import HandwrittenText
import TensorCore
import VideoDiffusion

/// What was found out about a set's videos, kept on disk so that it need not be found out again.
///
/// An entry counts only while the file's ``FileStamp`` is the one that was seen. An index may lie in
/// a folder that came from anywhere: one that says what cannot be is as good as none.
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
    /// What is damaged or missing in a file that can be used; nil if nothing is.
    var damage: String?
    /// What else there is to know of it.
    var remark: String?

    /// Whether a file can be as the entry says.
    var isPossible: Bool {
      if problem != nil { return true }
      // The shortest frame takes a byte.
      let frames = 1...max(min(stamp.size, Self.mostFrames), 1)
      let sides = 1...Self.longestSide
      let rates = 0.0...Self.highestRate
      return frames.contains(frameCount) && sides.contains(width) && sides.contains(height)
        && framesPerSecond.map(rates.contains) ?? true
    }

    /// A video of four months at 200 frames a second.
    private static let mostFrames = Int(Int32.max)
    private static let longestSide = 1 << 16
    private static let highestRate = 1e9
  }

  private var version = Self.currentVersion
  private(set) var entries: [String: Entry] = [:]

  /// 1 counted packets and stamped folders by their own date.
  private static let currentVersion = 2
  private static let fileName = ".pvdm-index.json"
  /// An index of a million videos takes half of this.
  private static let mostBytes = 1 << 29

  init(entries: [String: Entry] = [:]) { self.entries = entries }

  /// Where the index of a set is kept: in the set's folder, or in a given one under a name of its own.
  static func path(root: String, cacheFolder: String?) -> String {
    guard let cacheFolder else { return root + "/" + fileName }
    let name = URL(filePath: root).standardizedFileURL.lastPathComponent
    return "\(cacheFolder)/\(name)-\(VideoDataset.tag(of: root)).json"
  }

  /// Reads an index; nil if there is none of this version. One that is damaged or says what cannot be
  /// is worth nothing, since all of it can be found out again.
  init?(contentsOf path: String) {
    guard let data = try? SmallFile.contents(of: path, limit: Self.mostBytes),
      let index = try? JSONDecoder().decode(DatasetIndex.self, from: data),
      index.version == Self.currentVersion, index.entries.values.allSatisfy(\.isPossible)
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
