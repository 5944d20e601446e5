import CheckpointIO
import Foundation
import HandwrittenText
import MediaIO
import OutputFiles
import Synchronization
import TensorCore
import VideoDiffusion

/// Makes a set of skies in a folder: `train` and `test` with one video a scene, and `skies.json`,
/// which says how it was made.
///
/// The set grows in a hidden folder beside its place and is renamed when it is whole. Where that
/// folder is left from an earlier run with the same recipe, its videos are kept and the others made.
public struct SkyDatasetWriter: Sendable {
  /// What is made.
  public let recipe: SkyRecipe
  /// The set's folder.
  public let path: String
  private let frameRate: FrameRate
  private let overwrites: Bool
  /// Where the path leads, if it is a link.
  private let place: String

  /// How a run ended.
  public enum Ending: Sendable, Hashable {
    /// The set is whole.
    case finished
    /// It was stopped; so many videos are kept, and the same recipe goes on with them.
    case stopped(clips: Int)
  }

  /// What `skies.json` holds.
  struct Description: Codable, Hashable {
    /// Grows when scenes change, so that videos of two generators are not mixed.
    var generator = 2
    var recipe: SkyRecipe
    var command: String
  }

  static let descriptionName = "skies.json"

  /// Checks a recipe and the place for the set.
  ///
  /// - Parameter overwrites: Whether an earlier generated set may be replaced; nothing else ever is.
  /// - Throws: ``DatasetError`` for a setting out of range or a place that is taken.
  public init(_ recipe: SkyRecipe, to path: String, overwrites: Bool = false) throws {
    frameRate = try recipe.checked(for: path)
    self.recipe = recipe
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    place = OutputName.resolved(path)
    self.overwrites = overwrites
    try checkPlace()
  }

  /// Makes the videos that are missing, and the set when all are there.
  ///
  /// - Parameters:
  ///   - threadCount: Videos made at once; nil for as many as there are processors.
  ///   - stop: Ends the work, without the videos in progress.
  ///   - onProgress: Called, from any thread, with the videos that are there and their total.
  /// - Throws: ``DatasetError`` or `MediaError` if files cannot be written; finished videos are kept.
  public func write(
    threadCount: Int? = nil, stop: StopSignal = StopSignal(),
    onProgress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> Ending {
    let lock = try lockFolder()
    defer { withExtendedLifetime(lock) {} }
    try prepareFolder()
    let missing = (0..<recipe.clips).filter { !exists(partial + "/" + recipe.path(of: $0)) }
    let work = MissingVideos(missing, doneCount: recipe.clips - missing.count)
    onProgress(work.doneCount, recipe.clips)
    let workers = max(threadCount ?? ProcessInfo.processInfo.activeProcessorCount, 1)
    let pool = WorkerPool(threadCount: workers)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<workers {
        group.addTask(executorPreference: pool) {
          while stop.moment == .never, let clip = work.next() {
            try Task.checkCancellation()
            guard try makeVideo(clip, stop: stop) else { return }
            onProgress(work.finishOne(), recipe.clips)
          }
        }
      }
      try await group.waitForAll()
    }
    guard work.doneCount == recipe.clips else { return .stopped(clips: work.doneCount) }
    try moveIntoPlace()
    return .finished
  }

  /// Draws and stores a video; false if it was stopped and left out.
  private func makeVideo(_ clip: Int, stop: StopSignal) throws -> Bool {
    let scene = recipe.scene(clip)
    let settings =
      "{\"made_by\":\"pvdm dataset skies\",\"clip\":\(clip),\"scene_seed\":\(recipe.seed(of: clip))}"
    let writer = try VideoWriter(
      path: partial + "/" + recipe.path(of: clip),
      options: OutputOptions(frameRate: frameRate, settings: settings, quality: 8))
    for frame in 0..<recipe.frames {
      if stop.moment != .never { return false }
      try writer.append(scene.frame(frame, size: recipe.size))
    }
    try writer.finish()
    return true
  }

