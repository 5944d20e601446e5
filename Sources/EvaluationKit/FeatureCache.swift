import CheckpointIO
import Foundation
import RunKit
import TensorCore

/// Features on disk, so that a stopped evaluation goes on and real clips are looked at once.
///
/// Each set lies in a safetensors file named by all that it depends on but the number of clips: the
/// first clips of a set are the same however many are asked for.
struct FeatureCache: Sendable {
  /// All that the features of a set depend on, as lines of text.
  struct Key: Sendable, Hashable {
    let lines: [String]

    /// SHA-256 of the lines as one text, which is stored with the features: a large set has more lines than a file's
    /// header holds.
    fileprivate var digest: String {
      SHA256Digest.hexadecimal(of: lines.joined(separator: "\n"))
    }
    fileprivate var fileName: String { digest.prefix(32) + ".safetensors" }
  }

  /// The folder, made when something is stored.
  let folder: String

  private static let tensorName = "features"
  private static let keyName = "pvdm.features"

  /// The features that are kept, in order; none if there is no file. A file that is damaged or of
  /// another set is worth nothing: all of it can be computed again.
  func features(_ key: Key) -> [[Float]] {
    let path = path(key)
    guard FileManager.default.fileExists(atPath: path),
      let checkpoint = try? Checkpoint(contentsOf: path),
      checkpoint.metadata[Self.keyName] == key.digest,
      let entry = checkpoint.tensors.first(where: { $0.name == Self.tensorName }),
      entry.shape.count == 2, entry.shape[1] > 0,
      let values = try? checkpoint.float32Values(entry), values.allSatisfy(\.isFinite)
    else { return [] }
    let width = entry.shape[1]
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
  }

  /// Keeps features in place of those that were kept before.
  ///
  /// - Throws: `CheckpointError` or ``StudioError`` if they cannot be written.
  func store(_ features: [[Float]], _ key: Key) throws {
    guard let width = features.first?.count else { return }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw StudioError.unmakable(folder, error)
    }
    let tensor = TensorDescription(
      name: Self.tensorName, elementType: .float32, shape: [features.count, width])
    try SafetensorsWriter(tensors: [tensor], metadata: [Self.keyName: key.digest])
      .write(to: path(key)) { _, sink in try sink.append(converting: features.flatMap { $0 }) }
  }

  private func path(_ key: Key) -> String { folder + "/" + key.fileName }
}
