import Foundation
import SessionStore
import TestSupport
import Testing

/// When backups are made, whose they are and which are kept.
@Suite struct SessionBackupTests {
  private let database: DatabaseFixture

  init() throws { database = try DatabaseFixture() }

  // MARK: Backups

  @Test("a backup is made when there is something new, whole and for its owner alone")
  func backups() throws {
    let store = try database.open().store
    try database.fill(store)
    try #expect(store.backUp(stamp: "20260101-000000"))
    try #expect(!store.backUp(stamp: "20260101-000001"))
    try store.write { try $0.save(StateRecord(name: "n", content: "1")) }
    try #expect(store.backUp(stamp: "20260101-000002"))
    let contents = try database.contents(store)
    try store.close()
    let again = try database.open().store
    try #expect(!again.backUp(stamp: "20260101-000003"), "the newest holds the same")
    try again.close()
    let names = try FileManager.default.contentsOfDirectory(atPath: database.folder.path("backups"))
      .sorted()
    #expect(names == ["studio-20260101-000000.sqlite", "studio-20260101-000002.sqlite"])
    for place in ["backups/" + names[1], "studio.sqlite"] {
      var status = stat()
      #expect(stat(database.folder.path(place), &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
    let copy = try SessionStore.open(at: database.folder.path("backups/" + names[1]), stamp: "x")
      .store
    try #expect(database.contents(copy) == contents)
  }

  @Test("the newest three are kept, and one of each of four days before")
  func rotation() {
    let names = (1...9).flatMap { day in
      ["01", "02", "03"].map { "studio-2026010\(day)-0000\($0).sqlite" }
    }
    let kept = Set(names).subtracting(SessionBackups.expired(names))
    #expect(
      kept.sorted()
        == ["5-000003", "6-000003", "7-000003", "8-000003", "9-000001", "9-000002", "9-000003"]
        .map { "studio-2026010\($0).sqlite" })
    #expect(SessionBackups.expired(Array(names.prefix(2))).isEmpty)
  }

  @Test("a backup comes after all others, also where the clock was set back")
  func clockSetBack() throws {
    let store = try database.open().store
    for (number, stamp) in ["20260105-000000", "20260105-000000", "20260101-000000"].enumerated() {
      try store.write { try $0.save(StateRecord(name: "n", content: "\(number)")) }
      try #expect(store.backUp(stamp: stamp))
    }
    let contents = try database.contents(store)
    try store.close()
    try database.put(Data("damage".utf8))
    let opening = try database.open()
    #expect(opening.recovery?.backupStamp?.hasPrefix("20260105-000000-") == true)
    try #expect(database.contents(opening.store) == contents)
  }

  @Test("a damaged backup keeps no other from being made, and is left as it is")
  func damagedBackup() throws {
    let store = try database.open().store
    try database.fill(store)
    try #expect(store.backUp(stamp: "20260101-000000"))
    let newest = URL(filePath: database.folder.path("backups/studio-20260101-000000.sqlite"))
    let damaged = database.damaged(try Data(contentsOf: newest), page: 0)
    try damaged.write(to: newest)
    try store.write { try $0.save(StateRecord(name: "n", content: "1")) }
    try #expect(store.backUp(stamp: "20260101-000001"))
    #expect(try Data(contentsOf: newest) == damaged)
    let names = try FileManager.default.contentsOfDirectory(atPath: database.folder.path("backups"))
    #expect(names.count == 2)
    let contents = try database.contents(store)
    let copy = try SessionStore.open(
      at: database.folder.path("backups/studio-20260101-000001.sqlite"), stamp: "x"
    ).store
    try #expect(database.contents(copy) == contents)
  }

  @Test("a backup that cannot be written says so and leaves the others")
  func backupFails() throws {
    let store = try database.open().store
    try database.fill(store)
    try Data("a file".utf8).write(to: URL(filePath: database.folder.path("backups")))
    #expect(throws: SessionStoreError.self) { try store.backUp(stamp: "20260101-000000") }
    try store.write { try $0.save(StateRecord(name: "n", content: "1")) }
  }
}
