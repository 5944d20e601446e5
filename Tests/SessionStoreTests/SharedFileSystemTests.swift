import Foundation
import GRDB
import OutputFiles
import SessionStore
import TestSupport
import Testing

/// The database on a file system that machines share.
@Suite struct SharedFileSystemTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("studio.sqlite") }

  init() throws { folder = try TemporaryFolder() }

  private func open(_ kind: FileSystemKind) throws -> SessionStore.Opening {
    try SessionStore.open(at: path, on: kind, stamp: "20260102-030405")
  }

  private func note(_ content: String, in store: SessionStore) throws {
    try store.write { try $0.save(StateRecord(name: "theme", content: content)) }
  }

  private func content(of store: SessionStore) throws -> String? {
    try store.read { try $0.named(StateRecord.self, "theme")?.content }
  }

  @Test("it is written through a journal that is rolled back, without a log and shared memory")
  func journal() throws {
    let store = try open(.shared("NFS")).store
    #expect(try store.durability == SessionStore.Durability(journal: "delete", synchronous: 2))
    try note("\"dark\"", in: store)
    #expect(!folder.contents.contains { $0.hasSuffix("-wal") || $0.hasSuffix("-shm") })
    #expect(try store.backUp(stamp: "20260102-030406"))
    try store.close()
    let again = try open(.shared("NFS"))
    #expect(!again.isNew && again.recovery == nil)
    #expect(try content(of: again.store) == "\"dark\"")
    try again.store.close()
  }

  @Test("one that a local disk had comes along with its log, and goes back")
  func moving() throws {
    let local = try open(.local).store
    try note("\"dark\"", in: local)
    // As it is when a machine is lost: the log holds what was committed.
    let copy = try TemporaryFolder()
    for name in folder.contents where name.hasPrefix("studio.sqlite") {
      try FileManager.default.copyItem(atPath: folder.path(name), toPath: copy.path(name))
    }
    #expect(copy.contents.contains("studio.sqlite-wal"))
    try local.close()
    let moved = copy.path("studio.sqlite")
    let shared = try SessionStore.open(at: moved, on: .shared("NFS"), stamp: "s").store
    #expect(try content(of: shared) == "\"dark\"")
    #expect(try shared.durability.journal == "delete")
    try note("\"light\"", in: shared)
    try shared.close()
    let back = try SessionStore.open(at: moved, on: .local, stamp: "s").store
    #expect(try back.durability.journal == "wal" && content(of: back) == "\"light\"")
    try back.close()
  }

  @Test("a command does not join a studio there, and is told why")
  func joining() throws {
    let store = try open(.shared("Lustre")).store
    let error = #expect(throws: SessionStoreError.self) {
      try SessionStore.join(at: path, on: .shared("Lustre"))
    }
    #expect(error?.problem == .exclusive(on: "Lustre"))
    #expect(error?.description.contains("on Lustre only one at a time can use it") == true)
    try store.close()
  }

  @Test("it is held from the first moment on, also while nothing is written")
  func held() throws {
    let store = try open(.shared("NFS")).store
    // Another connection of this process has locks of its own in SQLite, as another process would.
    func rows() throws -> [Row] {
      try DatabaseQueue(path: path).read { try Row.fetchAll($0, sql: "SELECT * FROM state") }
    }
    let error = #expect(throws: DatabaseError.self) { try rows() }
    #expect(error?.resultCode == .SQLITE_BUSY)
    try store.close()
    #expect(try rows().isEmpty)
  }
}
