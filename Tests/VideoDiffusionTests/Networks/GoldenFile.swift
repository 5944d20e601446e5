import CheckpointIO
import Foundation

struct GoldenFile {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/golden").path
  let c: Checkpoint
  init(_ p: String) throws { c = try Checkpoint(contentsOf: "/work/shared/golden/" + p) }
  func f(_ n: String) throws -> [Float] { try c.float32Values(c.tensors.first { $0.name == n }!) }
  func i(_ n: String) throws -> [Int64] { try c.int64Values(c.tensors.first { $0.name == n }!) }
}
