import Foundation
import SessionStore

/// Opens a data folder, or another where that cannot be written, and says what was found.
struct WorkspaceOpening {
  let folders: StudioFolders
  let isTemporary: Bool
  let lock: FolderLock
  let store: SessionStore
  private(set) var notices: [Notice] = []

  /// - Throws: ``StudioError`` if another studio has the folder open, ``SessionStoreError`` if a newer
  ///   program wrote its database or the temporary folder cannot be written either.
  init(_ asked: StudioFolders, now: Date) throws {
    let stamp = Self.stamp(now)
    do {
      (lock, store, notices) = try Self.open(asked, stamp)
      folders = asked
      isTemporary = false
    } catch  where Self.isNotWritable(error) {
      var folders = asked
      folders.data =
        FileManager.default.temporaryDirectory
        .appending(path: "pvdm-studio-\(UUID().uuidString)").path
      (lock, store, notices) = try Self.open(folders, stamp)
      self.folders = folders
      isTemporary = true
      notices.append(
        Notice(
          .warning, "Nothing is kept: \(Explanation(error).sentence)",
          remedy: "Export what you want to keep; this session's files are in \(folders.data)"))
    }
  }

  /// Opens a data folder and no other in its place.
  ///
  /// - Throws: as `init(_:now:)`, and also if the folder cannot be written.
  init(only folders: StudioFolders, now: Date) throws {
    (lock, store, notices) = try Self.open(folders, Self.stamp(now))
    self.folders = folders
    isTemporary = false
  }

  private static func open(
    _ folders: StudioFolders, _ stamp: String
  ) throws -> (FolderLock, SessionStore, [Notice]) {
    try makeFolders(folders)
    let lock = try FolderLock(path: folders.lock)
    let opening = try SessionStore.open(at: folders.database, stamp: stamp)
    var notices: [Notice] = []
    if let name = opening.setAside {
      notices.append(
        Notice(
          .warning, "The studio's database was damaged and a new one was begun",
          remedy: "The old one is kept as \(name)"))
    }
    // Clips that a new database knows nothing of are somebody's work: they are neither left over nor
    // to be overwritten.
    if opening.isNew {
      let kept = try [folders.clips, folders.runs].compactMap { try setAside($0, stamp) }
      if !kept.isEmpty {
        let places = kept.joined(separator: " and ")
        notices.append(
          Notice(
            .warning, "There were clips without a database; they were set aside",
            remedy: "They are in \(places); pvdm decode makes videos of them"))
        try makeFolders(folders)
      }
    }
    return (lock, opening.store, notices)
  }

  private static func makeFolders(_ folders: StudioFolders) throws {
    for folder in [folders.data, folders.clips, folders.runs] {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw StudioError(folder, .notWritable(reason: "it cannot be made"))
      }
      guard FileManager.default.isWritableFile(atPath: folder) else {
        throw StudioError(folder, .notWritable(reason: "there is no permission to write"))
      }
    }
  }

  /// Gives a folder another name, unless it is empty.
  private static func setAside(_ folder: String, _ stamp: String) throws -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard !names.isEmpty else { return nil }
    let name = "\(folder).without-database-\(stamp)"
    do {
      try FileManager.default.moveItem(atPath: folder, toPath: name)
    } catch {
      throw StudioError(folder, .notWritable(reason: "it cannot be renamed"))
    }
    return name
  }

  private static func isNotWritable(_ error: any Error) -> Bool {
    switch error {
    case let error as StudioError:
      if case .notWritable = error.problem { true } else { false }
    case let error as SessionStoreError:
      switch error.problem {
      case .notWritable, .full: true
      case .newer, .older, .damaged, .failed: false
      }
    default: false
    }
  }

  /// `20261123-154210`, in universal time.
  private static func stamp(_ date: Date) -> String {
    let digits = date.formatted(.iso8601).filter(\.isNumber)
    return digits.prefix(8) + "-" + digits.dropFirst(8)
  }
}
