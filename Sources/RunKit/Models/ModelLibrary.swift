import Foundation
import NeuralLayers
import VideoDiffusion

/// Finds models: those that come with the program, the user's own, and those of the current folder.
///
/// Only headers are read. Folders are searched a few levels deep, each once whatever symbolic links
/// lead to it, and files by the endings of checkpoints, so that thousands of other files cost little.
public struct ModelLibrary: Sendable {
  /// Where models are looked for, the most important first: folders, or single checkpoints.
  public let places: [Place]

  /// Somewhere to look for models.
  public struct Place: Sendable, Hashable {
    /// A folder, or a checkpoint.
    public let path: String
    /// Levels of folders below it that are searched, 0 for the folder alone.
    public let depth: Int

    /// Somewhere to look.
    public init(path: String, depth: Int) {
      self.path = path
      self.depth = depth
    }
  }

  /// Looks in some places.
  public init(places: [Place]) { self.places = places }

  /// Looks where a user expects it: in the folders and checkpoints that they added, the user's model
  /// folder, the samples, `./checkpoints` and the current folder.
  ///
  /// - Parameters:
  ///   - added: Folders and checkpoints that the user added, in their order.
  ///   - resources: Finds the samples and the user's data folder.
  ///   - workingFolders: The current folder, or those of everybody who is interested.
  public init(
    added: [String] = [], resources: ResourceLocator = ResourceLocator(),
    workingFolders: [String] = [FileManager.default.currentDirectoryPath]
  ) {
    var places = added.map { Place(path: $0, depth: 3) }
    places += resources.roots.map { Place(path: $0 + "/models", depth: 3) }
    // The samples of the program in use; an installation beside it has the same.
    if let root = resources.roots.first(where: {
      FileManager.default.fileExists(atPath: $0 + "/samples")
    }) {
      places.append(Place(path: root + "/samples", depth: 1))
    }
    for folder in workingFolders.map({ URL(filePath: $0) }) {
      places.append(Place(path: folder.appending(path: "checkpoints").path, depth: 2))
      places.append(Place(path: folder.path, depth: 1))
    }
    self.places = places
  }

  /// Everything that was found, in the order of the places, each place by path: model folders, and
  /// checkpoints that belong to none. What cannot be used says why.
  ///
  /// Each file has a budget of time and memory, and so has the whole search: at most 90 seconds.
  ///
  /// - Parameter stop: Ends the search at once.
  /// - Throws: `CancellationError` if it was to end or the task was cancelled.
  public func entries(stop: StopSignal? = nil) throws -> [ModelEntry] {
    var search = ModelSearch(stop: stop)
    var entries: [ModelEntry] = []
    var known: Set<String> = []
    for place in places {
      for entry in try search.entries(in: place) where known.insert(entry.path).inserted {
        entries.append(entry)
      }
    }
    return entries
  }

  /// Seconds of the processor that are spent on a file that the user names.
  private static let patience = 30.0

  /// The model of a folder or single checkpoint that the user names.
  ///
  /// - Parameter stop: Ends the reading at once.
  /// - Throws: ``StudioError`` if there is no such file or folder, `CancellationError` if the reading
  ///   was to end.
  public static func entry(at path: String, stop: StopSignal? = nil) throws -> ModelEntry {
    let url = URL(filePath: path).standardizedFileURL
    let isCheckpoint = try !isFolder(path)
    return try reading(path, stop: stop) {
      isCheckpoint ? ModelEntry(checkpoint: url.path) : ModelEntry(folder: url.path)
    }
  }

