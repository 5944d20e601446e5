import Foundation
import OutputFiles
import RunKit
import Synchronization
import TestSupport
import Testing

/// Who has a folder on a file system that machines share.
@Suite struct SharedLeaseTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("studio.lock") }

  init() throws { folder = try TemporaryFolder() }

  /// A holder on another machine, as its file says.
  private func leave(_ number: Int = 1, host: String = "n2", age: Double) throws -> String {
    let line =
      #"{"host":"\#(host)","process":4711,"since":"2026-11-23T15:42:00Z","user":"anna"}"# + "\n"
    let claim = "\(path).\(number)"
    try Data(line.utf8).write(to: URL(filePath: claim))
    try touch(claim, age: age)
    return claim
  }

  private func touch(_ path: String, age: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
  }

  private var names: Set<String> { Set(folder.contents) }

  /// Waits that happen at once, and what is done in each.
  private func lease(
    knowsOwnHost: Bool = false, during body: @escaping (Int) throws -> Void = { _ in }
  ) throws -> (lease: SharedLease, waits: Int) {
    var waits = 0
    let lease = try SharedLease(
      path, LockHolder(since: Date()), knowsOwnHost: knowsOwnHost
    ) { _ in
      try? body(waits)
      waits += 1
    }
    return (lease, waits)
  }

  @Test("a free name is taken at once, and let go of for the next")
  func free() throws {
    let first = try lease()
    #expect(first.waits == 0 && names == ["studio.lock.1"])
    #expect(SharedLease.isHeld(path) && SharedLease.holder(path)?.process == getpid())
    first.lease.release()
    #expect(!SharedLease.isHeld(path))
    let second = try lease()
    #expect(second.waits == 0 && names == ["studio.lock.2"])
    #expect(SharedLease.isHeld(path) && !second.lease.isLost)
    // It was let go of long ago, and changes nothing any more.
    first.lease.release()
    #expect(SharedLease.isHeld(path))
    second.lease.release()
  }

  // A clock that is off by hours moves all times of its machine alike.
  @Test(
    "one of another machine that gives signs of life keeps others out, whatever its clock says",
    arguments: [-7200.0, -300, 0, 300, 7200])
  func alive(age: Double) throws {
    let claim = try leave(age: age)
    let error = #expect(throws: StudioError.self) {
      _ = try lease { wait in try touch(claim, age: age - Double(wait + 1)) }
    }
    guard case .inUse(let holder)? = error?.problem else {
      Issue.record("the wrong error: \(String(describing: error))")
      return
    }
    #expect(holder?.host == "n2" && holder?.process == 4711)
    #expect(
      error.map { Explanation($0).sentence.contains("process 4711 of anna on host n2") } == true)
    #expect(names == ["studio.lock.1"], "nothing of the one that was kept out is left")
  }

  @Test(
    "one that gives none is replaced after a while, whatever its clock says",
    arguments: [-7200.0, -300, 0, 300, 7200])
  func gone(age: Double) throws {
    _ = try leave(3, age: age)
    let taken = try lease()
    #expect(taken.waits == 6 && names == ["studio.lock.4"])
    #expect(SharedLease.holder(path)?.process == getpid())
    taken.lease.release()
  }

  @Test("one that ends meanwhile is replaced at once")
  func ends() throws {
    let claim = try leave(age: 0)
    let taken = try lease { _ in
      var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
      utimensat(AT_FDCWD, claim, &times, 0)
    }
    #expect(taken.waits == 1 && names == ["studio.lock.2"])
    taken.lease.release()
  }

  @Test("one of this machine is known to be gone where the system's lock says so")
  func ownHost() throws {
    _ = try leave(host: LockHolder(since: Date()).host, age: 0)
    let taken = try lease(knowsOwnHost: true)
    #expect(taken.waits == 0 && names == ["studio.lock.2"])
    taken.lease.release()
  }

  @Test("of two that find a holder gone, one takes its place, and the other finds the new one")
  func race() throws {
    _ = try leave(age: 100)
    var other: SharedLease?
    let error = #expect(throws: StudioError.self) {
      _ = try lease { wait in
        if wait == 5 { other = try lease().lease }
        // From then on it is the other that is looked at, and lives.
        if wait == 6 { try touch("\(path).2", age: -1) }
      }
    }
    #expect(error?.isInUse == true && names == ["studio.lock.2"])
    other?.release()
  }

  @Test("a folder's lock keeps another machine out where the file system is shared, and only there")
  func folderLock() throws {
    _ = try leave(age: 0)
    // On a local disk the files of others mean nothing.
    try FolderLock(path: path, on: .local).release()
    #expect(!FolderLock.isHeld(path, on: .local) && FolderLock.isHeld(path, on: .shared("NFS")))
    try touch("\(path).1", age: 3600)
    #expect(!FolderLock.isHeld(path, on: .shared("NFS")))
    #expect(FolderLock.holder(path)?.host == "n2")
  }

  @Test("a folder's lock is free once it is let go of, whoever has its file open from the holder")
  func folderLockOfChildren() throws {
    let lock = try FolderLock(path: path, on: .local)
    let copies = try OpenFiles.duplicates(of: path)
    defer { for copy in copies { close(copy) } }
    #expect(copies.count == 1)
    #expect(FolderLock.isHeld(path, on: .local))
    lock.release()
    #expect(!FolderLock.isHeld(path, on: .local))
    try FolderLock(path: path, on: .local).release()
  }

  @Test(
    "file systems are told by their numbers",
    arguments: [
      (0x6969 as UInt32, FileSystemKind.shared("NFS")), (0x0BD0_0BD0, .shared("Lustre")),
      (0xFF53_4D42, .shared("SMB")), (0x6573_5546, .shared("FUSE")), (0xEF53, .local),
      (0x0102_1994, .local), (0x5846_5342, .local), (0x9123_683E, .local),
    ])
  func kinds(magic: UInt32, kind: FileSystemKind) {
    #expect(FileSystemKind(magic: magic) == kind)
  }

  @Test("a path that is not there yet lies where its folder does")
  func missingPath() {
    #expect(
      FileSystemKind(of: folder.path("a/b/c")) == FileSystemKind(of: folder.url.path))
    #expect(FileSystemKind(of: "/proc") == .local)
  }

  @Test("the doctor says where a shared file system holds the database")
  func diagnosis() {
    let data = folder.path("data")
    let finding = Diagnosis.dataFolder(data, on: .shared("NFS"))
    #expect(finding.status == .note && finding.value.contains("on NFS: one program at a time"))
    #expect(Diagnosis.dataFolder(data, on: .local).status == .ok)
  }

  @Test(
    "the doctor says where the data's folder is closed",
    .enabled(if: geteuid() != 0, "nothing is closed to an administrator"))
  func closedData() throws {
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o555], ofItemAtPath: folder.url.path)
    defer {
      try? FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: folder.url.path)
    }
    let finding = Diagnosis.dataFolder(folder.path("a/b"), on: .local)
    #expect(finding.status == .problem && finding.advice.contains(folder.url.path))
  }
}
