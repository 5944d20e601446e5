import CheckpointIO
import Foundation
import RunKit
import Synchronization
import TestSupport
import Testing

@Suite struct CheckpointHashTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("the published test vectors of SHA-256 (FIPS 180-2, appendix B)")
  func vectors() throws {
    let path = folder.path("file")
    for (text, hash) in [
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ] {
      try Data(text.utf8).write(to: URL(filePath: path))
      #expect(try CheckpointHash.sha256(of: path) == hash)
    }
  }

  @Test("progress reaches the file's size, in blocks")
  func progress() throws {
    let path = folder.path("file")
    try Data(count: 9 << 20).write(to: URL(filePath: path))
    var seen: [Int] = []
    _ = try CheckpointHash.sha256(of: path) { hashed, total in
      #expect(total == 9 << 20)
      seen.append(hashed)
    }
    #expect(seen == [4 << 20, 8 << 20, 9 << 20])
  }

  @Test("a cancelled task and an error of the caller's end it")
  func stopping() async throws {
    let path = folder.path("file")
    try Data(count: 1 << 20).write(to: URL(filePath: path))
    struct Enough: Error {}
    #expect(throws: Enough.self) {
      try CheckpointHash.sha256(of: path) { _, _ in throw Enough() }
    }
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try CheckpointHash.sha256(of: path)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test("a file that cannot be read, or that grows meanwhile, is an error")
  func faults() throws {
    #expect(throws: CheckpointError.self) {
      try CheckpointHash.sha256(of: folder.path("nothing"))
    }
    #expect(throws: CheckpointError.self) { try CheckpointHash.sha256(of: folder.url.path) }
    let path = folder.path("growing")
    try Data(count: 100).write(to: URL(filePath: path))
    #expect(throws: CheckpointError.self) {
      try CheckpointHash.sha256(of: path) { hashed, _ in
        guard hashed == 100 else { return }
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(count: 10))
      }
    }
  }
}
