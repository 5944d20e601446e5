import Foundation
import HandwrittenText
import MediaIO
import VideoDiffusion

/// The lists of training and test videos that come with UCF-101: lines of `Class/video.avi`, in
/// training lists followed by the number of the class.
///
/// Videos are told by class and name. Of both, capitals do not matter (the set itself writes
/// `HandstandPushups/v_HandStandPushups_g01_c01.avi`), nor does the ending, so that the same video is
/// found as .mp4 or as a folder of frames; a name of the official form is found in any folder, since
/// it says its class.
struct UCFLists {
  /// The files that were read, for messages: `trainlist01.txt and testlist01.txt`.
  let source: String
  /// Where they lie, for messages.
  let folder: String
  private let hasTestList: Bool
  private let hasTrainList: Bool
  private let listed: [String: DatasetSplit]
  /// Names of the official form, with the class before them as it is listed.
  private let keys: [String: String]

  /// Lists of more bytes than a hundred times the official ones are not read.
  private static let mostBytes = 64 << 20

  /// Reads the lists of a set, one pair from each folder that holds some; the nearest first.
  ///
  /// - Parameters:
  ///   - root: The set's folder, in which lists are looked for, in folders named for lists or splits
  ///     within it, and in the same way beside it.
  ///   - inner: Names of the folders on the way to where all videos lie.
  static func all(root: String, inner: [String]) -> [UCFLists] {
    var bases = [root]
    for name in inner { bases.append(bases[bases.count - 1] + "/" + name) }
    bases.append(URL(filePath: root).standardizedFileURL.deletingLastPathComponent().path)
    // Of a set that is given by a link, what lies beside its target.
    bases.append(root + "/..")
    return bases.flatMap { folders(in: $0) }.compactMap(UCFLists.init(folder:))
  }

  /// Reads one of the three official splits, the first that lies in a folder; nil if none does.
  private init?(folder: String) {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var numbered: [Int: [DatasetSplit: String]] = [:]
    for file in files.sorted() {
      guard let match = file.lowercased().wholeMatch(of: #/(train|test)list(\d{1,3})\.txt/#),
        let number = Int(match.2), let split = DatasetSplit(rawValue: String(match.1))
      else { continue }
      numbered[number, default: [:]][split] = file
    }
    let order = numbered.keys.sorted {
      (numbered[$0]?[.train] == nil ? 1 : 0, $0) < (numbered[$1]?[.train] == nil ? 1 : 0, $1)
    }
    for number in order {
      let names = numbered[number] ?? [:]
      var listed: [String: DatasetSplit] = [:]
      var read: [DatasetSplit: String] = [:]
      // A video in both lists is one to hold out.
      for split in [DatasetSplit.train, .test] {
        guard let name = names[split], let keys = Self.keys(in: folder + "/" + name) else {
          continue
        }
        read[split] = name
        for key in keys { listed[key] = split }
      }
      if listed.isEmpty { continue }
      self.listed = listed
      self.folder = folder
      hasTrainList = read[.train] != nil
      hasTestList = read[.test] != nil
      source = [read[.train], read[.test]].compactMap(\.self).joined(separator: " and ")
      let official = listed.keys.filter { Self.isOfficial($0.split(separator: "/").last ?? "") }
      keys = Dictionary(
        official.map { (String($0.split(separator: "/").last ?? ""), $0) },
        uniquingKeysWith: { first, _ in first })
      return
    }
    return nil
  }

  /// Videos in the lists.
  var count: Int { listed.count }

  /// One of the videos in the lists, for messages.
  var example: String { listed.keys.min() ?? "" }

  /// The part of a video, and the video's name in the lists if one has it: by the last two names of
  /// its path, else by any name of the official form. The part is nil if no list has it and both are
  /// there.
  func entry(of path: String) -> (split: DatasetSplit?, key: String?) {
    let names = path.split(separator: "/").map { Self.folded(String($0)) }
    for last in names.indices.reversed() {
      let pair = names[max(last - 1, 0)...last].joined(separator: "/")
      if let key = listed[pair] == nil ? keys[names[last]] : pair {
        return (listed[key], key)
      }
    }
    if hasTrainList, hasTestList { return (nil, nil) }
    return (hasTrainList ? .test : .train, nil)
  }

  /// A folder and those in it in which lists may lie, such as
  /// `UCF101TrainTestSplits-RecognitionTask/ucfTrainTestlist`.
  private static func folders(in base: String, depth: Int = 2) -> [String] {
    guard depth > 0 else { return [base] }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
    let inner = names.filter {
      let name = $0.lowercased()
      return (name.contains("list") || name.contains("split")) && !name.hasSuffix(".txt")
    }
    return [base] + inner.sorted().flatMap { folders(in: base + "/" + $0, depth: depth - 1) }
  }

  /// The videos of a list; nil if it cannot be read.
  private static func keys(in path: String) -> [String]? {
    guard let data = try? SmallFile.contents(of: path, limit: mostBytes) else { return nil }
    let isUTF16 = data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF])
    let decoded = isUTF16 ? String(data: data, encoding: .utf16) ?? "" : nil
    let text = (decoded ?? String(decoding: data, as: UTF8.self)).replacing("\u{FEFF}", with: "")
    return text.split(whereSeparator: \.isNewline).compactMap { line in
      let name = line.replacing("\\", with: "/").replacing(#/\s+\d+\s*$/#, with: "")
        .trimmingCharacters(in: .whitespaces)
      let names = name.split(separator: "/").suffix(2).map { folded(String($0)) }
      return names.isEmpty ? nil : names.joined(separator: "/")
    }
  }

  /// A name without what does not matter: capitals, and the ending of a video.
  private static func folded(_ name: String) -> String {
    let name = name.lowercased()
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex,
      VideoReader.videoEndings.contains(String(name[name.index(after: dot)...]))
    else { return name }
    return String(name[..<dot])
  }

  /// Whether a name is of the form `v_Class_g01_c01`.
  private static func isOfficial(_ name: some StringProtocol) -> Bool {
    String(name).wholeMatch(of: #/v_.+_g\d+_c\d+/#) != nil
  }
}
