import Foundation
import KitTestSupport
import RunKit
import TestSupport
import Testing

/// What is made is for its owner's eyes, and one process at a time works on it.
@Suite(.timeLimit(.minutes(20)))
struct PrivateFolderTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  /// Everything in the data folder that others have any right to.
  private func open() -> [String] {
    let data = fixture.folders.data
    let inside = FileManager.default.enumerator(atPath: data)?.compactMap { $0 as? String } ?? []
    return ([data] + inside.map { "\(data)/\($0)" }).filter { mode($0) & 0o077 != 0 }
  }

  @Test("folders are 0700 and files 0600, while the studio is open and afterwards")
  func permissions() async throws {
    let workspace = try await fixture.open()
    _ = try await workspace.make(fixture.model, WorkspaceFixture.settings(clips: 2))
    await workspace.middleOfClip()
    #expect(mode(fixture.folders.data) == 0o700)
    #expect(mode(fixture.folders.data + "/studio.sqlite-wal") == 0o600)
    await workspace.settle()
    #expect(open() == [])
    await workspace.close()
    #expect(open() == [])
    #expect(mode(fixture.folders.data + "/clips/1.safetensors") == 0o600)
  }

  @Test("what was open to others before is closed, without a word")
  func tightened() async throws {
    let first = try await fixture.open()
    _ = try await first.make(fixture.model, WorkspaceFixture.settings())
    await first.settle()
    await first.close()
    let data = fixture.folders.data
    for path in [data, data + "/clips", data + "/backups"] { chmod(path, 0o755) }
    for name in ["studio.sqlite", "studio.lock", "clips/1.png", "clips/1.safetensors"] {
      chmod("\(data)/\(name)", 0o644)
    }
    try Data("mine".utf8).write(to: URL(filePath: fixture.folder.path("elsewhere")))
    chmod(fixture.folder.path("elsewhere"), 0o644)
    symlink(fixture.folder.path("elsewhere"), data + "/clips/link")
    let second = try await fixture.open()
    #expect(open().filter { !$0.hasSuffix("/link") } == [])
    #expect(mode(fixture.folder.path("elsewhere")) == 0o644, "links are not followed")
    #expect(await second.openingNotices == [])
    await second.close()
  }

  @Test("a folder that others use too stays open, and what the studio keeps in it does not")
  func sharedFolder() async throws {
    let data = fixture.folders.data
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    try Data("ours".utf8).write(to: URL(filePath: data + "/readme.txt"))
    chmod(data, 0o755)
    chmod(data + "/readme.txt", 0o644)
    let workspace = try await fixture.open()
    #expect(mode(data) == 0o755 && mode(data + "/readme.txt") == 0o644)
    #expect(mode(data + "/studio.sqlite") == 0o600 && mode(data + "/clips") == 0o700)
    await workspace.close()
  }

  @Test("the second studio says whose the first is")
  func lockHolder() async throws {
    let lock = fixture.folders.data + "/studio.lock"
    let workspace = try await fixture.open()
    let text = try String(contentsOfFile: lock, encoding: .utf8)
    #expect(text.contains("\"process\":\(getpid())") && text.contains("\"since\":\"2001-01-01T"))
    let error = await #expect(throws: StudioError.self) { _ = try await fixture.open() }
    let sentence = try Explanation(#require(error)).sentence
    #expect(sentence.contains("process \(getpid()) of "))
    // What a lock says is shown to people: anything else than names is not.
    for content in ["", "{", "{\"process\":1,\"host\":\"\\u001b[2J\",\"user\":\"a\"}"] {
      try Data(content.utf8).write(to: URL(filePath: lock))
      let error = await #expect(throws: StudioError.self) { _ = try await fixture.open() }
      #expect(error?.problem == .inUse(by: nil))
    }
    await workspace.close()
  }

  @Test("a lock that another kind of program holds keeps nobody out")
  func foreignLock() async throws {
    let lock = fixture.folders.data + "/studio.lock"
    try FileManager.default.createDirectory(
      atPath: fixture.folders.data, withIntermediateDirectories: true)
    let descriptor = Glibc.open(lock, O_RDWR | O_CREAT, 0o644)
    #expect(flock(descriptor, LOCK_EX) == 0)
    let workspace = try await fixture.open()
    #expect(!workspace.isTemporary && mode(lock) == 0o600)
    await workspace.close()
    close(descriptor)
  }

  @Test("a temporary data folder goes when nothing was made; the next removes what was left")
  func temporaryFolders() async throws {
    try Data("mine".utf8).write(to: URL(filePath: fixture.folder.path("file")))
    let folders = StudioFolders(
      data: fixture.folder.path("file"), configuration: fixture.folder.path("c"))
    let first = try await WorkspaceFixture.open(folders)
    let path = first.folders.data
    #expect(first.isTemporary && FileManager.default.fileExists(atPath: path))
    await first.close()
    #expect(!FileManager.default.fileExists(atPath: path))

    // As killed processes leave them: one without and one with work.
    let root = FileManager.default.temporaryDirectory.path
    let (left, used) = ("\(root)/pvdm-studio-left-\(UUID())", "\(root)/pvdm-studio-used-\(UUID())")
    for folder in [left, used] {
      try FileManager.default.createDirectory(
        atPath: folder + "/clips", withIntermediateDirectories: true)
      try Data().write(to: URL(filePath: folder + "/scratch.lock"))
    }
    try Data("work".utf8).write(to: URL(filePath: used + "/clips/1.png"))
    defer { try? FileManager.default.removeItem(atPath: used) }
    let second = try await WorkspaceFixture.open(folders)
    let third = try await WorkspaceFixture.open(folders)
    #expect(!FileManager.default.fileExists(atPath: left))
    #expect(FileManager.default.fileExists(atPath: used + "/clips/1.png"))
    #expect(FileManager.default.fileExists(atPath: second.folders.data), "it is held")
    await second.close()
    await third.close()
  }
}
