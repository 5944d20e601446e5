import HandwrittenText
import TensorCore

/// A layout recognised, the part of each video, and what was seen.
struct LayoutFinding {
  let layout: DatasetLayout
  /// Paths of the videos in use and the part of each.
  let splits: [String: DatasetSplit]
  /// Sentences about what was found.
  var explanation: [String]
  /// Those among them that say what a person must see: videos left out, lists that do not fit.
  var warnings: [String]

  /// Recognises a layout by the paths of a folder's videos.
  ///
  /// - Parameters:
  ///   - root: The folder, in which lists may lie.
  ///   - testShare: The share of videos held out where the layout names no parts, 0 ..< 1.
  ///   - seed: Chooses which.
  init(_ candidates: [FolderSurvey.Candidate], root: String, testShare: Double, seed: UInt64) {
    let places = PartPlaces(candidates)
    let lists = UCFLists.all(root: root, inner: places.wrapper)
    for lists in lists {
      guard let finding = Self.ucf(candidates, lists) else { continue }
      self = finding
      return
    }
    self =
      Self.splitFolders(candidates, places)
      ?? Self.plain(candidates, testShare: testShare, seed: seed)
    if let lists = lists.first {
      warn(
        "\(lists.source) in \(lists.folder) name \(counted(lists.count, "video")), such as "
          + "\(lists.example), and none of them is here: the official parts are not followed")
    }
  }

  private init(_ layout: DatasetLayout, _ splits: [String: DatasetSplit], _ lines: [String]) {
    self.layout = layout
    self.splits = splits
    explanation = lines
    warnings = []
  }

  private mutating func warn(_ line: String) {
    explanation.append(line)
    warnings.append(line)
  }

  private static func ucf(
    _ candidates: [FolderSurvey.Candidate], _ lists: UCFLists
  ) -> LayoutFinding? {
    var splits: [String: DatasetSplit] = [:]
    var found: Set<String> = []
    var classes: Set<Substring> = []
    for video in candidates {
      let (split, key) = lists.entry(of: video.path)
      guard let split else { continue }
      splits[video.path] = split
      guard let key else {
        video.folders.last.map { _ = classes.insert(Substring($0.lowercased())) }
        continue
      }
      found.insert(key)
      key.split(separator: "/").dropLast().last.map { _ = classes.insert($0) }
    }
    if found.isEmpty { return nil }
    var finding = LayoutFinding(
      .ucf101, splits,
      ["UCF-101: \(counted(classes.count, "class folder")); \(lists.source) names the parts"])
    let missing = lists.count - found.count
    if missing > 0 {
      finding.warn("\(counted(missing, "listed video")) missing in the folder")
    }
    let unlisted = candidates.count - splits.count
    if unlisted > 0 { finding.warn("\(counted(unlisted, "video")) in no list and left out") }
    return finding
  }

  private static func splitFolders(
    _ candidates: [FolderSurvey.Candidate], _ places: PartPlaces
  ) -> LayoutFinding? {
    guard let (place, folders) = places.best else { return nil }
    var splits: [String: DatasetSplit] = [:]
    var isSkyTimelapse = true
    for video in candidates {
      let names = video.path.split(separator: "/").map(String.init)
      guard names.count > place.count + 1, names.starts(with: place),
        let split = folders.parts[names[place.count]]
      else { continue }
      splits[video.path] = split
      isSkyTimelapse = isSkyTimelapse && video.isFolder && names.count == place.count + 3
    }
    let inner = place.isEmpty ? "" : " in " + place.joined(separator: "/")
    var finding = LayoutFinding(
      isSkyTimelapse ? .skyTimelapse : .splitFolders, splits,
      [
        isSkyTimelapse
          ? "SkyTimelapse: train and test folders of videos, each with folders of frames for its "
            + "clips (\(folders.names)\(inner))"
          : "the folders \(folders.names)\(inner) name the parts"
      ])
    let others = candidates.count - splits.count
    if others > 0 {
      finding.warn("\(counted(others, "video")) outside of these folders and left out")
    }
    return finding
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

/// Where folders named for the parts of a set lie below its folder.
struct PartPlaces {
  /// Folders on the way to all videos, outermost first, up to one that is named for a part.
  let wrapper: [String]
  /// The folder that holds those of the parts, as names on the way, and these; nil if there is none.
  let best: (place: [String], folders: PartFolders)?

  /// Parts deeper down are those of something else.
  private static let deepest = 3

  /// Looks at the folders that videos lie in.
  ///
  /// The folders of the parts lie in the set's own, or in a lone one within; or in one that holds
  /// both parts and more than half of the videos, where previews or samples lie beside.
  init(_ candidates: [FolderSurvey.Candidate]) {
    var children: [[String]: Set<String>] = [:]
    var counts: [[String]: Int] = [:]
    for candidate in candidates {
      let folders = candidate.folders
      for depth in 0...min(folders.count, Self.deepest) {
        let place = Array(folders.prefix(depth))
        counts[place, default: 0] += 1
        if depth < folders.count { children[place, default: []].insert(folders[depth]) }
      }
    }
    var wrapper: [String] = []
    var best: (place: [String], folders: PartFolders)?
    for place in counts.keys.sorted(by: { ($0.count, $0.joined()) < ($1.count, $1.joined()) }) {
      let folders = PartFolders(among: children[place] ?? [])
      let count = counts[place] ?? 0
      let holdsAll = count == candidates.count
      if holdsAll, best == nil { wrapper = place }
      if best == nil, !folders.parts.isEmpty,
        holdsAll || folders.areBoth && 2 * count > candidates.count
      {
        best = (place, folders)
      }
    }
    self.wrapper = wrapper
    self.best = best
  }
}
