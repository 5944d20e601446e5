import Foundation
import TestSupport
import Testing
import TrainingData

@Suite("An index that says what cannot be is as good as none")
struct DatasetIndexTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for number in 0..<2 { try Fixture.write(folder, "\(number).mkv", frames: 3) }
  }

  private var index: URL { folder.url.appending(path: ".pvdm-index.json") }

  private func open() throws -> VideoDataset {
    try VideoDataset(root: folder.url.path, testShare: 0)
  }

  @Test(
    "Numbers out of range",
    arguments: [
      ("frameCount", "9223372036854775807"), ("frameCount", "2147483648"), ("frameCount", "100000"),
      ("frameCount", "0"), ("frameCount", "-1"), ("width", "9223372036854775807"), ("width", "0"),
      ("height", "-8"), ("height", "1e40"), ("framesPerSecond", "-1"), ("framesPerSecond", "1e300"),
      ("frameCount", "3.5"), ("width", "\"8\""), ("stamp", "{}"), ("problem", "7"),
    ])
  func numbers(key: String, value: String) throws {
    let first = try open()
    #expect(first.examinedCount == 2)
    #expect(try open().examinedCount == 0)
    var json = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: index)) as? [String: Any])
    var entries = try #require(json["entries"] as? [String: [String: Any]])
    entries["1.mkv"]?[key] = try JSONSerialization.jsonObject(
      with: Data(value.utf8), options: .fragmentsAllowed)
    json["entries"] = entries
    try JSONSerialization.data(withJSONObject: json).write(to: index)
    let again = try open()
    #expect(again.examinedCount == 2)
    #expect(again.videos == first.videos)
    #expect(try open().examinedCount == 0)
  }

  @Test("A pipe or a folder in the index's place is not waited for")
  func otherKinds() throws {
    try #require(mkfifo(index.path, 0o600) == 0)
    #expect(try open().videos.count == 2)
    try FileManager.default.removeItem(at: index)
    try FileManager.default.createDirectory(at: index, withIntermediateDirectories: false)
    let dataset = try open()
    #expect(dataset.videos.count == 2)
    #expect(dataset.explanation.contains { $0.contains("the index could not be kept") })
  }
}
