import CheckpointIO
import Foundation
import TensorCore
import Testing

/// One after the other, because one test limits the size of files that the process may make and
/// the other makes a large one, without ever filling it.
@Suite("File sizes", .serialized)
struct FileSizeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("records beyond 4 GB are found through zip64 fields")
  func beyondFourGigabytes() throws {
    let pickle = PickleAssembler.oneTensor(count: 2, shape: [2], strides: [1])
    var zip = ZipAssembler.torch(pickle, [floatBytes([1.5, -2])])
    zip.isWide = true
    zip.base = 5 << 30
    let path = folder.file()
    #expect(FileManager.default.createFile(atPath: path, contents: Data("PK\u{3}\u{4}".utf8)))
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seek(toOffset: UInt64(zip.base))
    try file.write(contentsOf: Data(zip.bytes))
    try file.close()
    let checkpoint = try Checkpoint(contentsOf: path)
    let entry = try checkpoint.entry("x")
    #expect(try #require(try checkpoint.byteRange(of: entry)).lowerBound > 5 << 30)
    #expect(try checkpoint.float32Values(entry) == [1.5, -2])
    checkpoint.releasePages(of: entry)
  }

  @Test("a disk without room is an error that leaves the old file and nothing else")
  func fullDisk() throws {
    // A limit on file sizes stands in for a full disk. It holds for the whole process, so it is
    // far beyond what any test beside this one writes.
    let limit = 64 << 20
    let path = folder.file("model.safetensors")
    try AtomicFile.write(to: path) { try $0.write([1, 2, 3]) }
    signal(SIGXFSZ, SIG_IGN)
    var old = rlimit()
    #expect(getrlimit(__rlimit_resource_t(1), &old) == 0)
    var limited = rlimit(rlim_cur: rlim_t(limit), rlim_max: old.rlim_max)
    #expect(setrlimit(__rlimit_resource_t(1), &limited) == 0)
    defer { setrlimit(__rlimit_resource_t(1), &old) }
    let block = [Float](repeating: 1, count: 1 << 20)
    let tensor = TensorDescription(
      name: "x", elementType: .float32, shape: [limit / 4 + block.count])
    let kind = errorKind {
      try SafetensorsWriter(tensors: [tensor]).write(to: path) { _, sink in
        for _ in 0..<17 { try sink.append(converting: block) }
      }
    }
    #expect(kind == .fileSystem(operation: "write the file", code: EFBIG))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([1, 2, 3]))
    #expect(try folder.names() == ["model.safetensors"])
  }
}