  /// Whether a path that the user names is a folder rather than a file.
  ///
  /// - Throws: ``StudioError`` if it is neither.
  package static func isFolder(_ path: String) throws -> Bool {
    var isFolder: ObjCBool = false
    let full = URL(filePath: path).standardizedFileURL.path
    guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder) else {
      throw StudioError(path, .noSuchFile)
    }
    return isFolder.boolValue
  }

  /// Reads what the user named, with patience that ends.
  ///
  /// - Throws: What `body` throws, ``StudioError`` if it takes too long, `CancellationError` if the
  ///   reading was to end.
  package static func reading<Value: Sendable>(
    _ path: String, stop: StopSignal?, _ body: @escaping @Sendable () throws -> Value
  ) throws -> Value {
    let result = try TimedReading.value(within: patience, stop: stop) { Result { try body() } }
    guard let result else { throw StudioError(path, .takesTooLong(seconds: Int(patience))) }
    return try result.get()
  }

  /// Why two networks do not make a model; `nil` if they do.
  public static func reasonAgainst(
    autoencoder: NetworkSummary, denoiser: NetworkSummary
  ) -> String? {
    for (network, kind) in [(autoencoder, NetworkKind.autoencoder), (denoiser, .denoiser)]
    where network.network != kind.rawValue {
      let found = NetworkKind(rawValue: network.network) ?? kind
      return Explanation(ModelError(.otherNetwork(expected: kind, found: found))).sentence
    }
    guard autoencoder.geometry == denoiser.geometry else {
      return Explanation(
        ModelError(.unfit(autoencoder: autoencoder.geometry, denoiser: denoiser.geometry))
      ).text
    }
    return nil
  }

  /// A model of an autoencoder and a denoiser that were found apart. If they do not fit, its
  /// `problem` says why.
  ///
  /// - Returns: `nil` if either lacks the network.
  public static func pair(autoencoder: ModelEntry, denoiser: ModelEntry) -> ModelEntry? {
    guard let first = autoencoder.autoencoder, var second = denoiser.denoiser,
      let firstPath = autoencoder.reference.autoencoder,
      let secondPath = denoiser.reference.denoiser
    else { return nil }
    // What a denoiser's file leaves open, its autoencoder may tell.
    if first.geometry != second.geometry,
      let file = try? NetworkFile(path: secondPath, companion: first.geometry)
    {
      second = NetworkSummary(file)
    }
    var entry = ModelEntry(
      reference: ModelReference(
        name: "\(denoiser.reference.name) + \(autoencoder.reference.name)",
        autoencoder: firstPath, denoiser: secondPath,
        framesPerSecond: denoiser.reference.framesPerSecond
          ?? autoencoder.reference.framesPerSecond),
      path: "\(secondPath) + \(firstPath)", autoencoder: first, denoiser: second,
      problem: reasonAgainst(autoencoder: first, denoiser: second))
    entry.autoencoderHash = autoencoder.autoencoderHash
    entry.denoiserHash = denoiser.denoiserHash
    return entry
  }
}

extension NetworkSummary {
  /// The planes of its latents.
  package var geometry: PlaneGeometry { PlaneGeometry(side: latentSide, frames: clipLength) }
}

extension ModelEntry {
  /// What a model folder holds.
  package init(folder path: String) {
    let name = URL(filePath: path).lastPathComponent
    self.init(
      reference: ModelReference(name: name, autoencoder: nil, denoiser: nil), path: path)
    do {
      let folder = try ModelFolder(contentsOf: path)
      summary = folder.summary
      reference.name = folder.name
      reference.framesPerSecond = folder.framesPerSecond
      func full(_ file: String?) -> String? {
        file.map { URL(filePath: path).appending(path: $0).standardizedFileURL.path }
      }
      reference.autoencoder = full(folder.autoencoder)
      reference.denoiser = full(folder.denoiser)
      try open()
    } catch {
      problem = Explanation(error).text
    }
  }

  /// What a single checkpoint holds.
  package init(checkpoint path: String) {
    let name = URL(filePath: path).deletingPathExtension().lastPathComponent
    self.init(
      reference: ModelReference(name: name, autoencoder: nil, denoiser: nil), path: path)
    do {
      for file in try NetworkFile.networks(path: path) { take(file) }
    } catch {
      problem = Explanation(error).text
    }
  }

  /// Reads the headers of the networks that the reference names.
  private mutating func open() throws {
    for (path, kind) in [
      (reference.autoencoder, NetworkKind.autoencoder), (reference.denoiser, .denoiser),
    ] {
      guard let path else { continue }
      take(try ModelFiles.open(path, kind, companion: autoencoder?.geometry))
    }
    if let autoencoder, let denoiser {
      problem = ModelLibrary.reasonAgainst(autoencoder: autoencoder, denoiser: denoiser)
    }
  }

  package mutating func take(_ file: NetworkFile) {
    switch file.kind {
    case .autoencoder:
      autoencoder = NetworkSummary(file)
      reference.autoencoder = file.path
    case .denoiser:
      denoiser = NetworkSummary(file)
      reference.denoiser = file.path
    }
  }
}
