import Foundation
import OutputFiles
import TestSupport
import Testing

/// That names are on the disk is what the tests with the fault layer show.
@Suite("Folders that outlast a loss of power")
struct DurableFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("A folder is made with those that lead to it, and one that is there is left as it is")
  func make() throws {
    try DurableFolder.make(folder.path("a/b//c/"), permissions: 0o700)
    var status = stat()
    for name in ["a", "a/b", "a/b/c"] {
      #expect(stat(folder.path(name), &status) == 0 && status.st_mode & 0o777 == 0o700)
    }
    try Data("x".utf8).write(to: URL(filePath: folder.path("a/b/file")))
    try DurableFolder.make(folder.path("a/b"))
    #expect(stat(folder.path("a/b"), &status) == 0 && status.st_mode & 0o777 == 0o700)
    #expect(FileManager.default.fileExists(atPath: folder.path("a/b/file")))
  }

  @Test("What is in the way is told, and nothing is left")
  func inTheWay() throws {
    try Data("mine".utf8).write(to: URL(filePath: folder.path("file")))
    #expect(throws: FileFailure("make the folder", code: EEXIST)) {
      try DurableFolder.make(folder.path("file"))
    }
    #expect(throws: FileFailure.self) { try DurableFolder.make(folder.path("file/inner")) }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("dangling"), withDestinationPath: folder.path("nowhere"))
    #expect(throws: FileFailure.self) { try DurableFolder.make(folder.path("dangling")) }
    #expect(throws: FileFailure.self) { try DurableFolder.make("") }
    #expect(folder.contents == ["dangling", "file"])
  }

  @Test("A tree is synced whatever is in it")
  func tree() throws {
    try DurableFolder.make(folder.path("tree/inner"))
    try Data("x".utf8).write(to: URL(filePath: folder.path("tree/inner/file")))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("tree/link"), withDestinationPath: "nowhere")
    #expect(mkfifo(folder.path("tree/pipe"), 0o600) == 0)
    try DurableFolder.syncTree(folder.path("tree"))
    #expect(throws: FileFailure.self) { try DurableFolder.syncTree(folder.path("none")) }
  }
}
