import CheckpointIO
import Foundation
import Testing

@Suite("Atomic files")
struct AtomicFileTests {
  private struct Interruption: Error {}

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func content(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test("a name holds its old content until the commit, and then the new one alone")
  func replacing() throws {
    let path = folder.file("a file")
    try AtomicFile.write(to: path) { try $0.write([1, 2, 3]) }
    #expect(chmod(path, 0o640) == 0)
    let file = try AtomicFile(replacing: path)
    try file.write([UInt8](repeating: 7, count: 300_000))
    try file.write([8])
    #expect(file.count == 300_001)
    #expect(try content(path) == [1, 2, 3])
    try file.commit()
    #expect(try content(path).count == 300_001)
    #expect(try content(path).last == 8)
    #expect(try folder.names() == ["a file"])
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o640)
  }

  @Test("an abandoned, forgotten or interrupted file leaves nothing behind")
  func abandoning() throws {
    let abandoned = try AtomicFile(replacing: folder.file())
    try abandoned.write([1])
    #expect(try folder.names().count == 1)
    abandoned.abandon()
    #expect(throws: CheckpointError.self) { try abandoned.commit() }
    do {
      let forgotten = try AtomicFile(replacing: folder.file())
      try forgotten.write([1])
    }
    #expect(throws: Interruption.self) {
      try AtomicFile.write(to: folder.file()) { file in
        try file.write([1])
        throw Interruption()
      }
    }
    #expect(try folder.names() == [])
  }

  @Test("a folder that is missing, or no folder, or cannot be written to is an error")
  func unwritable() throws {
    try AtomicFile.write(to: folder.file("plain")) { _ in }
    for path in [folder.file("none/x"), folder.file("plain/x"), "/proc/x", "/sys/x"] {
      guard case .fileSystem = errorKind({ _ = try AtomicFile(replacing: path) }) else {
        Issue.record("\(path) could be written")
        continue
      }
    }
  }

  @Test("the longest name that a file system allows can be written")
  func longName() throws {
    let name = String(repeating: "é", count: 127)
    try AtomicFile.write(to: folder.file(name)) { try $0.write([1]) }
    #expect(try folder.names() == [name])
  }

  @Test("a name that is a folder keeps it, and the temporary file goes")
  func folderInTheWay() throws {
    try FileManager.default.createDirectory(
      atPath: folder.file("taken"), withIntermediateDirectories: false)
    #expect(
      errorKind { try AtomicFile.write(to: folder.file("taken")) { try $0.write([1]) } }
        == .fileSystem(operation: "rename the finished file", code: EISDIR))
    #expect(try folder.names() == ["taken"])
  }
}
