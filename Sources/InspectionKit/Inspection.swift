import CheckpointIO
import Foundation
import MediaIO
import RunKit
import TrainingKit
import VideoDiffusion

/// What a file or folder is, found out without loading weights or decoding frames.
///
/// Encoded with snake-case keys it is what `pvdm inspect --json` prints: `kind` and `path` are always
/// there, `file_size_bytes` for files, and beside them the part that belongs to the kind. Keys that
/// have nothing to say are absent.
public struct Inspection: Sendable, Encodable {
  /// What a file or folder can be.
  public enum Kind: String, Sendable, Encodable {
    /// A checkpoint of one of PVDM's networks: `checkpoint` and `network`.
    case network
    /// A checkpoint of something else: `checkpoint` and `problem`.
    case checkpoint
    /// Latents: `checkpoint` and `latents`.
    case latents
    /// A run that can be resumed: `checkpoint` and `run`.
    case run
    /// A model folder: `model`.
    case model
    /// The folder of a training run: `training`, and `model` where it is one already.
    case training
    /// The state of a training: `checkpoint`.
    case state
    /// Another folder: `folder`, and `problem` where it looks like a model and is none.
    case folder
    /// A video, picture or folder of frames: `media`.
    case media
  }

  /// What it is.
  public internal(set) var kind: Kind
  /// The path as it was given.
  public let path: String
  /// The file's size; `nil` for a folder.
  public internal(set) var fileSizeBytes: Int?
  /// What it holds as a checkpoint.
  public internal(set) var checkpoint: CheckpointSummary?
  /// The network in the checkpoint.
  public internal(set) var network: NetworkSummary?
  /// The latents in the file.
  public internal(set) var latents: LatentSummary?
  /// The run in the file.
  public internal(set) var run: RunSummary?
  /// The model in the folder.
  public internal(set) var model: ModelSummary?
  /// The training run in the folder.
  public internal(set) var training: TrainingFolderSummary?
  /// What lies in the folder.
  public internal(set) var folder: FolderSummary?
  /// The video, picture or frames.
  public internal(set) var media: MediaSummary?
  /// Settings embedded in a medium, or stored beside latents, as JSON.
  public internal(set) var settings: JSONValue?
  /// What is to be known of it, as sentences without full stops.
  public internal(set) var remarks: [String]?
  /// Why it cannot be used as what it looks like, in a sentence.
  public internal(set) var problem: String?

  /// Looks at a file or folder.
  ///
  /// - Parameters:
  ///   - configuration: A `config.json` or YAML file for a checkpoint; `nil` looks beside it.
  ///   - frames: Frames of a denoiser's clips, where its file does not tell.
  /// - Throws: ``StudioError`` if there is nothing, `CheckpointError` or `MediaError` if it cannot be
  ///   understood.
  public init(of path: String, configuration: String? = nil, frames: Int? = nil) throws {
    self.path = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw StudioError(path, .noSuchFile)
    }
    kind = .media
    if isFolder.boolValue {
      try inspectFolder()
      return
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    fileSizeBytes = (attributes?[.size] as? NSNumber)?.intValue
    do {
      try inspectCheckpoint(configuration, frames)
    } catch let error as CheckpointError {
      guard case .unknownContainer = error.kind, !ModelFolder.isCheckpointName(path) else {
        throw error
      }
      try inspectMedia()
    }
  }

  private static func isModelFolder(_ path: String) -> Bool {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.contains { $0 == ModelFolder.descriptionName || ModelFolder.isCheckpointName($0) }
  }

  private mutating func inspectFolder() throws {
    if TrainingRunFolder(path: path).holdsRun {
      kind = .training
      training = try TrainingFolderSummary(path)
      // The second stage's folder has both networks.
      model = try? ModelSummary(path)
      return
    }
    if Self.isModelFolder(path) {
      do {
        model = try ModelSummary(path)
        kind = .model
        return
      } catch {
        problem = Explanation(error).text
      }
    } else {
      do { return try inspectMedia() } catch let error as MediaError {
        // Pictures that make up no video, such as some of several sizes, are pictures all the same.
        if Self.holdsFrames(path) { problem = Explanation(error).text }
      }
    }
    kind = .folder
    let summary = FolderSummary(path)
    folder = summary
    remarks = summary.hints.isEmpty ? nil : summary.hints
  }

  /// Whether pictures lie in the folder itself.
  private static func holdsFrames(_ path: String) -> Bool {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.contains {
      VideoReader.pictureEndings.contains(URL(filePath: $0).pathExtension.lowercased())
    }
  }

  private mutating func inspectMedia() throws {
    let info = try MediaInfo.probe(path)
    media = MediaSummary(info)
    settings = info.settings.map { JSONValue(parsing: $0) ?? .string($0) }
    if let made = info.settings.flatMap(RunSettings.init(json:)) {
      let notes = made.limits
      remarks = notes.isEmpty ? nil : notes
    }
  }

  /// Networks are tried first, because those are the files of any size, and opened once.
  private mutating func inspectCheckpoint(_ configuration: String?, _ frames: Int?) throws {
    do {
      let file = try NetworkFile(
        path: path, configurationPath: configuration, frames: frames)
      kind = .network
      checkpoint = CheckpointSummary(file.checkpoint)
      network = NetworkSummary(file)
    } catch let error as ModelError {
      try inspectContents(insteadOf: error)
    } catch let error as CheckpointError {
      // A file without weights that can be used is still worth a look at what it does hold.
      switch error.kind {
      case .noTensors, .unreadableTensor: try inspectContents(insteadOf: error)
      default: throw error
      }
    }
  }

  private mutating func inspectContents(insteadOf error: any Error) throws {
    let file = try Checkpoint(contentsOf: path)
    kind = .checkpoint
    checkpoint = CheckpointSummary(file)
    if let state = error as? ModelError, case .trainingState = state.problem {
      kind = .state
      remarks = [Explanation(error).text]
      return
    }
    switch OwnFile(file) {
    case .savedRun:
      kind = .run
      run = RunSummary(try SavedRun(contentsOf: path))
    case .latents:
      kind = .latents
      let read = try LatentFile(contentsOf: path)
      latents = LatentSummary(read.latents)
      settings = Self.settings(of: read.metadata)
    case .trainingState, nil:
      problem = Explanation(error).text
    }
  }

  /// Metadata of a safetensors file, with texts that are JSON unfolded.
  private static func settings(of metadata: [String: String]) -> JSONValue? {
    guard !metadata.isEmpty else { return nil }
    return .object(metadata.mapValues { JSONValue(parsing: $0) ?? .string($0) })
  }
}
