import CheckpointIO
import Foundation
import NeuralLayers
import TensorCore
import VideoDiffusion

/// Writes a network's checkpoint in another container or precision, one tensor at a time.
///
/// A .safetensors file has the network's own names and carries what shapes do not tell as metadata. A
/// .pth file has the names of the authors' files, which their scripts load, and no place for anything else:
/// what shapes do not tell goes into a configuration beside it.
public struct CheckpointConversion: Sendable {
  /// The precision that weights are stored in.
  public enum StoredType: String, Sendable, Hashable, CaseIterable {
    case f32, f16, bf16
    /// As they are.
    case keep

    var elementType: ElementType? {
      switch self {
      case .f32: .float32
      case .f16: .float16
      case .bf16: .bfloat16
      case .keep: nil
      }
    }
  }

  /// The kinds of file that can be written.
  public enum Container: Sendable, Hashable {
    case torch, safetensors

    /// The container that a path's ending asks for.
    ///
    /// - Throws: ``StudioError`` for another ending.
    public init(path: String) throws {
      switch URL(filePath: path).pathExtension.lowercased() {
      case "pth", "pt": self = .torch
      case "safetensors": self = .safetensors
      default:
        throw StudioError(
          path, .output(reason: "a checkpoint's name ends in .pth or .safetensors"))
      }
    }
  }

  /// The network that is converted.
  public let file: NetworkFile
  /// The precision of its weights in the result.
  public let type: StoredType

  /// The greatest magnitude that still rounds to a finite float16.
  private static let halfLimit: Float = 65520

  /// Plans a conversion.
  public init(_ file: NetworkFile, type: StoredType = .keep) {
    self.file = file
    self.type = type
  }

  /// Writes the network, whole or not at all.
  ///
  /// - Parameters:
  ///   - path: The new file; its ending chooses the container.
  ///   - overwrites: Whether a file that is there may be replaced.
  /// - Returns: What the user should know of the result.
  /// - Throws: ``StudioError`` if the file exists, its ending names no container, or a weight is too
  ///   large for float16; `CheckpointError` if the source is damaged or the file cannot be written.
  @discardableResult
  public func write(to path: String, overwrites: Bool = false) throws -> [String] {
    let container = try Container(path: path)
    let side = container == .torch ? sidePath(for: path) : nil
    for file in [path, side].compactMap({ $0 })
    where !overwrites && FileManager.default.fileExists(atPath: file) {
      throw StudioError(file, .exists)
    }
    try ModelFolder.makeParent(of: path)
    switch container {
    case .safetensors:
      // Wide types first, so that each starts at a multiple of its size.
      let tensors = file.dictionary.tensors.sorted {
        storedType($0).byteCount > storedType($1).byteCount
      }
      let writer = SafetensorsWriter(
        tensors: tensors.map { description($0, named: $0.name) },
        metadata: file.metadata.merging(["format": "pt"]) { own, _ in own })
      try writer.write(to: path, replaces: overwrites) { try copy($0.name, into: $1) }
      return []
    case .torch:
      let prefix = file.kind == .denoiser ? "diffusion_model." : ""
      let tensors = file.dictionary.tensors.map { description($0, named: prefix + $0.name) }
      // One without the other would be read as another network: both are complete before either gets its name.
      let configuration = try side.map { try AtomicFile(replacing: $0, replaces: overwrites) }
      try configuration?.write(Array(file.configurationText.utf8))
      try TorchWriter(tensors: tensors).write(to: path, replaces: overwrites) {
        try copy(String($0.name.dropFirst(prefix.count)), into: $1)
      }
      guard let side, let configuration else { return [] }
      do {
        try configuration.commit()
      } catch {
        if !overwrites { try? FileManager.default.removeItem(atPath: path) }
        throw error
      }
      let note =
        "a .pth file cannot hold every setting: what the weights do not tell is in "
        + URL(filePath: side).lastPathComponent + " beside it"
      guard case .denoiser(let denoiser) = file.network, denoiser.prediction != .noise else {
        return [note]
      }
      return [
        note,
        "it predicts \(denoiser.prediction.rawValue), and the authors' scripts take what any denoiser "
          + "predicts for noise",
      ]
    }
  }

  private func description(
    _ tensor: StateDictionary.Tensor, named name: String
  ) -> TensorDescription {
    TensorDescription(name: name, elementType: storedType(tensor), shape: tensor.entry.shape)
  }

  /// Weights take the asked type. Integers stay, and so do buffers: rounding a frequency would turn
  /// every position.
  private func storedType(_ tensor: StateDictionary.Tensor) -> ElementType {
    guard tensor.entry.elementType.isFloatingPoint, !Self.isBuffer(tensor.name) else {
      return tensor.entry.elementType
    }
    return type.elementType ?? tensor.entry.elementType
  }

  private static func isBuffer(_ name: String) -> Bool {
    ["zeros", "coords"].contains(name) || name.contains("_rot_emb.")
  }

  private func copy(_ name: String, into sink: TensorSink) throws {
    guard let entry = file.dictionary[name] else { return }
    let checkpoint = file.checkpoint
    defer { checkpoint.releasePages(of: entry) }
    let target = Self.isBuffer(name) ? entry.elementType : type.elementType ?? entry.elementType
    if entry.isContiguous && (!entry.elementType.isFloatingPoint || target == entry.elementType) {
      try checkpoint.withBytes(of: entry) { try sink.append($0) }
    } else if entry.elementType.isFloatingPoint {
      let values = try checkpoint.float32Values(entry)
      try checkFinite(values, name)
      if target == .float16 { try checkFitsHalf(values, name) }
      try sink.append(converting: values)
    } else {
      let width = entry.elementType.byteCount
      for value in try checkpoint.int64Values(entry) {
        // Little-endian: the low bytes of the wide integer are the narrow one.
        try withUnsafeBytes(of: value.littleEndian) { bytes in
          try sink.append(UnsafeRawBufferPointer(rebasing: bytes[..<width]))
        }
      }
    }
  }

  private func checkFinite(_ values: [Float], _ name: String) throws {
    guard !values.withUnsafeBufferPointer(allFinite) else { return }
    throw ModelError(
      path: file.path,
      .parameter(ParameterError(name: name, problem: .notFinite).description))
  }

  private func checkFitsHalf(_ values: [Float], _ name: String) throws {
    guard let tooLarge = values.first(where: { abs($0) >= Self.halfLimit }) else { return }
    throw StudioError(
      file.path,
      .option(
        name: "the weight \(name)", found: "\(tooLarge) in places",
        expected: "at most 65504 for f16; use --type bf16 or f32"))
  }

  /// Where the configuration beside a .pth file goes; `nil` if there is nothing to say.
  private func sidePath(for path: String) -> String? {
    // An autoencoder's shapes tell everything but where its weights come from.
    guard file.kind == .denoiser || file.weightKind != nil else { return nil }
    return NetworkFile.configurationPath(beside: path)
  }
}
