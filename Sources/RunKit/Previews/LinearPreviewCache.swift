import CheckpointIO
import Foundation
import VideoDiffusion

/// Keeps the sums of linear previews on disk, one file for each autoencoder, named by the hash of its
/// checkpoint.
///
/// A cache, nothing more: a file that is damaged, of another version or of other planes counts as
/// absent, and is replaced by the next fit.
public struct LinearPreviewCache: Sendable {
  /// The folder of the files; made when the first is written.
  public let folder: String

  /// A change of what is stored, or of how it is used, makes it another.
  private static let version = "1"
  private static let versionKey = "pvdm.linear_preview"
  private static let clipCountKey = "clips"

  /// Keeps files in a folder.
  public init(folder: String) { self.folder = folder }

  private func path(_ hash: String) -> String {
    URL(filePath: folder).appending(path: "linear-preview-\(hash).safetensors").path
  }

  /// What was kept for an autoencoder; `nil` if there is nothing of use.
  ///
  /// - Parameters:
  ///   - hash: SHA-256 of the autoencoder's checkpoint.
  ///   - geometry: The planes of its latents.
  public func fit(for hash: String, geometry: PlaneGeometry) -> LinearPreviewFit? {
    guard let file = try? Checkpoint(contentsOf: path(hash)),
      file.metadata[Self.versionKey] == Self.version,
      let clips = file.metadata[Self.clipCountKey].flatMap({ Int($0) })
    else { return nil }
    var sums: [String: [Double]] = [:]
    for entry in file.tensors where entry.elementType == .float64 {
      sums[entry.name] = try? file.withBytes(of: entry) { bytes in
        (0..<(bytes.count / MemoryLayout<Double>.stride)).map {
          bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Double>.stride, as: Double.self)
        }
      }
    }
    return LinearPreviewFit(geometry: geometry, clipCount: clips, sums: sums)
  }

  /// Keeps what was fitted, whole or not at all.
  ///
  /// - Throws: `CheckpointError` or an error of the file system.
  public func save(_ fit: LinearPreviewFit, for hash: String) throws {
    try PrivateFolder.make(folder)
    let parts = Dictionary(uniqueKeysWithValues: LinearPreviewFit.parts.map { ($0.name, $0.path) })
    let tensors = LinearPreviewFit.parts.map {
      TensorDescription(
        name: $0.name, elementType: .float64, shape: [fit[keyPath: $0.path].count])
    }
    let metadata = [
      Self.versionKey: Self.version, Self.clipCountKey: String(fit.clipCount),
    ]
    try SafetensorsWriter(tensors: tensors, metadata: metadata).write(to: path(hash)) {
      tensor, sink in
      guard let part = parts[tensor.name] else { return }
      try fit[keyPath: part].withUnsafeBytes { try sink.append($0) }
    }
    PrivateFolder.tightenAlone(path(hash))
  }
}
