import CheckpointIO
import Foundation
import VideoDiffusion

/// What a user asked for and cannot have, beyond what the layers below report themselves.
public struct StudioError: Error, Sendable, Hashable {
  /// The file or folder it is about.
  public let path: String?
  /// What is wrong.
  public let problem: Problem

  /// What is wrong.
  public enum Problem: Sendable, Hashable {
    /// The folder holds no checkpoint of PVDM; why its files are none.
    case noModel(reasons: [String])
    /// Neither a model nor a checkpoint was named.
    case noModelGiven
    /// There is no such folder, here or among the models that come with the program.
    case noSuchModel(searched: [String])
    /// A model was named that is a file.
    case notAFolder
    /// The folder holds several checkpoints of one network.
    case ambiguousFolder(kind: NetworkKind, files: [String])
    /// `model.toml` cannot be understood.
    case badDescription(String)
    /// There is no such file or folder.
    case noSuchFile
    /// A file was not understood in time.
    case takesTooLong(seconds: Int)
    /// A video is too short for what was asked.
    case tooShort(frames: Int, needed: Int)
    /// An output without the settings that made it.
    case noSettings
    /// Latents where frames are needed.
    case noFrames
    /// A frame that the video does not have.
    case noSuchFrame(first: Int, last: Int, frames: Int)
    /// The output's format cannot be made from what there is.
    case output(reason: String)
    /// An output is there already.
    case exists
    /// An interrupted run is kept where this one would keep its own.
    case savedRun
    /// A run cannot be resumed.
    case resume(reason: String)
    /// Frames that are looked at together differ in size.
    case mixedSizes(String, String)
    /// Real videos are needed and none were named.
    case noData
    /// Neither a model nor videos that are judged were named.
    case noVideos
    /// The file or folder holds no report of an evaluation.
    case noReport
    /// There is no preset of this name.
    case noSuchPreset(name: String, known: [String])
    /// A preset cannot be kept or deleted.
    case preset(reason: String)
    /// Another studio has the data folder open; who, as far as its lock says.
    case inUse(by: LockHolder?)
    /// A folder of the studio's cannot be written.
    case notWritable(reason: String)
    /// What was meant is not there any more; its name with the article.
    case gone(String)
    /// A clip's file was removed behind the studio's back.
    case clipGone
    /// The clip that a job continues was dropped.
    case clipDropped
    /// A checkpoint is another than when a run began.
    case modelChanged
    /// A job's settings cannot be changed any more.
    case jobBegun
    /// A recipe cannot be made or changed so.
    case recipe(reason: String)
    /// A model lacks one of the two networks.
    case incompleteModel(name: String)
    /// Two checkpoints do not make a model.
    case noPair(reason: String)
    /// What was to be opened as a model cannot be used as one.
    case unusableModel(reason: String)
    /// A folder is no list of work, or cannot be one.
    case workList(reason: String)
    /// The user's configuration cannot be understood, on which line.
    case configuration(line: Int?, reason: String)
    /// Weights that others trained cannot be had; what to do about it.
    case weights(reason: String, remedy: String = "")
    /// A job cannot be given to a cluster, or be told of.
    case cluster(reason: String)
    /// There is no Slurm to give a job to.
    case noCluster
    /// An option's value is of no use.
    case option(name: String, found: String, expected: String)
  }

  /// Whether another process has the folder.
  package var isInUse: Bool {
    if case .inUse = problem { true } else { false }
  }

  /// Describes a problem.
  public init(_ path: String?, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// A part of a list of work that cannot be written.
  ///
  /// - Parameter code: The system's number for the reason.
  package static func unwritable(_ path: String, code: Int32) -> StudioError {
    StudioError(path, .workList(reason: "cannot be written (\(String(cString: strerror(code))))"))
  }

  /// A folder for outputs that cannot be made.
  ///
  /// - Parameter error: What the system said.
  package static func unmakable(_ folder: String, _ error: any Error) -> StudioError {
    StudioError(folder, .output(reason: "the folder cannot be made (\(error.systemReason))"))
  }

  /// A folder of a list of work in which its commands cannot be started.
  ///
  /// - Parameter error: What the system said.
  package static func unstartable(in folder: String, _ error: any Error) -> StudioError {
    let reason = "commands cannot be started in this folder (\(error.systemReason))"
    return StudioError(folder, .workList(reason: reason))
  }
}
