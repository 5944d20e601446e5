import Foundation
import VideoDiffusion

/// The networks that a command works with: understood, checked against each other, not loaded.
public struct ModelFiles: Sendable {
  /// What people call the model.
  public let name: String
  /// The autoencoder, where one was given.
  public let autoencoder: NetworkFile?
  /// The denoiser, where one was given.
  public let denoiser: NetworkFile?
  /// Frames a second at which the model's videos look right, where it says so.
  public let framesPerSecond: Double?

  /// Opens a model.
  ///
  /// - Parameters:
  ///   - model: A folder, or the name of one that comes with the program (`skies-64`) or is in the user's
  ///     model folder.
  ///   - autoencoder: A checkpoint, in place of the folder's.
  ///   - denoiser: A checkpoint, in place of the folder's.
  ///   - configuration: A `config.json` or YAML file for the denoiser; `nil` looks beside it.
  ///   - frames: Frames of the denoiser's clips, where neither its file nor the autoencoder tells.
  /// - Throws: ``StudioError``, ``ModelError`` or ``CheckpointError`` naming the file.
  public init(
    model: String?, autoencoder: String? = nil, denoiser: String? = nil,
    configuration: String? = nil, frames: Int? = nil,
    resources: ResourceLocator = ResourceLocator()
  ) throws {
    var folder: ModelFolder?
    if let model {
      folder = try ModelFolder(contentsOf: Self.resolve(model, resources))
    } else if autoencoder == nil && denoiser == nil {
      throw StudioError(nil, .noModelGiven)
    }
    func path(_ file: String?) -> String? {
      guard let folder, let file else { return nil }
      return URL(filePath: folder.path).appending(path: file).path
    }
    self.autoencoder = try (autoencoder ?? path(folder?.autoencoder)).map {
      try Self.open($0, .autoencoder)
    }
    let companion = self.autoencoder?.geometry
    self.denoiser = try (denoiser ?? path(folder?.denoiser)).map {
      try Self.open($0, .denoiser, configuration, frames: frames, companion: companion)
    }
    if let autoencoder = self.autoencoder, let denoiser = self.denoiser {
      try NetworkFile.checkFit(autoencoder: autoencoder, denoiser: denoiser)
    }
    name =
      folder?.name
      ?? URL(filePath: denoiser ?? autoencoder ?? "").deletingPathExtension().lastPathComponent
    framesPerSecond = folder?.framesPerSecond
  }

  /// The file of a network: the path itself, or of a folder, which is a model or a run, the network in it.
  ///
  /// - Throws: ``StudioError`` if the folder holds no such network.
  package static func file(_ path: String, _ kind: NetworkKind) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
    else { return path }
    let folder = try ModelFolder(contentsOf: path)
    guard let name = kind == .autoencoder ? folder.autoencoder : folder.denoiser else {
      throw StudioError(path, .incompleteModel(name: folder.name))
    }
    return URL(filePath: path).appending(path: name).path
  }

  /// Opens a network of a kind, of the two that a file, or of those that a folder may hold.
  ///
  /// - Throws: ``ModelError`` if the file holds the other one alone, and what `NetworkFile` throws.
  static func open(
    _ path: String, _ kind: NetworkKind, _ configuration: String? = nil, wrapper: String? = nil,
    frames: Int? = nil, companion: PlaneGeometry? = nil
  ) throws -> NetworkFile {
    let file = try NetworkFile(
      path: Self.file(path, kind), configurationPath: configuration, wrapper: wrapper,
      preferring: kind,
      frames: frames, companion: companion)
    guard file.kind == kind else {
      throw ModelError(path: path, .otherNetwork(expected: kind, found: file.kind))
    }
    return file
  }

  private static func resolve(_ model: String, _ resources: ResourceLocator) throws -> String {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: model, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw StudioError(model, .notAFolder) }
      return model
    }
    let kinds = ["samples", "models"]
    if !model.contains("/"),
      let found = kinds.lazy.compactMap({ resources.find($0, model) }).first
    {
      return found
    }
    throw StudioError(
      model,
      .noSuchModel(searched: kinds.flatMap { kind in resources.roots.map { "\($0)/\(kind)" } }))
  }

  /// What was noticed while opening: wrappers used, prefixes dropped, defaults assumed.
  public var notes: [String] {
    [autoencoder, denoiser].compactMap { $0 }.flatMap { file in
      file.notes.map { "\(URL(filePath: file.path).lastPathComponent): \($0)" }
    }
  }
}
