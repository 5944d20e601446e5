import CheckpointIO
import Foundation
import Testing

/// A folder of a test's own, removed with everything in it when the test lets go.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "checkpoint-io-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in the folder.
  func file(_ name: String = "checkpoint") -> String { "\(path)/\(name)" }

  /// The names in the folder.
  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  /// Opens `bytes` as a checkpoint by way of a file.
  func checkpoint(
    _ bytes: [UInt8], checksums: ChecksumPolicy = .onFirstRead
  ) throws -> Checkpoint {
    let path = file("checkpoint-\(UUID().uuidString)")
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try Checkpoint(contentsOf: path, checksums: checksums)
  }

  /// As `checkpoint`, in one file that each call replaces, so that thousands of calls stay fast.
  func reusedCheckpoint(_ bytes: [UInt8], checksums: ChecksumPolicy) throws -> Checkpoint {
    let path = file("reused")
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
    #expect(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    close(descriptor)
    return try Checkpoint(contentsOf: path, checksums: checksums)
  }
}

/// All bytes of a file.
func bytes(ofFile path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Files that lie beside the package's folder and are no part of it.
enum SharedFiles {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared").path

  /// False in a bare clone: tests of these files are then skipped.
  static let arePresent = FileManager.default.fileExists(atPath: root)
  static let comment: Comment = "needs the golden files of ../shared, which a bare clone lacks"

  static func checkpoint(_ path: String) throws -> Checkpoint {
    try Checkpoint(contentsOf: "\(root)/\(path)")
  }
}

extension Checkpoint {
  /// The entry called `name`, which must be there.
  func entry(_ name: String) throws -> TensorEntry {
    try #require(tensors.first { $0.name == name }, "no tensor \(name)")
  }
}

/// The kind of the `CheckpointError` that `body` throws; fails the test if it throws none.
func errorKind(
  _ body: () throws -> Void, location: SourceLocation = #_sourceLocation
) -> CheckpointError.Kind? {
  do {
    try body()
    Issue.record("expected an error, but nothing was thrown", sourceLocation: location)
  } catch let error as CheckpointError {
    return error.kind
  } catch {
    Issue.record("expected a CheckpointError, got \(error)", sourceLocation: location)
  }
  return nil
}

/// Random numbers that are the same in every run (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// The little-endian bytes of numbers.
func bytes<Number: FixedWidthInteger>(_ values: Number...) -> [UInt8] {
  values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

/// The little-endian bytes of float32 numbers.
func floatBytes(_ values: [Float]) -> [UInt8] { values.flatMap { bytes($0.bitPattern) } }
