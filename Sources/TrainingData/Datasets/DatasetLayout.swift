/// How a set of videos lies in its folder.
public enum DatasetLayout: String, Sendable, Hashable, Codable {
  /// Class folders of videos, parts named by `ucfTrainTestlist/trainlist01.txt`.
  case ucf101
  /// `train|test/VIDEO/CLIP/` folders of frames.
  case skyTimelapse
  /// `train` and `test` folders of anything else.
  case splitFolders
  /// Videos and folders of frames, without parts.
  case plain

  /// The layout's name for people.
  public var name: String {
    switch self {
    case .ucf101: "UCF-101"
    case .skyTimelapse: "SkyTimelapse"
    case .splitFolders: "train and test folders"
    case .plain: "any folder"
    }
  }

  /// The part that a folder's name stands for.
  static func split(folder: String) -> DatasetSplit? {
    switch folder.lowercased() {
    case "train", "training": .train
    case "test", "testing", "val", "valid", "validation": .test
    default: nil
    }
  }
}

/// A layout recognised, the part of each video, and what was seen.
struct LayoutFinding {
  var layout: DatasetLayout
  /// Paths of the videos in use and the part of each.
  var splits: [String: DatasetSplit]
  /// Sentences about what was found.
  var explanation: [String]

  /// Recognises a layout by the paths of a folder's videos.
  ///
  /// - Parameters:
  ///   - testShare: The share of videos held out where the layout names no parts, 0 ..< 1.
  ///   - seed: Chooses which.
  init(_ candidates: [FolderSurvey.Candidate], lists: UCFLists?, testShare: Double, seed: UInt64) {
    if let lists, let finding = Self.ucf(candidates, lists) {
      self = finding
    } else if let finding = Self.splitFolders(candidates) {
      self = finding
    } else {
      self = Self.plain(candidates, testShare: testShare, seed: seed)
    }
  }

  private init(_ layout: DatasetLayout, _ splits: [String: DatasetSplit], _ lines: [String]) {
    self.layout = layout
    self.splits = splits
    explanation = lines
  }

  private static func ucf(
    _ candidates: [FolderSurvey.Candidate], _ lists: UCFLists
  ) -> LayoutFinding? {
    var splits: [String: DatasetSplit] = [:]
    var classes: Set<String> = []
    var unlisted = 0
    for video in candidates where !video.isFolder {
      guard let split = lists.split(of: video.path) else {
        unlisted += 1
        continue
      }
      splits[video.path] = split
      video.folders.last.map { _ = classes.insert($0) }
    }
    if splits.isEmpty { return nil }
    var lines = [
      "UCF-101: \(counted(classes.count, "class folder")); \(lists.source) names the parts"
    ]
    // Without a test list every other video is for testing and none of these can be missing.
    let listed = lists.hasTestList ? splits.count : splits.values.count { $0 == .train }
    let missing = lists.count - listed
    if missing > 0 {
      lines.append("\(counted(missing, "listed video")) missing in the folder")
    }
    if unlisted > 0 { lines.append("\(counted(unlisted, "video")) in no list and left out") }
    return LayoutFinding(.ucf101, splits, lines)
  }

  private static func splitFolders(_ candidates: [FolderSurvey.Candidate]) -> LayoutFinding? {
    var splits: [String: DatasetSplit] = [:]
    var others = 0
    var isSkyTimelapse = true
    for video in candidates {
      let parts = video.path.split(separator: "/")
      guard parts.count > 1, let split = DatasetLayout.split(folder: String(parts[0])) else {
        others += 1
        continue
      }
      splits[video.path] = split
      isSkyTimelapse = isSkyTimelapse && video.isFolder && parts.count == 3
    }
    if splits.isEmpty { return nil }
    let layout: DatasetLayout = isSkyTimelapse ? .skyTimelapse : .splitFolders
    var lines = [
      isSkyTimelapse
        ? "SkyTimelapse: train and test folders of videos, each with folders of frames for its clips"
        : "the folders train and test name the parts"
    ]
    if others > 0 {
      lines.append("\(counted(others, "video")) outside of these folders and left out")
    }
    return LayoutFinding(layout, splits, lines)
  }

  private static func plain(
    _ candidates: [FolderSurvey.Candidate], testShare: Double, seed: UInt64
  ) -> LayoutFinding {
    // By each path's own number, so that a video added later moves few others.
    let ranked = candidates.map { ($0.path, SeededNumbers.hash($0.path, seed: seed)) }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    let testCount = Int(Double(ranked.count) * testShare)
    var splits: [String: DatasetSplit] = [:]
    for (rank, (path, _)) in ranked.enumerated() {
      splits[path] = rank < testCount ? .test : .train
    }
    let folders = candidates.count { $0.isFolder }
    let files = candidates.count - folders
    var kinds: [String] = []
    if files > 0 { kinds.append(counted(files, "video file")) }
    if folders > 0 { kinds.append(counted(folders, "folder") + " of frames") }
    return LayoutFinding(
      .plain, splits,
      [
        "no known layout: \(kinds.joined(separator: " and "))",
        "no parts are named: \(testCount) of \(ranked.count) held out for testing, chosen by seed "
          + "\(seed)",
      ])
  }
}

/// A number and its noun.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

extension SeededNumbers {
  /// A number of its own for every text and seed: FNV-1a, then splitmix64.
  package static func hash(_ text: String, seed: UInt64) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var numbers = SeededNumbers(seed, hash)
    return numbers.next()
  }
}
