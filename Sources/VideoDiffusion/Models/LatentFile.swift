import CheckpointIO
import Foundation
import TensorCore

/// Latents on disk: a safetensors file with the tensor `latents`, `[K, 4, N]` float32, one row for
/// each clip, and settings as metadata.
public struct LatentFile: Sendable {
  /// The clips' latents in order.
  public let latents: [Latent]
  /// What was stored beside them, by name.
  public let metadata: [String: String]

  static let tensorName = "latents"
  /// Numbers that are read of one file: 1 GiB, or 32,000 clips of the published size.
  static let mostNumbers = 1 << 28

  /// Reads a file of latents.
  ///
  /// - Throws: ``CheckpointError`` for a damaged file, ``ModelError`` for one without latents.
  public init(contentsOf path: String) throws {
    let checkpoint = try Checkpoint(contentsOf: path)
    try checkpoint.verifySeal()
    let entry = try Self.entry(in: checkpoint)
    let values = try checkpoint.float32Values(entry)
    guard values.withUnsafeBufferPointer(allFinite) else {
      throw ModelError(path: path, .latentFile(reason: "it holds values that are not finite"))
    }
    latents = Latent.list(values, shape: entry.shape)
    metadata = checkpoint.ownMetadata
  }

  /// How many latents a file holds, and what was stored beside them, without reading the numbers.
  ///
  /// - Throws: ``CheckpointError`` for a damaged file, ``ModelError`` for one without latents.
  package static func description(
    contentsOf path: String
  ) throws -> (count: Int, metadata: [String: String]) {
    let checkpoint = try Checkpoint(contentsOf: path)
    return (try entry(in: checkpoint).shape[0], checkpoint.ownMetadata)
  }

  private static func entry(in checkpoint: Checkpoint) throws -> TensorEntry {
    let path = checkpoint.path
    guard let entry = checkpoint.tensors.first(where: { $0.name == tensorName }) else {
      throw ModelError(path: path, .latentFile(reason: "it has no tensor named latents"))
    }
    guard entry.shape.count == 3, entry.shape[0] > 0, entry.shape[1] == PlaneGeometry.channels,
      entry.shape[2] > 0, entry.elementCount <= mostNumbers
    else {
      throw ModelError(
        path: path,
        .latentFile(
          reason: "latents is \(entry.shape.map(String.init).joined(separator: " x ")); "
            + "expected K x 4 x N, \(mostNumbers) numbers at most"))
    }
    return entry
  }

  /// Writes latents, whole or not at all.
  ///
  /// - Parameters:
  ///   - latents: One for each clip, of one shape; at least one.
  ///   - metadata: Text to store beside them.
  ///   - isSealed: Whether reading is to notice any damage; other programs then see one tensor more.
  ///   - replaces: Whether a file that is there is replaced. If not, and one appears meanwhile, the
  ///     latents are kept under another name, which the error tells.
  /// - Throws: ``CheckpointError`` if the file cannot be written.
  public static func write(
    _ latents: [Latent], metadata: [String: String] = [:], isSealed: Bool = false,
    to path: String, replaces: Bool = true
  ) throws {
    let description = TensorDescription(
      name: tensorName, elementType: .float32,
      shape: [latents.count, PlaneGeometry.channels, latents.first?.tokenCount ?? 0])
    let writer = SafetensorsWriter(
      tensors: [description], metadata: metadata, isSealed: isSealed)
    try writer.write(to: path, replaces: replaces) { _, sink in
      for latent in latents { try sink.append(converting: latent.values) }
    }
  }
}
