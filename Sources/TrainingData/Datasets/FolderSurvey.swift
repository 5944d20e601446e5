import CheckpointIO
import Foundation
import MediaIO
import OutputFiles

/// Everything below a folder that looks like a video: by its ending, or because it is a folder of
/// pictures.
struct FolderSurvey {
  /// Something to look into.
  struct Candidate: Hashable {
    /// Path within the folder; `.` for the folder itself.
    let path: String
    let isFolder: Bool
    let stamp: FileStamp

    /// Names of the folders on the way, outermost first.
    var folders: [String] { path.split(separator: "/").dropLast().map(String.init) }
  }

  /// In natural order of their paths.
  private(set) var candidates: [Candidate] = []
  private let root: String
  private var visited: Set<FolderIdentity> = []

  /// Deeper folders are not looked into.
  private static let deepest = 8
  private static let videoEndings = VideoReader.videoEndings
  private static let pictureEndings = VideoReader.pictureEndings

  private struct FolderIdentity: Hashable {
    let device: UInt
    let number: UInt
  }

  /// Looks through a folder. Hidden names are passed over, and so is a folder met a second time
  /// through a link.
  ///
  /// - Throws: ``DatasetError`` if the folder cannot be listed; folders below it that cannot are
  ///   passed over.
  init(root: String) throws {
    self.root = root
    try visit(".", depth: 0)
  }

  /// A name that is not UTF-8 cannot be said in a path: a video or a folder of them would be missing
  /// without a word.
  private static func refuseUnreadable(_ names: [String], in place: String) throws {
    let needed = names.sorted().first { name in
      let ending = name.split(separator: ".").dropFirst().last.map { $0.lowercased() }
      return !name.hasPrefix(".")
        && ending.map { videoEndings.contains($0) || pictureEndings.contains($0) } ?? true
    }
    guard let needed else { return }
    throw DatasetError(
      place,
      .system(
        operation: "use \(needed)",
        reason: "its name is not UTF-8; rename it, for example with convmv"))
  }

  private mutating func visit(_ folder: String, depth: Int) throws {
    let place = DatasetVideo.place(of: folder, in: root)
    var status = stat()
    guard stat(place, &status) == 0,
      visited.insert(FolderIdentity(device: UInt(status.st_dev), number: UInt(status.st_ino)))
        .inserted
    else { return }
    let listing: FolderListing
    do {
      listing = try FolderListing(of: place)
    } catch {
      throw DatasetError(
        root, .system(operation: "list the folder", reason: error.systemReason))
    }
    try Self.refuseUnreadable(listing.unreadableNames, in: place)
    let names = listing.names.filter { !$0.hasPrefix(".") }.sorted(by: NaturalOrder.precedes)
    var pictures: [String] = []
    var hasVideos = false
    for name in names {
      let ending = name.split(separator: ".").dropFirst().last.map { $0.lowercased() } ?? ""
      if Self.pictureEndings.contains(ending) {
        pictures.append(name)
        continue
      }
      let path = folder == "." ? name : folder + "/" + name
      guard stat(root + "/" + path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFDIR {
        guard depth < Self.deepest, access(root + "/" + path, R_OK | X_OK) == 0 else { continue }
        try visit(path, depth: depth + 1)
      } else if status.st_mode & S_IFMT == S_IFREG, Self.videoEndings.contains(ending),
        let stamp = FileStamp(path: root + "/" + path)
      {
        hasVideos = true
        candidates.append(Candidate(path: path, isFolder: false, stamp: stamp))
      }
    }
    // A lone picture, or pictures beside videos, are covers and previews.
    if pictures.count > 1, !hasVideos, let stamp = FileStamp(folder: place, pictures: pictures) {
      candidates.append(Candidate(path: folder, isFolder: true, stamp: stamp))
    }
  }
}
