import Dispatch
import Foundation
import HandwrittenText
import MediaIO
import Synchronization
import TensorCore

/// A folder of videos for training and measuring: what it holds, and which part each belongs to.
///
/// Understood are UCF-101 (videos or folders of frames whose parts the official lists name, which lie
/// in the folder or beside it), SkyTimelapse (`train|test/VIDEO/CLIP/` or `sky_train|sky_test/...`
/// folders of frames), folders named `train` and `test` of anything, and any folder of videos or of
/// folders of frames. All of these may lie in a lone folder within.
public struct VideoDataset: Sendable {
  /// The folder, as it was given.
  public let root: String
  /// How it is laid out.
  public let layout: DatasetLayout
  /// What was found, in sentences without capitals and full stops.
  public let explanation: [String]
  /// Those among them that a person must see: videos left out, lists that do not fit.
  public let warnings: [String]
  /// The videos that can be used, in natural order of their paths.
  public let videos: [DatasetVideo]
  /// The videos that cannot.
  public let broken: [BrokenVideo]
  /// Videos that are used as far as they can be read, with what is damaged or missing.
  public var damaged: [BrokenVideo] {
    videos.compactMap { video in
      video.damage.map { BrokenVideo(path: video.path, reason: $0) }
    }
  }
  /// Videos that were looked into now; the others were known from the index.
  public let examinedCount: Int

  /// Looks through a folder, and into every file that the index does not know.
  ///
  /// - Parameters:
  ///   - cacheFolder: Where the index is kept; nil keeps it in the folder itself. An index that
  ///     cannot be written is said in ``explanation``.
  ///   - testShare: The share of videos held out where the layout names no parts, 0 ..< 1, rounded
  ///     down.
  ///   - splitSeed: Chooses the videos held out.
  ///   - threadCount: Files looked into at once; nil for as many as there are processors.
  ///   - onProgress: Called, from any thread, with files looked into and their total.
  /// - Throws: ``DatasetError`` if there is no folder, or no video in it that can be read.
  public init(
    root: String, cacheFolder: String? = nil, testShare: Double = 0.1, splitSeed: UInt64 = 0,
    threadCount: Int? = nil, onProgress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    guard (0..<1).contains(testShare) else {
      throw DatasetError(
        root,
        .setting(
          name: "the share of test videos", found: "\(testShare)", expected: "0 to below 1"))
    }
    let root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root, isDirectory: &isFolder) else {
      throw DatasetError(root, .notFound)
    }
    guard isFolder.boolValue else { throw DatasetError(root, .notAFolder) }
    let survey = try FolderSurvey(root: root)
    if survey.candidates.isEmpty { throw DatasetError(root, .noVideos) }
    let finding = LayoutFinding(
      survey.candidates, root: root, testShare: testShare, seed: splitSeed)
    let used = survey.candidates.filter { finding.splits[$0.path] != nil }

    let indexPath = DatasetIndex.path(root: root, cacheFolder: cacheFolder)
    let known = DatasetIndex(contentsOf: indexPath)
    let (entries, examined) = Self.entries(
      used, root: root, known: known, threadCount: threadCount, onProgress: onProgress)
    var explanation = finding.explanation
    let remarks = used.compactMap { entries[$0.path]?.remark }
    if let first = remarks.first {
      explanation.append(
        remarks.count == 1
          ? first : "\(counted(remarks.count, "video")) with something to know, such as: \(first)")
    }
    if examined > 0 || known?.entries.count != entries.count {
      do {
        try DatasetIndex(entries: entries).write(to: indexPath)
      } catch {
        explanation.append("the index could not be kept in \(indexPath)")
      }
    }

    self.root = root
    layout = finding.layout
    self.explanation = explanation
    warnings = finding.warnings
    examinedCount = examined
    videos = used.compactMap { candidate in
      guard let entry = entries[candidate.path], entry.problem == nil,
        let split = finding.splits[candidate.path]
      else { return nil }
      return DatasetVideo(
        path: candidate.path, frameCount: entry.frameCount, width: entry.width,
        height: entry.height, framesPerSecond: entry.framesPerSecond, stamp: entry.stamp,
        split: split, damage: entry.damage)
    }
    broken = used.compactMap { candidate in
      entries[candidate.path]?.problem.map { BrokenVideo(path: candidate.path, reason: $0) }
    }
    if videos.isEmpty {
      throw DatasetError(
        root, .noneReadable(files: broken.count, reason: broken.first?.reason ?? ""))
    }
  }

  /// What a set's files in caches are named by: the same whichever way the path of its folder is written,
  /// and another for every other folder.
  public static func tag(of root: String) -> String {
    String(SeededNumbers.hash(URL(filePath: root).standardizedFileURL.path, seed: 0), radix: 16)
  }

  /// The videos of a part, in natural order.
  ///
  /// - Throws: ``DatasetError`` if it has none.
  public func videos(in split: DatasetSplit) throws -> [DatasetVideo] {
    let chosen = videos.filter { $0.split == split }
    if chosen.isEmpty { throw DatasetError(root, .emptySplit(split)) }
    return chosen
  }

  /// Finds out about files, those that are not known on several threads.
  private static func entries(
    _ candidates: [FolderSurvey.Candidate], root: String, known: DatasetIndex?, threadCount: Int?,
    onProgress: @Sendable (Int, Int) -> Void
  ) -> (entries: [String: DatasetIndex.Entry], examined: Int) {
    var entries: [String: DatasetIndex.Entry] = [:]
    var unknown: [FolderSurvey.Candidate] = []
    for candidate in candidates {
      if let entry = known?.entry(of: candidate) {
        entries[candidate.path] = entry
      } else {
        unknown.append(candidate)
      }
    }
    let found = Mutex<[String: DatasetIndex.Entry]>([:])
    let next = Atomic(0)
    let total = unknown.count
    let workers = min(threadCount ?? ProcessInfo.processInfo.activeProcessorCount, total)
    let work = unknown
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < total else { return }
        let entry = examine(work[index], root: root)
        let done = found.withLock {
          $0[work[index].path] = entry
          return $0.count
        }
        onProgress(done, total)
      }
    }
    entries.merge(found.withLock { $0 }) { _, new in new }
    return (entries, total)
  }

  private static func examine(
    _ candidate: FolderSurvey.Candidate, root: String
  ) -> DatasetIndex.Entry {
    var entry = DatasetIndex.Entry(stamp: candidate.stamp)
    do {
      let place = DatasetVideo.place(of: candidate.path, in: root)
      let info = try MediaInfo.probe(place, countingLimit: .max)
      entry.frameCount = info.frameCount ?? 0
      entry.width = info.width
      entry.height = info.height
      entry.framesPerSecond = info.frameRate?.framesPerSecond
      if entry.frameCount == 0 {
        entry.problem = "\(candidate.path) holds no frames that can be decoded"
      } else {
        let damage = info.warnings.filter(\.isDamage)
        let others = info.warnings.filter { !$0.isDamage }
        entry.damage = damage.isEmpty ? nil : damage.map(\.description).joined(separator: "; ")
        entry.remark = others.first?.description
      }
    } catch {
      entry.problem = "\(error)"
    }
    return entry
  }
}

extension VideoDataset {
  /// What was found in the set at a path, what of it is left out and what is damaged: sentences without
  /// full stops.
  package func notes(of path: String) -> [String] {
    explanation.map { "\(path): \($0)" }
      + broken.map { "left out \($0.path): \($0.reason)" }
      + damaged.map { "used as far as it can be read, \($0.path): \($0.reason)" }
  }
}
