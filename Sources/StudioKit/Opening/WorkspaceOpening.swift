import CheckpointIO
import Foundation
import RunKit
import SessionStore

/// Opens a data folder, or another where that cannot be written, and says what was found.
struct WorkspaceOpening {
  let folders: StudioFolders
  /// The folder that is used in place of the one asked for, which cannot be written.
  let temporary: ScratchFolder?
  let lock: FolderLock
  let store: SessionStore
  private(set) var notices: [Notice] = []

  /// - Throws: ``StudioError`` if another studio has the folder open, ``SessionStoreError`` if a newer
  ///   program wrote its database or the temporary folder cannot be written either.
  init(_ asked: StudioFolders, now: Date) throws {
    do {
      (lock, store, notices) = try Self.open(asked, now)
      folders = asked
      temporary = nil
    } catch  where Self.isNotWritable(error) {
      var folders = asked
      let scratch = try ScratchFolder("studio") { path in
        StudioFolders(data: path, configuration: path).holdsNoWork
      }
      folders.data = scratch.path
      (lock, store, notices) = try Self.open(folders, now)
      self.folders = folders
      temporary = scratch
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
    (lock, store, notices) = try Self.open(folders, now)
    self.folders = folders
    temporary = nil
  }

  private static func open(
    _ folders: StudioFolders, _ now: Date
  ) throws -> (FolderLock, SessionStore, [Notice]) {
    let stamp = stamp(now)
    try makeFolders(folders)
    let lock = try FolderLock(path: folders.lock, now: now)
    let files = ClipFiles(folder: folders.clips)
    let unsorted = folders.database + ".unsorted"
    let opening = try SessionStore.open(
      at: folders.database, stamp: stamp, hasWork: !files.clips.isEmpty
    ) { records in
      // Until their files are set aside, no start may take them for what a killed process left over.
      try? AtomicFile.write(to: unsorted) { _ in }
      for job in folders.usedJobNumbers { records.note(job, of: JobRecord.self) }
      ClipRescue(files: files).complete(&records)
    }
    var notices: [Notice] = []
    if let recovery = opening.recovery {
      notices.append(recovery.notice)
    }
    if opening.recovery != nil || FileManager.default.fileExists(atPath: unsorted) {
      if let notice = try setAsideLeftovers(folders, opening.store, stamp) {
        notices.append(notice)
      }
      unlink(unsorted)
    }
    if let path = folders.tighten() {
      notices.append(
        Notice(
          .warning, "Other users of this machine may read \(path)",
          remedy: "Its owner can close it with \"chmod -R go-rwx\""))
    }
    return (lock, opening.store, notices)
  }

  private static func makeFolders(_ folders: StudioFolders) throws {
    for folder in [folders.data, folders.clips, folders.runs] {
      do {
        try PrivateFolder.make(folder)
      } catch {
        throw StudioError(folder, .notWritable(reason: "it cannot be made: \(error.systemReason)"))
      }
      guard FileManager.default.isWritableFile(atPath: folder) else {
        throw StudioError(folder, .notWritable(reason: "there is no permission to write"))
      }
    }
  }

  /// Moves files that the database knows nothing of out of the way: after a loss they are somebody's
  /// work, neither left over nor to be overwritten.
  private static func setAsideLeftovers(
    _ folders: StudioFolders, _ store: SessionStore, _ stamp: String
  ) throws -> Notice? {
    let (clips, jobs) = try store.read {
      (try $0.numbers(of: ClipRecord.self), try $0.numbers(of: JobRecord.self))
    }
    let places = try [(folders.clips, clips), (folders.runs, jobs)].compactMap { folder, numbers in
      try ClipFiles.setAsideLeftovers(in: folder, keeping: numbers, stamp: stamp)
    }
    guard !places.isEmpty else { return nil }
    return Notice(
      .warning, "Files of clips and runs that nothing can be told of were set aside",
      remedy: "They are in \(places.joined(separator: " and ")); pvdm decode makes videos of clips")
  }

  private static func isNotWritable(_ error: any Error) -> Bool {
    switch error {
    case let error as StudioError:
      if case .notWritable = error.problem { true } else { false }
    case let error as SessionStoreError:
      switch error.problem {
      case .notWritable, .full: true
      case .newer, .older, .damaged, .exclusive, .failed: false
      }
    default: false
    }
  }

  /// `20261123-154210`, in universal time.
  static func stamp(_ date: Date) -> String {
    let digits = date.formatted(.iso8601).filter(\.isNumber)
    return digits.prefix(8) + "-" + digits.dropFirst(8)
  }
}
