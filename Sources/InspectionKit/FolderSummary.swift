import Foundation
import MediaIO
import RunKit
import TrainingKit
import VideoDiffusion

/// What lies in a folder that is no model, no training run and no folder of frames.
///
/// Files are told by the endings of their names, a few levels deep, and none is opened.
public struct FolderSummary: Sendable, Encodable {
  /// Videos.
  public private(set) var videos = 0
  /// Pictures.
  public private(set) var pictures = 0
  /// Checkpoints and latents.
  public private(set) var checkpoints = 0
  /// Model folders with a description.
  public private(set) var models = 0
  /// Folders of training runs.
  public private(set) var runs = 0
  /// Folders, at every level.
  public private(set) var folders = 0
  /// Files of other kinds.
  public private(set) var others = 0
  /// Whether there is more than was counted.
  public private(set) var isPartial = false

  private static let depthLimit = 4
  private static let nameLimit = 100_000

  /// Looks through a folder.
  init(_ path: String) {
    var level = [path]
    var namesLeft = Self.nameLimit
    for depth in 0...Self.depthLimit {
      var below: [String] = []
      for folder in level {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names.prefix(namesLeft) where !name.hasPrefix(".") {
          let file = folder + "/" + name
          if Self.isFolder(file) {
            folders += 1
            if FileManager.default.fileExists(atPath: "\(file)/\(ModelFolder.descriptionName)") {
              models += 1
            } else if TrainingRunFolder(path: file).holdsRun {
              runs += 1
            } else {
              below.append(file)
            }
          } else {
            count(name)
          }
        }
        if names.count > namesLeft { isPartial = true }
        namesLeft = max(0, namesLeft - names.count)
      }
      if depth == Self.depthLimit, !below.isEmpty { isPartial = true }
      level = below
    }
  }

  /// Whether it is a folder and no link to one, which might lead back up.
  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private mutating func count(_ name: String) {
    let ending = URL(filePath: name).pathExtension.lowercased()
    if VideoReader.videoEndings.contains(ending) {
      videos += 1
    } else if VideoReader.pictureEndings.contains(ending) {
      pictures += 1
    } else if ModelFolder.isCheckpointName(name) {
      checkpoints += 1
    } else {
      others += 1
    }
  }

  /// What to do with such a folder, as sentences without full stops.
  public var hints: [String] {
    var hints: [String] = []
    if videos > 0 || pictures > 0 {
      hints.append("\"pvdm dataset inspect\" looks into videos and folders of frames")
    }
    if models + checkpoints > 0 { hints.append("\"pvdm models\" with the folder lists its models") }
    if runs > 0 { hints.append("\"pvdm inspect\" shows each training run") }
    return hints
  }
}

/// The folder of a training run.
public struct TrainingFolderSummary: Sendable, Encodable {
  /// `autoencoder` or `diffusion`.
  public let stage: String
  /// Steps done by the newest checkpoint.
  public let finishedSteps: Int
  /// Steps of the whole run.
  public let steps: Int
  /// The folder of videos.
  public let data: String
  /// When it began, as ISO 8601 writes it.
  public let created: String
  /// Whether a process trains in it now.
  public let isRunning: Bool
  /// The trained network by now, if one was written.
  public let network: NetworkSummary?
  /// The states that training can go on from, by their steps.
  public let states: [Int]

  init(_ path: String) throws {
    let run = try TrainingRunSummary(contentsOf: path)
    stage = run.record.stage.rawValue
    finishedSteps = run.savedStep
    steps = run.steps
    data = run.record.data
    created = run.record.created.formatted(.iso8601)
    isRunning = run.isRunning
    network = try run.networkPath.map { NetworkSummary(try NetworkFile(path: $0)) }
    states = TrainingRunFolder(path: path).checkpointSteps
  }
}
