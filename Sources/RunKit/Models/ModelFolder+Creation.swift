import CheckpointIO
import Foundation
import OutputFiles
import VideoDiffusion

extension ModelFolder {
  /// What a new model folder is made of.
  public struct Recipe: Sendable {
    /// The autoencoder's checkpoint.
    public var autoencoder: String
    /// The denoiser's checkpoint.
    public var denoiser: String
    /// A configuration file for the denoiser; `nil` looks beside it.
    public var configuration: String?
    /// The key of the weights within both files; `nil` finds them.
    public var wrapper: String?
    /// Frames of the denoiser's clips, where neither its file nor the autoencoder tells.
    public var frames: Int?
    /// The precision of the weights.
    public var type: CheckpointConversion.StoredType
    /// The model's name; `nil` takes the folder's.
    public var name: String?
    /// A sentence or two about it.
    public var summary: String
    /// Frames a second at which its videos look right.
    public var framesPerSecond: Double?

    /// Describes a model folder.
    public init(
      autoencoder: String, denoiser: String, configuration: String? = nil, wrapper: String? = nil,
      frames: Int? = nil, type: CheckpointConversion.StoredType = .keep, name: String? = nil,
      summary: String = "",
      framesPerSecond: Double? = nil
    ) {
      self.autoencoder = autoencoder
      self.denoiser = denoiser
      self.configuration = configuration
      self.wrapper = wrapper
      self.frames = frames
      self.type = type
      self.name = name
      self.summary = summary
      self.framesPerSecond = framesPerSecond
    }
  }

  /// Makes a model folder from two checkpoints that fit each other, whole or not at all: everything
  /// goes to a folder of another name first.
  ///
  /// - Parameters:
  ///   - path: The new folder; folders above it are made where they are missing.
  ///   - overwrites: Whether a model folder that is there may be replaced. Its other files, such as
  ///     a README, stay.
  /// - Returns: The folder, and what the user should know.
  /// - Throws: ``StudioError`` if the folder exists, ``ModelError`` if the networks are of the wrong
  ///   kind or do not fit, and what reading and writing throws. Nothing has changed then.
  public static func create(
    at path: String, from recipe: Recipe, overwrites: Bool = false
  ) throws -> (folder: ModelFolder, notes: [String]) {
    let target = URL(filePath: path).standardizedFileURL
    let exists = FileManager.default.fileExists(atPath: target.path)
    if exists { try checkReplaceable(target, path, overwrites: overwrites) }
    let autoencoder = try ModelFiles.open(
      recipe.autoencoder, .autoencoder, wrapper: recipe.wrapper)
    let denoiser = try ModelFiles.open(
      recipe.denoiser, .denoiser, recipe.configuration, wrapper: recipe.wrapper,
      frames: recipe.frames, companion: autoencoder.geometry)
    try NetworkFile.checkFit(autoencoder: autoencoder, denoiser: denoiser)

    let name = target.lastPathComponent
    try makeParent(of: target.path)
    let staged: StagedPath
    do {
      staged = try StagedPath(target: target.path, kind: .folder, permissions: 0o777)
    } catch {
      throw StudioError.unmakable(path, error)
    }
    let partial = URL(filePath: staged.path)
    for (file, network) in [("autoencoder", autoencoder), ("denoiser", denoiser)] {
      try CheckpointConversion(network, type: recipe.type).write(
        to: partial.appending(path: "\(file).safetensors").path)
    }
    let made = ModelFolder(
      path: partial.path, name: recipe.name ?? name, summary: recipe.summary,
      autoencoder: "autoencoder.safetensors", denoiser: "denoiser.safetensors",
      framesPerSecond: recipe.framesPerSecond)
    let placed: String
    do {
      try made.writeDescription()
      if exists { try copyOtherFiles(from: staged.target, to: partial) }
      // The folder that it replaces is gone afterwards.
      try DurableFolder.syncTree(partial.path)
      placed = try staged.place(replacing: overwrites) { try holds(staged.target, all: $0) }
      try DurableFolder.sync(OutputName.folder(of: placed))
    } catch {
      throw StudioError(
        path, .output(reason: "the folder cannot be written (\(error.systemReason))"))
    }
    guard placed == staged.target else {
      throw StudioError(
        path,
        .output(
          reason: "appeared meanwhile and is left as it is; the new model is kept as \(placed)"))
    }
    return (try ModelFolder(contentsOf: path), autoencoder.notes + denoiser.notes)
  }

  /// Makes the folder that a file or folder is to be in, such as the user's folder of models before its
  /// first.
  ///
  /// - Throws: ``StudioError`` if it cannot be made.
  static func makeParent(of path: String) throws {
    let parent = URL(filePath: path).standardizedFileURL.deletingLastPathComponent()
    do {
      try DurableFolder.make(parent.path)
    } catch {
      throw StudioError(
        path, .output(reason: "the folder \(parent.path) cannot be made (\(error.systemReason))"))
    }
  }

  /// Only a model folder or an empty one is replaced: a wrong path must not cost anyone their files.
  private static func checkReplaceable(
    _ target: URL, _ path: String, overwrites: Bool
  ) throws {
    guard overwrites else { throw StudioError(path, .exists) }
    guard let listing = try? FolderListing(of: target.path) else {
      throw StudioError(path, .output(reason: "is a file; a model is a folder"))
    }
    let files = listing.names
    if let name = listing.unreadableNames.first {
      throw StudioError(
        path,
        .output(
          reason: "holds a file whose name is not UTF-8 (\(name)) and which could not be kept; "
            + "rename it, for example with convmv"))
    }
    guard files.isEmpty || files.contains(descriptionName) else {
      throw StudioError(
        path, .output(reason: "is a folder without \(descriptionName), and is not replaced"))
    }
  }

  /// Copies what else is in a model folder, such as a README, into the one that takes its place.
  private static func copyOtherFiles(from old: String, to partial: URL) throws {
    let manager = FileManager.default
    let made = try manager.contentsOfDirectory(atPath: partial.path)
    for file in try manager.contentsOfDirectory(atPath: old) where !made.contains(file) {
      try manager.copyItem(
        at: URL(filePath: old).appending(path: file), to: partial.appending(path: file))
    }
  }

  /// Whether a folder has everything that another one has, so that the other may be removed.
  private static func holds(_ new: String, all old: String) throws -> Bool {
    let (listing, names) = (try FolderListing(of: old), try FolderListing(of: new).names)
    return listing.unreadableNames.isEmpty && Set(listing.names).isSubset(of: names)
  }
}
