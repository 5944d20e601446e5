import CheckpointIO
import Foundation
import VideoDiffusion

/// One search for models: walks folders within bounds and reads the headers of checkpoints.
///
/// What is merely found may be anything, so that each file has a budget of time and of memory, and the
/// whole search another.
package struct ModelSearch {
  /// How much a search may cost.
  package struct Budget: Sendable {
    /// Seconds of the processor for one file.
    package var file = 5.0
    /// Seconds for everything, whoever has the processor.
    package var total = 90.0
    /// Bytes of a file's directory of tensors, which becomes some thirty times as much in memory. Those
    /// of large models have less than one megabyte.
    package var directory = 4 << 20
    /// Files whose reading may be given up; it goes on meanwhile.
    package var abandoned = 4

    /// What a search may usually cost.
    package init() {}
  }

  private let budget: Budget
  /// Ends the search.
  private let stop: StopSignal?
  private let start = ContinuousClock.now
  /// Files whose reading was given up.
  private var abandonedFiles = 0
  /// Folders that are looked into, in all places together.
  private var foldersLeft = 2000
  /// Names that are looked at, in all places together.
  private var namesLeft = 200_000
  /// Checkpoints whose headers are read, in all places together.
  private var filesLeft = 1000
  /// Folders that were looked into, by device and number: a symbolic link may lead back up.
  private var visited: Set<FileIdentity> = []

  private struct FileIdentity: Hashable {
    let device: UInt
    let number: UInt64
  }

  /// No network is smaller; what is, is no checkpoint of interest.
  private static let smallestFile = 1 << 12

  package init(_ budget: Budget = Budget(), stop: StopSignal? = nil) {
    self.budget = budget
    self.stop = stop
  }

  /// Reads something within the budget.
  ///
  /// - Parameter path: The file or folder.
  /// - Returns: `nil` if it is of no interest.
  private mutating func entry(
    _ path: String, _ read: @escaping @Sendable (String) -> ModelEntry?
  ) throws -> ModelEntry? {
    try TimedReading.check(stop)
    func unread(_ reason: String) -> ModelEntry {
      ModelEntry(
        reference: ModelReference(
          name: URL(filePath: path).deletingPathExtension().lastPathComponent, autoencoder: nil,
          denoiser: nil),
        path: path, problem: reason)
    }
    guard abandonedFiles < budget.abandoned, (.now - start) < .seconds(budget.total) else {
      return unread("\(path): was not looked at, because the search took too long before it")
    }
    if let size = Self.directorySize(of: path), size > budget.directory {
      return unread(
        "\(path): its directory of tensors has \(size >> 20) MB, which no network of PVDM has")
    }
    let found: ModelEntry?? = try TimedReading.value(within: budget.file, stop: stop) { read(path) }
    guard let found else {
      abandonedFiles += 1
      return unread("\(path): was given up, because reading it took too long")
    }
    return found
  }

  /// Bytes of a safetensors file's header, which its first number says; `nil` for other files. (A
  /// pickle's objects are counted while it is read.)
  private static func directorySize(of path: String) -> UInt64? {
    guard path.lowercased().hasSuffix(".safetensors") else { return nil }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var size: UInt64 = 0
    guard read(descriptor, &size, 8) == 8 else { return nil }
    return UInt64(littleEndian: size)
  }

  /// The models in a place, by path.
  package mutating func entries(in place: ModelLibrary.Place) throws -> [ModelEntry] {
    let path = URL(filePath: place.path).standardizedFileURL.path
    guard let status = Self.status(of: path) else { return [] }
    guard status.isFolder else {
      guard status.isFile else { return [] }
      return [try entry(path) { ModelEntry(checkpoint: $0) }].compactMap { $0 }
    }
    var entries: [ModelEntry] = []
    var level = [path]
    for depth in 0...place.depth {
      var below: [String] = []
      for folder in level.sorted() {
        try TimedReading.check(stop)
        guard let contents = list(folder) else { continue }
        if contents.hasDescription {
          if let entry = try entry(folder, { ModelEntry(folder: $0) }) { entries.append(entry) }
        } else {
          entries += try models(folder, contents.checkpoints)
        }
        if depth < place.depth { below += contents.folders }
      }
      level = below
    }
    return entries.sorted { $0.path < $1.path }
  }

  private struct Contents {
    var hasDescription = false
    var checkpoints: [String] = []
    var folders: [String] = []
  }

  /// What a folder holds; `nil` if it was seen before, cannot be read, or the bounds are reached.
  private mutating func list(_ folder: String) -> Contents? {
    guard foldersLeft > 0, let status = Self.status(of: folder), status.isFolder,
      visited.insert(status.identity).inserted, let stream = opendir(folder)
    else { return nil }
    defer { closedir(stream) }
    foldersLeft -= 1
    var contents = Contents()
    while namesLeft > 0, let entry = readdir(stream) {
      namesLeft -= 1
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      guard !name.hasPrefix(".") else { continue }
      let isCheckpoint = ModelFolder.isCheckpointName(name)
      // Only where it may matter, since a look at each of many files takes time.
      let mayBeFolder =
        entry.pointee.d_type == DT_DIR || entry.pointee.d_type == DT_LNK
        || entry.pointee.d_type == DT_UNKNOWN
      guard isCheckpoint || mayBeFolder || name == ModelFolder.descriptionName else { continue }
      let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
      guard let status = Self.status(of: path) else { continue }
      if status.isFolder {
        contents.folders.append(path)
      } else if name == ModelFolder.descriptionName {
        contents.hasDescription = true
      } else if isCheckpoint, status.isFile, status.size >= Self.smallestFile {
        contents.checkpoints.append(path)
      }
    }
    contents.checkpoints.sort()
    return contents
  }

  /// The models of a folder without a description: the folder itself if it holds one of each network,
  /// and every checkpoint that is not used so.
  private mutating func models(_ folder: String, _ checkpoints: [String]) throws -> [ModelEntry] {
    var entries: [ModelEntry] = []
    for path in checkpoints where filesLeft > 0 {
      filesLeft -= 1
      let found = try entry(path) {
        let entry = ModelEntry(checkpoint: $0)
        return entry.problem != nil && Self.isOwnOutput($0) ? nil : entry
      }
      if let found { entries.append(found) }
    }
    let usable = entries.filter { $0.problem == nil }
    let autoencoders = usable.filter { $0.autoencoder != nil }
    let denoisers = usable.filter { $0.denoiser != nil }
    guard autoencoders.count == 1, denoisers.count == 1,
      let pair = ModelLibrary.pair(autoencoder: autoencoders[0], denoiser: denoisers[0])
    else { return entries }
    var reference = pair.reference
    reference.name = URL(filePath: folder).lastPathComponent
    let model = ModelEntry(
      reference: reference, path: folder, autoencoder: pair.autoencoder,
      denoiser: pair.denoiser, problem: pair.problem)
    // Networks that do not fit each other may fit others.
    return [model] + entries.filter { pair.problem != nil || $0.problem != nil }
  }

  private static func isOwnOutput(_ path: String) -> Bool {
    (try? Checkpoint(contentsOf: path)).flatMap(OwnFile.init) != nil
  }

  private struct Status {
    let isFolder: Bool
    let isFile: Bool
    let size: Int
    let identity: FileIdentity
  }

  /// What a path leads to, symbolic links followed.
  private static func status(of path: String) -> Status? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Status(
      isFolder: status.st_mode & S_IFMT == S_IFDIR, isFile: status.st_mode & S_IFMT == S_IFREG,
      size: Int(status.st_size),
      identity: FileIdentity(device: UInt(status.st_dev), number: UInt64(status.st_ino)))
  }
}
