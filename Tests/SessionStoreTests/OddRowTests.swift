import Foundation
import GRDB
import SessionStore
import TestSupport
import Testing

/// Values that no program writes, which SQLite keeps all the same.
@Suite struct OddRowTests {
  @Test("a row that cannot be read costs no other, and numbers go on below the highest there is")
  func oddRows() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("studio.sqlite")
    let store = try SessionStore.open(at: path, stamp: "1").store
    try store.write { transaction in
      for number in [1, 2, Int64.max] {
        var video = VideoRecord(title: "\(number)", modelName: "", framesPerSecond: 1, created: 1)
        video.id = number
        _ = try transaction.insert(video)
      }
      try transaction.database.execute(
        sql: "UPDATE videos SET framesPerSecond = 'many' WHERE id = 2")
      try #expect(transaction.all(VideoRecord.self).map(\.id) == [1, .max])
      try #expect(transaction.numbers(of: VideoRecord.self) == [1, 2, .max])
      let next = try transaction.insert(
        VideoRecord(title: "next", modelName: "", framesPerSecond: 1, created: 1))
      #expect(next.id == 3)
    }
  }
}
