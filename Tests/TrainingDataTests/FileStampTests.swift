import Foundation
import MediaIO
import TestSupport
import Testing
import TrainingData

@Suite("A changed video or frame is seen, however it was changed")
struct FileStampTests {
  /// A way of changing a set of one folder of frames and one video.
  enum Change: String, CaseIterable {
    case writtenInPlace, sameSizeAndTime, replaced, replacedWithOldTime, renamed, swapped, added
    case deleted, video
  }

  private let folder: TemporaryFolder
  private let set: String

  init() throws {
    folder = try TemporaryFolder()
    set = folder.path("set")
    try Fixture.write(folder, "set/frames/", frames: 6)
    try Fixture.write(folder, "set/film.mkv", frames: 3)
  }

  private func frame(_ number: Int) -> String { set + "/frames/frame0000\(number).png" }

  /// Puts back the time of the last change of a file's content.
  private func restoring(_ path: String, _ body: () throws -> Void) throws {
    var before = stat()
    try #require(stat(path, &before) == 0)
    try body()
    try #require(utimensat(AT_FDCWD, path, [before.st_atim, before.st_mtim], 0) == 0)
  }

  /// Writes bytes of a frame anew without touching the folder.
  private func flipLastByte(_ path: String) throws {
    let file = try #require(FileHandle(forUpdatingAtPath: path))
    let end = try file.seekToEnd()
    try file.seek(toOffset: end - 1)
    let byte = try #require(try file.read(upToCount: 1)?.first)
    try file.seek(toOffset: end - 1)
    try file.write(contentsOf: Data([byte ^ 1]))
    try file.close()
  }

  private func apply(_ change: Change) throws {
    let manager = FileManager.default
    switch change {
    case .writtenInPlace:
      let bytes = try PNGFile.encode(Fixture.frame(40), settings: nil, file: "x")
      let file = try #require(FileHandle(forWritingAtPath: frame(2)))
      try file.truncate(atOffset: 0)
      try file.write(contentsOf: Data(bytes))
      try file.close()
    case .sameSizeAndTime: try restoring(frame(2)) { try flipLastByte(frame(2)) }
    case .replaced:
      try manager.removeItem(atPath: frame(2))
      try PNGFile.write(Fixture.frame(40), to: frame(2))
    case .replacedWithOldTime:
      try restoring(frame(2)) {
        let bytes = try Data(contentsOf: URL(filePath: frame(2)))
        try manager.removeItem(atPath: frame(2))
        try bytes.write(to: URL(filePath: frame(2)))
      }
    case .renamed: try manager.moveItem(atPath: frame(5), toPath: set + "/frames/frame00009.png")
    case .swapped:
      try manager.moveItem(atPath: frame(1), toPath: set + "/frames/x")
      try manager.moveItem(atPath: frame(2), toPath: frame(1))
      try manager.moveItem(atPath: set + "/frames/x", toPath: frame(2))
    case .added: try PNGFile.write(Fixture.frame(40), to: frame(6))
    case .deleted: try manager.removeItem(atPath: frame(5))
    case .video: try restoring(set + "/film.mkv") { try flipLastByte(set + "/film.mkv") }
    }
  }

  @Test("The stamp changes, and what was found out is found out anew", arguments: Change.allCases)
  func changes(change: Change) throws {
    let before = try VideoDataset(root: set, testShare: 0).videos
    #expect(try VideoDataset(root: set, testShare: 0).examinedCount == 0)
    try apply(change)
    let after = try VideoDataset(root: set, testShare: 0)
    #expect(after.examinedCount == 1)
    let changed = change == .video ? 0 : 1
    #expect(before.map(\.path) == ["film.mkv", "frames"])
    #expect(after.videos[changed].stamp != before[changed].stamp)
    #expect(after.videos[1 - changed].stamp == before[1 - changed].stamp)
    #expect(after.videos[1].frameCount == (change == .added ? 7 : change == .deleted ? 5 : 6))
  }

  @Test("Reading, and files of other kinds beside the frames, change nothing")
  func unchanged() throws {
    let before = try VideoDataset(root: set, testShare: 0).videos
    _ = try Video.read(set + "/frames")
    try Fixture.write(folder, "set/frames/notes.txt", text: "seen")
    #expect(try VideoDataset(root: set, testShare: 0).videos == before)
  }
}
