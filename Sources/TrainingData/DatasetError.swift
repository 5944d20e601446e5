import CheckpointIO
import Foundation
import HandwrittenText

/// Why a set of videos could not be made, read or loaded.
public struct DatasetError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The folder or file it is about, as it was given.
  public let path: String
  /// What is wrong.
  public let problem: Problem

  /// What is wrong.
  public enum Problem: Sendable, Hashable {
    /// Nothing has this name.
    case notFound
    /// A set of videos is a folder, and this is a file.
    case notAFolder
    /// The folder holds neither videos nor folders of frames.
    case noVideos
    /// None of the files that look like videos can be read; the first reason is given.
    case noneReadable(files: Int, reason: String)
    /// None of the videos has the frames that a clip needs.
    case allTooShort(longest: Int, needed: Int)
    /// The wanted part of the set holds no video.
    case emptySplit(DatasetSplit)
    /// Clip after clip could not be decoded; the last reason is given.
    case nothingReadable(tried: Int, reason: String)
    /// The position was saved with other videos or other settings.
    case otherPosition
    /// The output exists already.
    case exists
    /// The output holds clips that were cut with other settings.
    case otherCut
    /// The output holds clips of another film of the same name.
    case otherFilm(name: String, folder: String)
    /// Some of the films cannot be read; why, for each.
    case unreadableFilms([String], of: Int)
    /// The output holds something else than a generated set, which is never replaced.
    case foreign(String)
    /// A setting is out of range.
    case setting(name: String, found: String, expected: String)
    /// The system refused something; what, and why.
    case system(operation: String, reason: String)
  }

  /// Describes a problem.
  public init(_ path: String, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }

  public var description: String {
    switch problem {
    case .notFound: "\(path): there is no such folder"
    case .notAFolder: "\(path) is a file; a set of videos is a folder"
    case .noVideos: "\(path) holds neither videos nor folders of numbered PNG or JPEG frames"
    case .noneReadable(let files, let reason):
      "\(path): none of \(counted(files, "video")) can be read: \(reason)"
    case .allTooShort(let longest, let needed):
      "\(path): the longest video has \(longest) frames, and a clip needs \(needed)"
    case .emptySplit(let split): "\(path) holds no video for the \(split.phrase) part"
    case .nothingReadable(let tried, let reason):
      "\(path): \(counted(tried, "clip")) in a row could not be read; the last: \(reason)"
    case .otherPosition:
      "\(path): the saved position belongs to other videos or other clip settings"
    case .exists: "\(path) exists already"
    case .foreign(let name):
      "\(path) holds something else than a set that pvdm made (\(name)) and is not replaced"
    case .otherCut: "\(path) holds clips that were cut with other settings"
    case .otherFilm(let name, let folder):
      "\(path): \(folder) holds clips of another film named \(name), of another size"
    case .unreadableFilms(let reasons, let count):
      "\(counted(reasons.count, "film")) of \(count) cannot be read: "
        + reasons.joined(separator: "; ")
    case .setting(let name, let found, let expected): "\(name) is \(found); expected \(expected)"
    case .system(let operation, let reason): "\(path): cannot \(operation) (\(reason))"
    }
  }
}

extension DatasetError {
  /// Does something with a folder or a file, and says so where the system refuses it.
  ///
  /// - Parameters:
  ///   - path: What it is done with.
  ///   - operation: What it is, in words that go on after "cannot".
  /// - Throws: ``DatasetError`` in place of what `body` throws.
  static func naming<Result>(
    _ path: String, _ operation: String, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch {
      throw DatasetError(path, .system(operation: operation, reason: error.systemReason))
    }
  }
}