  /// The folder in which the set grows.
  var partial: String {
    OutputName.beside(
      "\(OutputName.folder(of: place))/.\(OutputName.name(of: place))", ending: ".partial")
  }

  /// Makes the folder in which the set grows, if it is not there, and locks it.
  private func lockFolder() throws -> PathLock {
    while true {
      try attempt("make the folder") { try DurableFolder.make(partial) }
      guard let lock = PathLock(partial) else {
        throw DatasetError(
          path,
          .system(operation: "make the set", reason: "another pvdm is making it at this moment"))
      }
      // The other may have finished, and renamed the folder, just before it was locked.
      if exists(partial) { return lock }
    }
  }

  private func checkPlace() throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else { throw DatasetError(path, .exists) }
    let names = try attempt("list the folder") {
      try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
    if names.isEmpty { return }
    if let foreign = foreignName(names) { throw DatasetError(path, .foreign(foreign)) }
    guard names.contains(Self.descriptionName) else { throw DatasetError(path, .foreign(names[0])) }
    if !overwrites { throw DatasetError(path, .exists) }
  }

  /// Makes the growing folder, or finds one left by the same recipe.
  private func prepareFolder() throws {
    let description = Description(recipe: recipe, command: recipe.command)
    let file = partial + "/" + Self.descriptionName
    if let data = try? SmallFile.contents(of: file, limit: 1 << 20),
      let found = try? JSONDecoder().decode(Description.self, from: data), found == description
    {
      return try removeUnfinishedVideos()
    }
    try attempt("make the folder") {
      for name in try FileManager.default.contentsOfDirectory(atPath: partial) {
        try FileManager.default.removeItem(atPath: partial + "/" + name)
      }
      for part in DatasetSplit.allCases where part == .train || recipe.testClips > 0 {
        try DurableFolder.make(partial + "/" + part.rawValue)
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let bytes = [UInt8](try encoder.encode(description)) + [UInt8(ascii: "\n")]
    try AtomicFile.write(to: file) { try $0.write(bytes) }
  }

  /// Removes what a run that was killed left of the videos it was writing: hidden files and folders.
  private func removeUnfinishedVideos() throws {
    try attempt("clear the folder") {
      for part in DatasetSplit.allCases where exists(partial + "/" + part.rawValue) {
        let folder = partial + "/" + part.rawValue
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasPrefix(".") {
          try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
      }
    }
  }

  private func moveIntoPlace() throws {
    let name = try attempt("rename the finished folder") {
      let name = try OutputPlacement.place(partial, as: place, replacing: overwrites) { old in
        let listing = try FolderListing(of: old)
        return listing.unreadableNames.isEmpty && foreignName(listing.names) == nil
      }
      try DurableFolder.sync(OutputName.folder(of: name))
      return name
    }
    guard name == place else {
      throw DatasetError(
        path,
        .system(
          operation: "rename the finished set",
          reason: "another appeared meanwhile and is left as it is; the new one is kept as \(name)")
      )
    }
  }

  /// A name that is none of a set of ours, or nil.
  private func foreignName(_ names: [String]) -> String? {
    let own = [Self.descriptionName] + DatasetSplit.allCases.map(\.rawValue)
    return names.first { !own.contains($0) && !$0.hasPrefix(".pvdm-") }
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func attempt<Result>(_ operation: String, _ body: () throws -> Result) throws -> Result {
    try DatasetError.naming(path, operation, body)
  }
}

/// Numbers of videos that several workers take one by one.
private final class MissingVideos: Sendable {
  private let state: Mutex<(missing: ArraySlice<Int>, doneCount: Int)>

  init(_ missing: [Int], doneCount: Int) { state = Mutex((missing[...], doneCount)) }

  /// Videos that are there.
  var doneCount: Int { state.withLock { $0.doneCount } }

  /// The next video to make; nil when all are taken.
  func next() -> Int? { state.withLock { $0.missing.popFirst() } }

  /// Counts a video as made; returns how many are there now.
  func finishOne() -> Int {
    state.withLock {
      $0.doneCount += 1
      return $0.doneCount
    }
  }
}
